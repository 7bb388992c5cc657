"""Details of errors in Bahasa Indonesia. The API and the records kept of scans and deliveries word them in English; a page shows
them in its own language, and as they are, marked as English, where they are not known here."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from api.web.catalogue import Lang

_KNOWN: tuple[tuple[str, str], ...] = (
    # Fetching
    (r"robots\.txt does not allow it", "robots.txt situs itu tidak mengizinkannya"),
    (r"the server answered (\d+)", r"server menjawab dengan status \1"),
    (r"answered (\d+)", r"dijawab dengan status \1"),
    (r"took longer than (\S+) s", r"tidak selesai dalam \1 detik"),
    (r"the server could not be reached, or hung up", "server tidak dapat dihubungi, atau memutus sambungan"),
    (r"the server could not be reached: (.+)", r"server tidak dapat dihubungi (\1)"),
    (r"the answer is not valid HTTP", "jawaban server bukan HTTP yang sah"),
    (r"the answer is compressed, and damaged or cut", "jawaban server rusak atau terpotong"),
    (r"is compressed in a way that was not asked for", "jawaban server dimampatkan dengan cara yang tidak diminta"),
    (r"is larger than ([\d,]+) bytes", r"lebih besar dari \1 bita"),
    (r"is larger than ([\d,]+) bytes when unpacked", r"lebih besar dari \1 bita setelah dibuka"),
    (r"is packed with gzip, and damaged or cut", "berkas gzip-nya rusak atau terpotong"),
    (r"redirects in a circle", "alamat itu mengalihkan berputar-putar"),
    (r"redirects more than (\d+) times", r"alamat itu mengalihkan lebih dari \1 kali"),
    (
        r"port (\d+) is not allowed \(SIDIK_FETCH_ALLOW can list it\)",
        r"porta \1 tidak diizinkan (dapat dibuka di SIDIK_FETCH_ALLOW)",
    ),
    (
        r"the host has no public address \(SIDIK_FETCH_ALLOW can list it\)",
        "alamat itu tidak ada di internet umum (dapat dibuka di SIDIK_FETCH_ALLOW)",
    ),
    (r"longer than ([\d,]+) characters", r"alamatnya lebih panjang dari \1 karakter"),
    (r"not a valid URL", "bukan alamat (URL) yang sah"),
    (r"only http and https are fetched", "hanya alamat http dan https yang dapat diambil"),
    (r"it names no host", "alamat itu tidak menyebut situs"),
    (r"URLs with a user name or password are not fetched", "alamat yang memuat nama pengguna atau kata sandi tidak diambil"),
    (
        r"the robots\.txt of the site cannot be had, so nothing there may be read",
        "robots.txt situs itu tidak dapat diambil, jadi tidak ada yang boleh dibaca di sana",
    ),
    (
        r"the site fails, or asked for a pause, and is left alone until (.+)",
        r"situs itu gagal menjawab atau minta jeda, dan dibiarkan sampai \1",
    ),
    (
        r"the WordPress API is closed \((\d+)\): read the site by its feed or sitemap",
        r"API WordPress situs itu ditutup (\1): baca situs itu lewat feed atau peta situsnya",
    ),
    (r"another scanner is reading this site", "pemindai lain sedang membaca situs ini"),
    (r"is no web page but (.+)", r"bukan halaman web, melainkan \1"),
    # What pages and listings hold
    (r"is an error page", "halaman itu halaman galat"),
    (r"is a list of articles or an error page, by the class of its body", "halaman itu daftar artikel atau halaman galat"),
    (r"declares itself a list|is a list of teasers", "halaman itu daftar artikel, bukan artikel"),
    (r"holds no article: (\d+) words of running text", r"tidak memuat artikel: hanya \1 kata bersambung"),
    (r"is no feed but <(.+)>", r"bukan feed, melainkan <\1>"),
    (r"is no sitemap but <(.+)>", r"bukan peta situs, melainkan <\1>"),
    (r"is no sitemap", "bukan peta situs"),
    (r"is JSON, but no JSON Feed", "JSON, tetapi bukan JSON Feed"),
    (r"is not readable as XML(?:: .+)?", "tidak terbaca sebagai XML"),
    (r"elements are nested more than ([\d,]+) deep", r"unsurnya bersarang lebih dari \1 lapis"),
    (r"has more than ([\d,]+) elements", r"memuat lebih dari \1 unsur"),
    (r"cannot be read: (.+)", r"tidak terbaca (\1)"),
    (r"is not readable as HTML(?:: .+)?", "tidak terbaca sebagai HTML"),
    (r"is not valid JSON(?:: .+)?", "bukan JSON yang sah"),
    (r"is not the posts route of a WordPress API", "bukan API WordPress"),
    (
        r"is a page without a WordPress API or a feed; name a feed, a sitemap or an article",
        "halaman tanpa API WordPress atau feed; sebutkan feed, peta situs, atau artikel",
    ),
    (
        r"offers no feed, sitemap, WordPress API or links to articles that could be read",
        "tidak menyediakan feed, peta situs, API WordPress, atau tautan ke artikel yang dapat dibaca",
    ),
    (r"an error in the program: (\w+)", r"kesalahan di dalam program (\1); lihat log server"),
    # Forms
    (r"is empty|String should have at least 1 character", "kosong"),
    (r"is missing|Field required", "belum diisi"),
    (r"is missing: give a status, a note or a deadline", "belum diisi: pilih status, tulis catatan, atau isi tenggat"),
    (r"is given twice", "ditulis dua kali"),
    (r"contains NUL(?: at character \d+)?", "memuat karakter NUL"),
    (r"contains a lone surrogate at character (\d+)", r"memuat karakter yang rusak (karakter ke-\1)"),
    (r"is not an RFC 3339 time: (.+)", r"bukan tanggal atau waktu: \1"),
    (
        r"must have at most ([\d,]+) characters(?:, has [\d,]+)?|String should have at most (\d+) characters",
        r"paling panjang \1\2 karakter",
    ),
    (r"must be one of (.+), not (.+)", r"harus salah satu dari \1, bukan \2"),
    (r"Input should be ('.+')", r"harus \1"),
    (r"must be from ([\d,]+) to ([\d,]+), not (.+)", r"harus dari \1 sampai \2, bukan \3"),
    (r"must be a number from 0 to 1, not (.+)", r"harus angka dari 0 sampai 1, bukan \1"),
    (r"must be a number from 0, not (.+)", r"harus angka mulai 0, bukan \1"),
    (r"must be a whole number from (\d+), not (.+)", r"harus bilangan bulat mulai \1, bukan \2"),
    (r"Input should be a valid (?:number|integer)(?:, .+)?", "harus angka"),
    (r"Input should be greater than or equal to (\S+)", r"paling kecil \1"),
    (r"Input should be less than or equal to (\S+)", r"paling besar \1"),
    (r"must be a bare domain such as example\.co\.id, not (.+)", r"harus nama domain saja, misalnya contoh.co.id, bukan \1"),
    (r"names (.+) twice", r"menyebut \1 dua kali"),
    (r"must not be above copy_score", "tidak boleh di atas ambang salinan"),
    (r"must be an http or https URL(?:, or a domain)?, not (.+)", r"harus alamat http atau https, atau nama domain, bukan \1"),
    (r"must not hold a user name or password", "tidak boleh memuat nama pengguna atau kata sandi"),
    (r"must be (\w+) and base64 of (\d+) to (\d+) bytes", r"harus \1 dan base64 dari \2 sampai \3 bita"),
    (r"must name at least one of (.+)", r"pilih paling sedikit satu: \1"),
    (r"is not an e-mail address", "bukan alamat surel"),
    (
        r"no mail is sent: set SIDIK_SMTP_URL and SIDIK_MAIL_FROM first",
        "surel belum dapat dikirim: tetapkan SIDIK_SMTP_URL dan SIDIK_MAIL_FROM dahulu",
    ),
    (r"there are (\d+) recipients already, which is the most", r"sudah ada \1 penerima, dan itu yang terbanyak"),
    (r"there are (\d+) webhooks already, which is the most", r"sudah ada \1 webhook, dan itu yang terbanyak"),
    (
        r"there are (\d+) views already, which is the most: delete one first",
        r"sudah ada \1 tampilan tersimpan: hapus satu dahulu",
    ),
    (r"the case has (\d+) entries already, which is the most", r"kasus ini sudah memuat \1 catatan, dan itu yang terbanyak"),
    (r"there is no such check", "pemeriksaan itu tidak ada"),
    (r"the check has no match with (?:this article|.+)", "pemeriksaan itu tidak cocok dengan artikel ini"),
    (r"is not a cursor of this list", "alamat halaman ini tidak berlaku lagi; mulai dari awal daftar"),
    (r"goes with the kind '(\w+)', not '?(\w+)'?", r"hanya untuk cara baca \1, bukan \2"),
    (r"is not a regular expression: (.+)", r"polanya tidak dapat dibaca: \1"),
    (r"must hold at most ([\d,]+) URLs", r"paling banyak \1 alamat"),
    (r"is empty: a source of kind 'list' needs the URLs it lists", "belum diisi: cara baca daftar alamat memerlukan alamatnya"),
    (
        r"there are (\d+) findings in this period, and a dossier holds (\d+): shorten it",
        r"ada \1 temuan dalam masa ini, sedangkan satu berkas memuat paling banyak \2: persingkat masanya",
    ),
    # Pages of errors
    (r"There is no such check(?: or article in it)?\.", "Pemeriksaan itu tidak ada."),
    (r"There is no such article\.", "Artikel itu tidak ada."),
    (r"There is no such case\.", "Kasus itu tidak ada."),
    (r"There is no such source\.", "Sumber itu tidak ada."),
    (r"There is no such scan\.", "Pindaian itu tidak ada."),
    (r"There is no such view\.", "Tampilan tersimpan itu tidak ada."),
    (r"There is no such key\.", "Kunci itu tidak ada."),
    (r"There is no such webhook\.", "Webhook itu tidak ada."),
    (r"There is no such delivery\.", "Pengiriman itu tidak ada."),
    (r"There is no such recipient\.", "Penerima itu tidak ada."),
    (r"There is no such version of the policy\.", "Versi kebijakan itu tidak ada."),
    (r"Not Found", "Alamat itu tidak ada."),
    (r"This key lacks the scope '?(\w+)'?\.", r"Izin “\1” tidak termasuk hak Anda."),
    (r"No page is open to the scopes of this key\.", "Tidak ada halaman yang terbuka untuk kunci ini."),
    (
        r"The session's CSRF token is missing or wrong\.",
        "Formulir ini dibuka dalam sesi lain. Muat ulang halamannya lalu kirim lagi.",
    ),
    (r"This key may make (\d+) requests a minute\.", r"Kunci ini dibatasi \1 permintaan semenit."),
    (
        r"The text of this check is no longer kept, so it cannot be checked again\.",
        "Teks pemeriksaan ini tidak disimpan lagi, jadi tidak dapat diperiksa ulang.",
    ),
    (r"The server has as much work as it can take; try again shortly\.", "Server sedang penuh. Coba lagi sebentar lagi."),
    (r"The store or its index cannot be used at the moment\.", "Penyimpanan atau indeksnya sedang tidak dapat dipakai."),
    (r"Something went wrong on our side; .+", "Ada kesalahan di pihak server; rinciannya ada di log."),
    (r"The body did not arrive within (\S+) seconds\.", r"Isian tidak selesai dikirim dalam \1 detik."),
    (r"Nothing arrived for (\S+) seconds\.", r"Pengiriman terhenti selama \1 detik."),
    # Deliveries, mail, audit
    (r"the receiver answered 410: it wants no more", "penerima menjawab 410: tidak mau dikirimi lagi"),
    (r"the server refuses the user or password", "server surel menolak nama pengguna atau kata sandi"),
    (r"the server offers no STARTTLS", "server surel tidak menyediakan STARTTLS"),
    (r"the server refuses the address", "server surel menolak alamat itu"),
    (r"entry (\d+) is missing", r"catatan \1 hilang"),
    (r"entry (\d+) is not what its hash was made of", r"isi catatan \1 tidak sesuai dengan hash-nya"),
    (r"entry (\d+) was not written after entry (\d+) as it is now", r"catatan \1 tidak menyambung pada catatan \2"),
    (r"entry (\d+) has another hash than the one noted", r"hash catatan \1 lain dari yang dicatat"),
)
"""A detail in English (a regular expression for all of it), and the same in Bahasa Indonesia."""
_PATTERNS = [(re.compile(pattern, re.DOTALL), said) for pattern, said in _KNOWN]
_REDIRECTED = "redirects to a URL that may not be fetched: "
_PLACE = re.compile(r"(?P<place>[\w.\[\]]+|https?://\S+): (?P<detail>.+)", re.DOTALL)
_FIGURE = re.compile(r"\b(\d{1,3}(?:,\d{3})+)\b")


def in_indonesian(detail: str) -> str | None:
    """`detail` in Bahasa Indonesia; None where it is not known here. A place before it (`urls: ...`) stays as it is."""
    if detail.startswith(_REDIRECTED):
        rest = in_indonesian(detail.removeprefix(_REDIRECTED))
        return rest and f"dialihkan ke alamat yang tidak boleh diambil: {rest}"
    for pattern, said in _PATTERNS:
        found = pattern.fullmatch(detail)
        if found:
            told = _FIGURE.sub(lambda figure: figure[1].replace(",", "."), found.expand(said))
            return told.replace("' or '", "' atau '")
    placed = _PLACE.fullmatch(detail)
    rest = in_indonesian(placed["detail"]) if placed else None
    return f"{placed['place']}: {rest}" if placed and rest else None


def worded(detail: str, lang: Lang) -> str:
    """`detail` in the language of a page, else as it is."""
    return (in_indonesian(detail) or detail) if lang == "id" else detail


def marked(detail: str, lang: Lang) -> Markup:
    """The same for a template: what stays English in a page that is not is marked so, for those who have pages read aloud."""
    known = in_indonesian(detail) if lang == "id" else detail
    return escape(known) if known is not None else Markup('<span lang="en">{}</span>').format(detail)
