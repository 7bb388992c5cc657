import pytest

from fingerprints.domains import host, registrable_domain


@pytest.mark.parametrize(
    ("url", "domain"),
    [
        ("https://news.detik.com/berita", "detik.com"),
        ("https://www.kabar.co.id/a", "kabar.co.id"),
        ("https://www.salinan.example/berita/1", "salinan.example"),
        ("https://a.b.salinan.test", "salinan.test"),
        ("http://intranet/", "intranet"),
        ("http://10.0.0.1:8080/", "10.0.0.1"),
        ("http://[2001:db8::1]/", "2001:db8::1"),
        ("www.SALINAN.example.", "salinan.example"),
        ("http://", None),
        ("http://[", None),
    ],
)
def test_the_domain_that_someone_registered(url: str, domain: str | None) -> None:
    assert registrable_domain(url) == domain


def test_a_host_is_lower_case_without_port_and_closing_dot() -> None:
    assert host("HTTPS://WWW.Kabar.Example.:443/a") == "www.kabar.example"
