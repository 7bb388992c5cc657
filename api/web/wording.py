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
