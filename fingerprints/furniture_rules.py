"""What the furniture of news sites says, as phrases of folded words. General wording only: no rule names one outlet.

A phrase is matched word for word on folded text: case, look-alike letters and punctuation do not matter. A comma parts phrases.
"""

from __future__ import annotations

ANYWHERE = """
sebarkan artikel ini, bagikan artikel ini, bagikan berita ini, share this article, listen to this article, dengarkan artikel
ini, alamat email anda tidak akan dipublikasikan, alamat surel anda tidak akan dipublikasikan, ruas yang wajib ditandai, your
email address will not be published, required fields are marked, error content is protected, content is protected,
advertisement scroll to continue with content, scroll to continue with content, scroll untuk melanjutkan membaca, scroll to
resume content, simpan nama email dan situs web saya pada peramban ini untuk komentar saya berikutnya, save my name email and
website in this browser for the next time i comment, geser untuk melanjutkan, beri tahu saya komentar baru melalui email,
beri tahu saya tulisan baru melalui email, tambahkan sebagai sumber pilihan, click to share on, klik untuk berbagi di,
jump to navigation search, skip to main content, skip navigation, skip to navigation,
"""
"""Furniture in any place, these words alone."""

SENTENCES = """
share this, share on, bagikan ke, bagikan di, bagikan ini, bagikan tautan, ikuti kami di, ikuti kami, follow us, follow kami,
follow akun, follow berita, follow social media, ikuti berita, ikuti update, ikuti terus berita, ikuti saluran, ikuti
channel, ikuti akun, ikuti media sosial, gabung di, gabung ke, gabung channel, gabung saluran, gabung grup, gabung dengan,
bergabung di grup, mari bergabung di, yuk gabung, yuk ikuti, ayo gabung, ayo ikuti, join channel, join our, dapatkan update,
dapatkan berita, dapatkan informasi terbaru, dapatkan info terbaru, dapatkan artikel, temukan berita, cek berita, simak
berita, simak breaking news, simak update berita, baca berita, baca artikel, baca update, baca selengkapnya di, baca
selengkapnya, artikel selengkapnya, artikel ini telah tayang, artikel ini telah terbit, artikel ini pertama kali tayang,
artikel ini sudah tayang, berita ini telah tayang, tulisan ini telah tayang, download aplikasi, unduh aplikasi, instal
aplikasi, saksikan video, saksikan live, saksikan siaran, simak video, simak juga video, tonton video, tonton juga video,
tonton juga, lihat video, lihat juga video, video pilihan, video terkait, video selengkapnya, lanjut ke halaman, lanjut
halaman, lanjut baca, lanjutkan membaca, lanjut membaca, halaman selanjutnya, halaman berikutnya, next page, continue
reading, klik di sini, dilarang mengcopy, dilarang mencopy, dilarang copy paste, dilarang menyalin, dilarang mengutip,
dilarang memperbanyak, dilarang mengambil konten, dilarang keras mengambil, dilarang keras menyalin, dilarang keras mengutip,
dilarang keras mengcopy, hak cipta dilindungi, hak cipta dilindungi undang undang, all rights reserved, copyright, lewati ke
konten, langsung ke konten, loncat ke konten, skip to content, kembali ke atas, back to top, lihat
semua komentar, tampilkan semua, show all, view all, lihat semua, baca semua, berlangganan newsletter, langganan newsletter,
daftar newsletter, anda harus masuk untuk berkomentar, you must be logged in, masuk untuk berkomentar, situs ini menggunakan
akismet, this site uses akismet, pelajari bagaimana data komentar anda diproses, learn how your comment data is processed,
jangan lupa like, jangan lupa subscribe, subscribe channel, subscribe our, kirim komentar, post comment, tulis komentar,
berikan komentar, tinggalkan pesan, komentar ditutup, comments are closed, jadilah yang pertama berkomentar, be the first to
comment, aktifkan notifikasi, nyalakan notifikasi, laporkan kesalahan, ada kesalahan di artikel ini, konten ini diproduksi
oleh, disclaimer, kebijakan privasi, pedoman media siber, tentang kami, about us, hubungi kami, contact us, privacy policy,
info iklan, redaksi menerima, advertisement, lanjut scroll, bacakan artikel, dengarkan berita, putar audio,
please copy paste the following text to properly cite, please cite this article as, cite this article, cite this page, how to
cite this, to cite this article, salin kutipan, cara mengutip artikel ini, subscribe to our, subscribe to the newsletter,
subscribe now, sign up for our, sign up for the newsletter, sign up to receive, get our newsletter, to unsubscribe, click here
to, click here for, terms of use, terms of service, terms and conditions apply, cookie policy, we use cookies, this site uses
cookies, this website uses cookies, situs ini menggunakan cookie, syarat dan ketentuan, printer friendly version, print this
page, print this article, email this page, email this article, email this to a friend, send to a friend, send this page, tell a
friend, bookmark this, add to favorites, no part of this, no portion of this site, this material may not be published,
reproduction in whole or in part, reprinted with permission, republished with permission, used with permission, this article
was originally published, this article originally appeared, this article first appeared, this story originally appeared, all
content copyright, all trademarks, other trademarks, site map, powered by, for immediate assistance call, for more information
please contact, for more information contact, for further information contact, for reservations call, questions or comments,
please enable javascript, your browser does not support, browser anda tidak mendukung,
"""
"""Furniture where a line or sentence starts with these words, to the end of that sentence."""

HEADLINES = """
baca juga, baca pula, baca lagi, baca lainnya, baca selanjutnya, baca berikutnya, baca juga berita, simak juga, simak pula,
lihat juga, lihat pula, tonton juga, read also, also read, see also, artikel terkait, berita terkait, artikel lainnya, berita
lainnya, pilihan editor, pilihan redaksi, rekomendasi untuk anda, rekomendasi, berita sebelumnya, berita berikutnya, artikel
sebelumnya, artikel berikutnya, pos sebelumnya, pos berikutnya, previous post, next post, previous article, next article,
baca, simak, lihat, terkait, selengkapnya
"""
"""They introduce the headline of another article. The single words need a colon."""

BYLINES = """
penulis, editor, reporter, redaktur, redaksi, publisher, publizher, redaksi publisher, redaksi publizher, kontributor,
pewarta, wartawan, jurnalis, fotografer, penyunting, penerjemah, author, uploader, laporan, laporan wartawan, sumber, sumber
foto, sumber gambar, sumber berita, sumber artikel, foto, photo, kredit foto, foto ilustrasi, video, dok, dokumentasi, image,
credit, narahubung redaksi, editor penulis, penulis editor, redpel, pemimpin redaksi, penanggung jawab, oleh, by, posted by,
written by, diposting oleh, ditulis oleh, diterbitkan oleh,
dipublikasikan oleh, sumber asli, disadur dari, alamat redaksi,
kantor redaksi, last updated, last modified, terakhir diperbarui
"""
"""Labels of a name: a colon (or slash) follows, then names."""

CONTACTS = """
telepon, telp, tel, phone, telephone, fax, faks, email, e mail, surel, hotline, toll free, contact person, kontak person,
alamat kantor
"""
"""Labels of a number or address: a colon follows, then numbers, or what an e-mail address is made of."""

TAGS = """
tag, tags, topik, topik terkait, tag terkait, kata kunci, keywords, label, kategori, category, filed under, tagged, hashtag,
topics
"""
"""Labels of a list of topics, which takes the rest of its line."""

TAILS = """
tinggalkan balasan, tinggalkan komentar, batalkan balasan, leave a reply, leave a comment, cancel reply, navigasi pos, post
navigation, berita terkait, artikel terkait, artikel terkait lainnya, pos terkait, related posts, related news, related
articles, berita lainnya, artikel lainnya, berita populer, berita terpopuler, artikel populer, terpopuler, paling populer,
paling banyak dibaca, trending, berita terbaru, berita terkini, artikel terbaru, pos pos terbaru, recent posts, recent
comments, komentar terbaru, most popular, rekomendasi untuk anda, anda mungkin juga menyukai, you may also like, you might
also like, mungkin anda suka, baca juga berita lainnya, jangan lewatkan, pilihan untukmu, berita pilihan, kabar lainnya,
komentar pembaca, kolom komentar, komentar anda, tentang penulis, about the author, more from author, lainnya dari penulis,
konten terkait, bacaan lainnya, warta terkait, kabar terkait
"""
"""Headings after which a page holds no more of the article, only lists, forms and comments."""

COMMENTS = frozenset(
    (
        "tinggalkan balasan",
        "tinggalkan komentar",
        "leave a reply",
        "leave a comment",
        "komentar pembaca",
        "kolom komentar",
        "komentar anda",
    )
)
"""Those of TAILS after which readers' comments, which are prose, may follow."""

VOCABULARY = """
facebook twitter x whatsapp telegram line instagram youtube tiktok threads linkedin pinterest email print cetak copy link
salin tautan share shares tweet tweets pin kirim bagikan sebar sebarkan follow ikuti like suka dislike send reddit messenger
koo google news rss feed url home beranda depan menu cari search login masuk daftar register kanal indeks index news berita
nasional daerah regional hukum kriminal politik ekonomi bisnis olahraga sport hiburan teknologi tekno otomotif gaya hidup
lifestyle internasional dunia peristiwa headline headlines opini kesehatan pendidikan wisata travel views view dilihat dibaca
kali pembaca hits tayangan viewers read reads min menit mins minutes jam detik lalu yang ago baca waktu komentar comment
comments reply balas balasan no tidak ada add tambahkan by oleh admin redaksi editor reporter penulis posted diposting
updated update diperbarui published diterbitkan terbit tayang rilis last modified on pada at pukul wib wita wit am pm gmt
senin selasa rabu kamis jumat jum at sabtu minggu ahad monday tuesday wednesday thursday friday saturday sunday januari
februari maret april mei juni juli agustus september oktober november desember january february march may june july august
october december jan feb mar apr jun jul agu agt ags aug sep okt oct nov des dec halaman page selanjutnya berikutnya
sebelumnya next prev previous lanjut all semua show tampilkan close tutup buka open loading memuat ukuran huruf font size
kecil sedang besar a aa dark mode light tags tag topik advertisement iklan ads sponsored gambar foto image video audio play
pause name nama website situs web wajib required submit captcha simpan batal cancel notify kirimkan subscribe langganan
berlangganan
"""
"""A short line made of nothing but these words and numbers is furniture, in the head and tail of a page."""

STRONG_VOCABULARY = """
facebook twitter whatsapp telegram instagram youtube tiktok linkedin pinterest share shares tweet bagikan sebarkan views view
dilihat dibaca beranda home komentar comment comments reply wib wita wit advertisement iklan loading selanjutnya sebelumnya
berikutnya prev previous diposting posted published diterbitkan admin redaksi januari februari maret april mei juni juli
agustus september oktober november desember january february march may june july august october december jan feb mar apr jun
jul agu agt aug sep okt oct nov des dec menit min halaman page senin selasa rabu kamis jumat sabtu minggu print cetak email
google copy follow ikuti login masuk search cari menu nama
"""
"""Of these such a line needs one."""

DATE_WORDS = """
wib wita wit januari februari maret april mei juni juli agustus september oktober november desember january february march
may june july august october december jan feb mar apr jun jul agu agt ags aug sep okt oct nov des dec senin selasa rabu kamis
jumat sabtu minggu
"""
"""A line before or after the text with one of these, two numbers and a few names is the line of author and date."""

CHANNELS = """
whatsapp telegram google youtube instagram facebook tiktok twitter channel saluran kanal aplikasi newsletter link klik tautan
play
"""
"""Where a call to follow leads. A line that begins with a call and names one of these is a call to its end."""

CREDITS = "foto photo dok dokumentasi sumber kredit credit image gambas ist istimewa"
"""What the credit of a picture in brackets begins with."""

TOP_LEVEL = "com co id net org tv news go my sg info online media press biz asia xyz ac or web desa"
"""What follows the full stop in the name of a site."""

OPENERS = """
ia dia mereka kami kita dalam pada saat ketika kemudian lalu hal ini itu juru dari untuk dengan setelah sesudah usai atas
karena sebab akibat hingga sampai sejumlah beberapa para seorang sebanyak warga polisi pihak pihaknya kini sekarang terkait
melalui jika bila apabila sejak tak tidak bahkan lebih akan juga diketahui kejadian peristiwa pelaku korban
"""
"""Words that often open a sentence of news, but stand in headlines as well."""

FAR_OPENERS = """
menurut menurutnya sementara selain namun tetapi sebelumnya adapun berdasarkan meski meskipun walau kepala wakil kapolres
kapolresta kapolda kapolsek kasat kabid kombes akbp kompol akp iptu bupati gubernur walikota wali menteri presiden ketua
direktur sekretaris
"""
"""Words that open a sentence of news even where long names and titles follow: the text begins there after a headline."""

CITY_FIRSTS = (
    "kuala new san los bandar tanjung banda nusa pangkal bukit abu hong buenos rio tel phnom port kab kabupaten sungai teluk"
)
"""First words of place names of two words, as far as the second is written alike."""
