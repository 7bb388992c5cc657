"""What pages say when something in what they were given is wrong: named by what the code says, worded for editors."""

from __future__ import annotations


def _(message: str) -> str:
    """Marks a message for the catalogues; it is translated when it is shown."""
    return message


_TROUBLE = {
    "text: is missing": _("Tempel teks, pilih berkas, atau isi alamat halaman."),
    "text: is empty": _("Teksnya kosong."),
    "text: contains NUL": _("Teks ini memuat karakter yang tidak boleh ada (NUL)."),
    "NotAnArticle": _("Di halaman ini tidak ditemukan artikel. Salin teksnya lalu tempel."),
    "fetch": _("Halaman tidak dapat diambil: %(reason)s"),
    "too_large": _("Teks ini terlalu panjang untuk satu pemeriksaan."),
    "busy": _("Server sedang sibuk. Coba lagi sebentar lagi."),
    "other": _("Pemeriksaan gagal: %(detail)s"),
}
_FILES = {
    "kind": _("Berkas ini bukan .txt, .html, .docx, atau .pdf."),
    "old_office": _("Ini berkas Office lama. Simpan sebagai .docx dahulu."),
    "locked": _("Berkas ini terkunci kata sandi. Simpan tanpa kata sandi dahulu."),
    "damaged": _("Berkas ini rusak, atau isinya tidak sesuai namanya."),
    "too_large": _("Isi berkas ini terlalu besar untuk sebuah naskah."),
    "too_many_pages": _("Berkas PDF ini lebih dari 500 halaman."),
    "no_text": _("Di berkas ini tidak ada teks. Halaman hasil pindai adalah gambar: salin teksnya lalu tempel."),
}


def trouble(name: str) -> str:
    """The message for an error, in Bahasa Indonesia; "" for one that has no wording of its own."""
    return _TROUBLE.get(name, "")


def file_trouble(reason: str) -> str:
    """The message for a file that cannot be read; `reason` as in `api.documents`."""
    return _FILES[reason]


POLICY: dict[str, tuple[str, str, str]] = {
    "copy_score": (_("Salinan mulai skor"), _("bagian, 0 sampai 1"), _("Skor yang membuat putusan menjadi salinan.")),
    "partial_score": (
        _("Salinan sebagian mulai skor"),
        _("bagian, 0 sampai 1"),
        _("Skor yang membuat putusan paling tidak menjadi salinan sebagian."),
    ),
    "partial_words": (
        _("Salinan sebagian mulai sekian kata"),
        _("kata yang dihitung"),
        _("Sebanyak ini sudah cukup untuk salinan sebagian, berapa pun skornya."),
    ),
    "quotation_words": (
        _("Batas kata di luar kutipan"),
        _("kata"),
        _("Kutipan dikecualikan selama lebih sedikit kata di luar kutipan diambil dari artikel itu."),
    ),
    "quotation_prose": (
        _("Batas penuturan di dalam kutipan"),
        _("kata"),
        _("Kutipan dikecualikan selama lebih sedikit kata di dalamnya adalah penuturan artikel sendiri, bukan ucapan orang."),
    ),
    "whole_text": (
        _("Seluruh artikel"),
        _("bagian, 0 sampai 1"),
        _("Bila sebanyak ini dari kedua teks sama, artikelnya sendiri yang diambil: kutipannya ikut dihitung."),
    ),
    "boilerplate_passage": (
        _("Perabot halaman"),
        _("bagian, 0 sampai 1"),
        _("Bagian yang sejauh ini perabot di artikel dianggap perabot juga di teks yang diperiksa."),
    ),
    "sure_similarity": (
        _("Kemiripan yang pasti"),
        _("bagian, 0 sampai 1"),
        _("Bagian semirip ini tidak memerlukan bukti lain."),
    ),
    "searched": (
        _("Peluang penyalinan"),
        _("peluang, 0 sampai 1"),
        _("Bagian lain dilaporkan hanya bila bukti penyalinan mencapai peluang ini."),
    ),
    "sustained": (
        _("Peluang penyalinan, dua teks"),
        _("peluang, 0 sampai 1"),
        _("Sama, bila dua teks dibandingkan langsung tanpa arsip."),
    ),
    "name_share": (
        _("Bagian kata biasa"),
        _("bagian, 0 sampai 1"),
        _("Bagian dengan kata biasa lebih sedikit dari ini adalah tabel, daftar, atau rumusan."),
    ),
    "name_words": (
        _("Kata biasa paling sedikit"),
        _("kata"),
        _("Bagian dengan kata biasa lebih sedikit dari ini bukan bukti dengan sendirinya."),
    ),
    "figures_share": (
        _("Bagian angka"),
        _("bagian, 0 sampai 1"),
        _("Bagian dengan angka sebanyak ini adalah daftar angka (harga, cuaca, hasil), bukan bukti dengan sendirinya,"),
    ),
    "figures_words": (
        _("Kata biasa di antara angka"),
        _("kata"),
        _("kecuali kata biasanya yang berlainan sebanyak ini."),
    ),
    "lookalike_letters": (
        _("Huruf tiruan"),
        _("huruf"),
        _("Mulai jumlah ini huruf yang mirip huruf lain disebut sebagai tanda penyamaran."),
    ),
    "invisible_characters": (
        _("Karakter tak tampak"),
        _("karakter"),
        _("Mulai jumlah ini karakter yang tidak tampak disebut sebagai tanda penyamaran."),
    ),
    "candidates": (
        _("Artikel yang dilihat"),
        _("buah artikel"),
        _("Sebanyak ini dilihat selain yang memuat 12 kata berurutan yang sama."),
    ),
    "surest": (_("Artikel teratas"), _("buah artikel"), _("Sebanyak ini dari yang terbaik selalu dibandingkan.")),
    "candidate_weight": (
        _("Bobot calon"),
        _("bobot, 0 sampai 1"),
        _("Calon lain dibandingkan mulai bobot ini."),
    ),
    "candidate_words": (
        _("Kata bersama calon"),
        _("kata"),
        _("Calon dibaca bila memuat sebanyak ini kata biasa dari teks, berdekatan."),
    ),
    "candidate_evidence": (
        _("Bukti calon"),
        _("kata × bobot"),
        _("Dan kata itu kali bobotnya mencapai angka ini,"),
    ),
    "candidate_many": (
        _("Calon dengan banyak kata"),
        _("kata"),
        _("atau katanya begitu banyak sehingga bobotnya tidak penting."),
    ),
}
"""Of each threshold of the policy: its name on the page, its unit, what it means (see docs/tuning.md)."""
POLICY_LABELS = {
    "own_names": _("Nama kita"),
    "own_domains": _("Situs kita"),
    "licences": _("Izin per domain"),
}
CONFLICT = _(
    "Versi lain dari kebijakan sudah disimpan sementara Anda mengubahnya. Isian Anda masih di sini: lihat riwayat di bawah, "
    "lalu lihat dampaknya lagi."
)
TYPED_SINCE = _("Isian berubah sejak dampaknya dilihat. Ini dampak isian yang sekarang; belum ada yang disimpan.")
