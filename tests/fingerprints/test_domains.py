import pytest
from tld import get_fld

from fingerprints.domains import _rules, host, registrable_domain


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
        ("https://a.b.city.kawasaki.jp", "city.kawasaki.jp"),
        ("https://a.b.c.kawasaki.jp", "b.c.kawasaki.jp"),
        ("https://www.kendari.blogspot.com", "kendari.blogspot.com"),
        ("https://a.xn--p1ai", "a.xn--p1ai"),
        ("https://co.id", "co.id"),
        ("www.SALINAN.example.", "salinan.example"),
        ("http://", None),
        ("http://[", None),
    ],
)
def test_the_domain_that_someone_registered(url: str, domain: str | None) -> None:
    assert registrable_domain(url) == domain


def test_a_host_is_lower_case_without_port_and_closing_dot() -> None:
    assert host("HTTPS://WWW.Kabar.Example.:443/a") == "www.kabar.example"


def test_every_rule_of_the_public_suffix_list_is_read_as_the_library_reads_it() -> None:
    for rule in sorted(_rules()):
        if rule.endswith("xn--4dbrk0ce"):  # the library takes the full stop behind these for a part of them
            continue
        suffix = rule.lstrip("!").replace("*", "q")
        for name in (suffix, f"x.{suffix}", f"z.y.x.{suffix}"):
            assert registrable_domain(f"http://{name}/") == get_fld(f"http://{name}/"), rule
