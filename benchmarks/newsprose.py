# ruff: noqa: E501 - a bank of phrases reads best as it is
"""News prose about invented events, from templates of our own: as good as unique to its seed, sentence by sentence."""

from __future__ import annotations

import random

_PLACES = """Wanasari|Muara Lantang|Tanah Rata|Bukit Sagu|Pulau Sempadan|Kampung Nipah|Sei Batu|Teluk Merbau|Lubuk Pinang|Karang Asri
Rawa Indah|Tanjung Elok|Simpang Kelapa|Gunung Selasih|Batu Layar|Padang Lalang|Muara Tirus|Pasir Gading|Kuala Benda|Sungai Jernih"""
_WHO = """kepala dinas perikanan|ketua kelompok tani|camat setempat|juru bicara pemerintah kota|seorang guru sekolah dasar|pemilik warung makan
kepala desa|pengurus koperasi|seorang nelayan tua|direktur perusahaan daerah|kepala puskesmas|ketua karang taruna|anggota dewan kota
seorang sopir angkutan|pengrajin anyaman|kepala balai benih|bidan desa|penjaga mercusuar|pelatih sepak bola|penggiat lingkungan
mandor proyek|seorang mahasiswa|pedagang sayur|kepala terminal|pemandu wisata|petugas pintu air|penyuluh pertanian|tukang perahu"""
_DID = """meresmikan|memperbaiki|meninjau|menutup sementara|mengusulkan|membahas|mengkritik|membongkar|mendata|memindahkan|memamerkan
menjual|membersihkan|menunda|mempercepat|memeriksa|menghitung ulang|menyumbangkan|mengecat kembali|mengukur|memotret|merawat
mengajarkan|menata|membandingkan|menyewakan|menjaga|mencatat|menguji|melanjutkan"""
_WHAT = """jembatan gantung|pasar ikan|saluran irigasi|gedung perpustakaan|kebun bibit|dermaga kayu|lampu jalan|lapangan bola|kolam pemancingan
rumah produksi kopi|bangkai kapal tua|tanggul sungai|angkutan sekolah|pabrik es|taman bacaan|jalur sepeda|menara air|kandang ayam
gudang beras|bengkel perahu|sumur bor|balai pertemuan|hutan bakau|panggung kesenian|tempat pembuangan sampah|ladang jagung
koperasi simpan pinjam|sekolah terapung|klinik hewan|museum kecil|peternakan lebah|jaringan listrik desa|trotoar utama"""
_WHEN = """sejak Senin pekan lalu|pada awal musim hujan|menjelang tengah malam|selama tiga pekan terakhir|tepat setelah panen raya|sehari sebelum rapat
ketika air mulai surut|pada pagi yang berkabut|di sela-sela hujan|seusai salat Jumat|sebelum matahari terbit|sepanjang akhir pekan
begitu anggaran turun|selepas libur sekolah|di tengah kemarau|pada hari pasar|hampir setahun kemudian|dua jam sesudah gempa kecil"""
_WHY = """karena biaya angkut terus naik|agar anak-anak tidak lagi memutar jauh|supaya warga punya pilihan lain|lantaran kayu penyangganya lapuk
demi menarik tamu dari luar kota|karena janji lama belum ditepati|agar hasil kebun tidak busuk di jalan|sebab catatan lama hilang terbakar
untuk menghemat belanja keluarga|karena gelombang terlalu tinggi|agar harga tidak dipermainkan|lantaran pekerja kurang
demi mengenang pendirinya|sebab pemasok ingkar|untuk menguji mesin buatan sendiri|karena tamu datang lebih banyak dari dugaan
agar listrik tetap menyala|sebab peta lama keliru|untuk membayar utang musim lalu|karena suara bising mengganggu tetangga"""
_THEN = """Pekerjaan itu memakan {n} hari dan melibatkan {m} orang|Dari {m} keluarga yang diundang, hanya {n} yang datang
Catatan menunjukkan {m} ton muatan lewat dalam {n} hari|Tidak ada yang menduga angkanya mencapai {m} dalam {n} pekan
Panitia menyiapkan {m} kursi, tetapi {n} di antaranya rusak|Biayanya {m} juta rupiah, dibayar dalam {n} angsuran
Sebanyak {n} perahu dan {m} gerobak menunggu giliran|Hasil pengukuran berbeda {n} sentimeter dari gambar tahun {y}
Pada tahun {y} usaha serupa gagal setelah {n} bulan|Kini {m} rumah bergantung padanya, naik {n} persen dari tahun {y}"""
_SAID = """tidak ada yang sulit kalau dikerjakan bersama|kami sudah terlalu lama menunggu kabar|yang penting anak-anak bisa lewat dengan aman
angka itu belum termasuk sumbangan warga|saya hanya meneruskan kebiasaan orang tua|besok kami hitung lagi dari awal
air tidak pernah berbohong soal tinggi tanah|pembeli selalu tahu mana yang segar|mesinnya tua, tetapi hatinya muda
rapat panjang tidak mengganti papan yang patah|kalau bukan sekarang, kapan lagi|saya pulang dengan tangan kosong kemarin"""


_TEAMS = """Elang Samudra|Garuda Pesisir|Banteng Kuning|Putra Lembah|Bintang Fajar|Rajawali Utara|Macan Rimba|Persada Muda|Kancil Merah|Ombak Biru"""
_PLAYERS = """kiper cadangan|gelandang berkaki kidal|bek jangkung|penyerang belia|kapten berambut ikal|pengumpan ulung|sayap lincah
wasit cadangan|juru gedor|asisten manajer|pemain termahal musim itu|libero gaek"""
_PLAYED = """menepis bola liar|melepas tembakan melengkung|tersandung bendera sudut|menyundul umpan silang|mengecoh dua lawan|mencetak gol tunggal
merobek jala|menerima kartu kuning|kehabisan napas|terkilir pergelangan kaki|menghalau sepakan bebas|mengirim operan terobosan|membentur mistar"""
_MINUTES = """babak kedua baru berjalan|papan skor masih kosong|rumput licin tersiram gerimis|ribuan suporter bernyanyi|peluit panjang nyaris berbunyi
kedudukan berbalik|lampu stadion sempat padam|cedera memaksa pergantian|adu penalti tak terhindarkan|tuan rumah unggul tipis"""
_AFTER = """klasemen berubah drastis|rekor tandang terputus|pelatih membuka botol air mineral|bus pemain pulang tanpa musik|tiket laga berikutnya ludes
gelar juara tinggal sejengkal|degradasi mulai membayang|bonus cair lebih awal|poster bintang baru dicetak|sorak meledak di tribun barat"""


def match_report(rng: random.Random) -> str:
    """One sentence from the world of sport: another vocabulary and other builds than `sentence`."""
    team, rival = rng.sample(TEAMS, 2)
    first, second, did, then = rng.choice(PLAYERS), rng.choice(PLAYERS), rng.choice(PLAYED), rng.choice(PLAYED)
    builds = (
        f"Begitu {rng.choice(MINUTES)}, {first} {team} {did} menit {rng.randint(2, 89)}",
        f"{name(rng)} {did}, lalu {second} {rival} balas {then}",
        f"Skor {rng.randint(0, 5)}-{rng.randint(0, 5)} membuat {rng.choice(AFTER)} bagi {team}",
        f"“{rng.choice(AFTER).capitalize()}, biarlah,” celetuk {name(rng)} usai {then} kontra {rival}",
        f"{rival} versus {team}: {rng.choice(MINUTES)}, {rng.choice(AFTER)}",
        f"Nomor punggung {rng.randint(2, 99)}, {name(rng)}, {then} tatkala {rng.choice(MINUTES)}",
    )
    return rng.choice(builds) + "."


def _options(bank: str) -> list[str]:
    return [option.strip() for option in bank.replace("\n", "|").split("|")]


TEAMS, PLAYERS, PLAYED, MINUTES, AFTER = map(_options, (_TEAMS, _PLAYERS, _PLAYED, _MINUTES, _AFTER))
PLACES, WHO, DID, WHAT, WHEN, WHY, THEN, SAID = map(_options, (_PLACES, _WHO, _DID, _WHAT, _WHEN, _WHY, _THEN, _SAID))
SYLLABLES = [
    "ba",
    "ra",
    "si",
    "la",
    "mun",
    "di",
    "ka",
    "tu",
    "wi",
    "jo",
    "har",
    "gan",
    "to",
    "mi",
    "lu",
    "san",
    "pe",
    "re",
    "na",
    "yu",
    "dar",
    "ko",
]


def name(rng: random.Random) -> str:
    """An invented name of two words."""
    return " ".join("".join(rng.sample(SYLLABLES, rng.randint(2, 3))).capitalize() for _ in range(2))


def sentence(rng: random.Random) -> str:
    """One sentence, of one of several builds."""
    who, did, what, place = rng.choice(WHO), rng.choice(DID), rng.choice(WHAT), rng.choice(PLACES)
    when, why, other, person = rng.choice(WHEN), rng.choice(WHY), rng.choice(WHAT), name(rng)
    numbers = {"n": rng.randint(2, 97), "m": rng.randint(100, 990), "y": rng.randint(1950, 2024)}
    builds = (
        f"{who.capitalize()} {person} {did} {what} di {place} {when}, {why}",
        f"{when.capitalize()}, {what} milik {person} di {place} ramai dibicarakan {why}",
        f"{rng.choice(THEN).format(**numbers)}, kata {who} {person} di {place}",
        f"“{rng.choice(SAID).capitalize()},” ujar {person}, {who} {place}, sambil menunjuk {what}",
        f"Di {place}, {person} memilih {did} {what} daripada {other} {why}",
        f"Bagi {who} {place}, {what} dan {other} sama pentingnya {when}",
        f"{person} mengaku {did} {other} dekat {what} {place} {when}",
    )
    return rng.choice(builds) + "."


def story(seed: object, sentences: int = 14) -> tuple[str, str]:
    """(headline, text of paragraphs) of an invented event in a village."""
    rng = random.Random(f"story {seed}")
    title = (
        f"{rng.choice(WHO).capitalize()} {rng.choice(PLACES)} {rng.choice(DID).capitalize()} {rng.choice(WHAT)} Milik {name(rng)}"
    )
    return title, _paragraphs([sentence(rng) for _ in range(sentences)])


def sports_story(seed: object, sentences: int = 20) -> tuple[str, str]:
    """As `story`, of an invented match: shares neither words nor builds of sentences with it."""
    rng = random.Random(f"sport {seed}")
    team, rival = rng.sample(TEAMS, 2)
    title = f"{team} Lawan {rival}: {rng.choice(AFTER).capitalize()} berkat {name(rng)}"
    return title, _paragraphs([match_report(rng) for _ in range(sentences)])


def _paragraphs(sentences: list[str]) -> str:
    return "\n".join(" ".join(sentences[at : at + 2]) for at in range(0, len(sentences), 2))
