"""The fetcher against real servers on loopback: what it refuses, what it bounds, what it hands over."""

from __future__ import annotations

import gzip
import ipaddress
import itertools
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.scanning.addresses import AllowList, is_public, parse_allow
from api.scanning.compression import inflate
from api.scanning.fetching import Fetcher, FetchFailed, FetchRefused
from fingerprints.errors import InputError

LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(LOOPBACK, timeout=30, max_bytes=100_000) as made:
        yield made


class TestAnswers:
    def test_a_page_comes_with_its_status_headers_and_bytes(self, web, answer, fetcher):
        web.pages["/a"] = answer(
            "Salam “pagi”".encode("cp1252"), 200, {"Content-Type": "Text/HTML; charset=ISO-8859-1", "ETag": '"x"'}
        )
        got = fetcher.get(f"{web.url}/a#part")
        assert (got.url, got.status, got.charset) == (f"{web.url}/a", 200, "iso-8859-1")
        assert (got.text, got.content_type, got.headers["etag"]) == ("Salam “pagi”", "text/html", '"x"')

    def test_a_charset_that_lies_is_not_believed(self, web, answer, fetcher):
        web.pages["/a"] = answer("“Kendari”".encode(), 200, {"Content-Type": "text/html; charset=ISO-8859-1"})
        web.pages["/b"] = answer("“Kendari”".encode("cp1252"), 200, {"Content-Type": "text/html; charset=utf-8"})
        assert fetcher.get(f"{web.url}/a").text == fetcher.get(f"{web.url}/b").text == "“Kendari”"

    def test_an_error_page_is_an_answer(self, web, fetcher):
        assert fetcher.get(f"{web.url}/missing").status == 404

    def test_headers_go_along_and_the_user_agent_is_ours(self, web, answer):
        web.pages["/a"] = answer(b"", 304)
        with Fetcher(LOOPBACK, user_agent="Sidik test (desk@example.org)") as fetcher:
            assert fetcher.get(f"{web.url}/a", {"If-None-Match": '"x"'}).status == 304
        assert web.asked[0].headers["if-none-match"] == '"x"'
        assert web.asked[0].headers["user-agent"] == "Sidik test (desk@example.org)"

    def test_redirects_are_followed_relative_ones_too(self, web, answer, fetcher):
        web.pages["/a/b"] = answer(b"", 302, {"Location": "../c?d=1"})
        web.pages["/c"] = answer(b"here")
        got = fetcher.get(f"{web.url}/a/b")
        assert (got.url, got.body) == (f"{web.url}/c?d=1", b"here")

    def test_secrets_do_not_follow_a_redirect_to_another_host(self, web, other_web, answer, fetcher):
        web.pages["/a"] = answer(b"", 301, {"Location": f"{other_web.url}/b"})
        other_web.pages["/b"] = answer(b"ok")
        fetcher.get(f"{web.url}/a", {"Authorization": "Basic eDp5", "Accept-Language": "id"})
        assert web.asked[0].headers["authorization"] == "Basic eDp5"
        assert other_web.asked[0].headers["authorization"] is None
        assert other_web.asked[0].headers["accept-language"] == "id"

    def test_no_cookie_is_kept(self, web, answer, fetcher):
        web.pages["/a"] = answer(b"ok", 200, {"Set-Cookie": "visitor=7"})
        fetcher.get(f"{web.url}/a")
        fetcher.get(f"{web.url}/a")
        assert web.asked[1].headers["cookie"] is None

    def test_proxies_of_the_environment_are_ignored(self, web, answer, monkeypatch):
        web.pages["/a"] = answer(b"direct")
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        with Fetcher(LOOPBACK) as fetcher:
            assert fetcher.get(f"{web.url}/a").body == b"direct"

    @pytest.mark.parametrize("coding", ["gzip", "x-gzip", "deflate", "raw deflate"])
    def test_compressed_bodies_are_unpacked(self, web, answer, fetcher, coding):
        text = b"Kendari " * 1000
        raw = zlib.compressobj(wbits=-15)
        packed = {"deflate": zlib.compress(text), "raw deflate": raw.compress(text) + raw.flush()}.get(
            coding, gzip.compress(text)
        )
        web.pages["/a"] = answer(packed, 200, {"Content-Encoding": coding.removeprefix("raw ")})
        assert fetcher.get(f"{web.url}/a").body == text

    def test_a_cut_or_damaged_compressed_body_fails(self, web, answer, fetcher):
        packed = gzip.compress(bytes(range(256)) * 50)
        web.pages["/cut"] = answer(packed[:-20], 200, {"Content-Encoding": "gzip"})
        web.pages["/bad"] = answer(b"\x1f\x8b\x08" + b"no gzip at all", 200, {"Content-Encoding": "gzip"})
        web.pages["/br"] = answer(b"x", 200, {"Content-Encoding": "br"})
        for path in ("/cut", "/bad", "/br"):
            with pytest.raises(FetchFailed, match="compressed") as raised:
                fetcher.get(web.url + path)
            assert raised.value.kind == "protocol"


class TestRefused:
    @pytest.mark.parametrize(
        "url",
        [
            "ftp://example.org/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "//example.org/",
            "http:///x",
            "",
            "http://user:secret@example.org/",
            "http://user@example.org/",
            "http://exa mple.org/",
            "http://[::1/",
            "http://example.org:99999/",
            "http://example.org/" + "a" * 9000,
            "http://\ud800.example/",
        ],
    )
    def test_urls_that_are_none_of_ours(self, url, fetcher):
        with pytest.raises(FetchRefused) as raised:
            fetcher.get(url)
        assert "secret" not in str(raised.value)

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "localhost",
            "[::1]",
            "0.0.0.0",
            "2130706433",
            "0x7f000001",
            "127.1",
            "017700000001",
            "[::ffff:127.0.0.1]",
            "[::]",
        ],
    )
    def test_loopback_in_every_spelling_without_a_connection(self, web, answer, host):
        web.pages["/"] = answer(b"internal")
        # only the port is allowed, and only for another host: the address must be what stops it
        with Fetcher(["intranet.example"]) as fetcher, pytest.raises(FetchRefused):
            fetcher.get(f"http://{host}:{web.port}/")
        assert web.asked == []

    @pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "10.0.0.8", "169.254.169.254", "[fe80::1]", "[64:ff9b::7f00:1]"])
    def test_addresses_on_the_usual_ports(self, host):
        with Fetcher() as fetcher, pytest.raises(FetchRefused, match="no public address"):
            fetcher.get(f"http://{host}/")

    def test_other_ports_of_public_hosts(self):
        with Fetcher(resolver=lambda host, port: ["93.184.215.14"]) as fetcher, pytest.raises(FetchRefused, match="port 22"):
            fetcher.get("http://example.org:22/")

    def test_a_name_that_resolves_to_nothing_reads_like_one_that_resolves_to_an_internal_address(self):
        def resolver(host: str, port: int) -> list[str]:
            if host == "nowhere.example":
                raise socket.gaierror(-2, "Name or service not known")
            return ["10.1.2.3"]

        reasons = []
        with Fetcher(resolver=resolver) as fetcher:
            for host in ("nowhere.example", "payroll.example"):
                with pytest.raises(FetchRefused) as raised:
                    fetcher.get(f"http://{host}/")
                reasons.append(raised.value.reason)
                assert "10.1" not in str(raised.value)
        assert len(set(reasons)) == 1

    def test_a_redirect_to_an_address_that_is_not_allowed(self, web, other_web, answer):
        other_web.pages["/internal"] = answer(b"secret")
        with Fetcher([f"127.0.0.1:{web.port}"]) as fetcher:
            for target in (
                f"{other_web.url}/internal",
                f"http://localhost:{other_web.port}/internal",
                "http://169.254.169.254/latest",
            ):
                web.pages["/a"] = answer(b"", 302, {"Location": target})
                with pytest.raises(FetchRefused, match="redirects to a URL that may not be fetched") as raised:
                    fetcher.get(f"{web.url}/a")
                assert raised.value.url == f"{web.url}/a"
        assert other_web.asked == []

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://x/", "http://u:p@127.0.0.1/", "http://[::1"])
    def test_a_redirect_to_a_url_that_is_none(self, web, answer, fetcher, target):
        web.pages["/a"] = answer(b"", 302, {"Location": target})
        with pytest.raises(FetchRefused, match="redirects to"):
            fetcher.get(f"{web.url}/a")

    def test_rebinding_gains_nothing_for_a_name_is_resolved_checked_and_connected_to_in_one_step(self, web, answer):
        """The name answers with an allowed address first and with an internal one ever after."""
        web.pages["/a"] = answer(b"internal")
        allowed = socket.create_server(("127.0.0.2", web.port))

        def serve() -> None:
            connection, _ = allowed.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\npublic")

        threading.Thread(target=serve, daemon=True).start()
        answers = iter(["127.0.0.2"])
        asked = []

        def resolver(host: str, port: int) -> list[str]:
            asked.append(host)
            return [next(answers, "127.0.0.1")]

        with Fetcher(["127.0.0.2"], resolver=resolver) as fetcher:
            assert fetcher.get(f"http://rebind.example:{web.port}/a").body == b"public"
            assert asked == ["rebind.example"]
            with pytest.raises(FetchRefused):
                fetcher.get(f"http://rebind.example:{web.port}/a")
        assert web.asked == []
        allowed.close()

    def test_of_several_addresses_only_the_permitted_are_tried(self, web, answer):
        web.pages["/a"] = answer(b"ok")
        hits = []
        trap = socket.create_server(("127.0.0.3", web.port))
        threading.Thread(target=lambda: hits.append(trap.accept()), daemon=True).start()
        with Fetcher(["127.0.0.1"], resolver=lambda host, port: ["127.0.0.3", "127.0.0.1"]) as fetcher:
            assert fetcher.get(f"http://mixed.example:{web.port}/a").body == b"ok"
        assert hits == []
        trap.close()


class TestBounds:
    def test_a_body_over_the_limit_declared_or_not(self, web, answer, fetcher):
        web.pages["/declared"] = answer(b"x" * 100_001)
        web.pages["/silent"] = lambda asked: answer(iter([b"x" * 60_000, b"x" * 60_000]))
        web.pages["/fits"] = answer(b"x" * 100_000)
        for path in ("/declared", "/silent"):
            with pytest.raises(FetchFailed, match="larger than 100,000 bytes"):
                fetcher.get(web.url + path)
        assert len(fetcher.get(f"{web.url}/fits").body) == 100_000
        assert len(fetcher.get(f"{web.url}/declared", max_bytes=200_000).body) == 100_001

    def test_an_endless_body(self, web, answer, fetcher):
        web.pages["/a"] = lambda asked: answer(itertools.repeat(b"x" * 1000))
        with pytest.raises(FetchFailed, match="larger"):
            fetcher.get(f"{web.url}/a")

    @pytest.mark.parametrize("coding", ["gzip", "deflate"])
    def test_a_decompression_bomb_is_noticed_before_it_has_unfolded(self, web, answer, fetcher, coding):
        packer = zlib.compressobj(9, wbits=31 if coding == "gzip" else 15)
        bomb = b"".join(packer.compress(bytes(1_000_000)) for _ in range(60)) + packer.flush()
        assert len(bomb) < 100_000
        web.pages["/a"] = answer(bomb, 200, {"Content-Encoding": coding})
        tracemalloc.start()
        with pytest.raises(FetchFailed, match="larger than 100,000 bytes") as raised:
            fetcher.get(f"{web.url}/a")
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
        tracemalloc.stop()
        assert raised.value.kind == "too_large"

    def test_too_many_redirects(self, web, answer):
        for i in range(9):
            web.pages[f"/{i}"] = answer(b"", 302, {"Location": f"/{i + 1}"})
        web.pages["/9"] = answer(b"end")
        with Fetcher(LOOPBACK, max_redirects=3) as fetcher:
            with pytest.raises(FetchFailed, match="more than 3 times"):
                fetcher.get(f"{web.url}/0")
            assert fetcher.get(f"{web.url}/6").body == b"end"

    def test_a_body_that_drips_ends_with_the_time(self, web, answer):
        stop = threading.Event()

        def drip() -> Iterator[bytes]:
            while not stop.wait(0.05):
                yield b"."

        web.pages["/a"] = lambda asked: answer(drip())
        with Fetcher(LOOPBACK, timeout=0.4) as fetcher, pytest.raises(FetchFailed, match=r"took longer than 0\.4 s") as raised:
            fetcher.get(f"{web.url}/a")
        stop.set()
        assert raised.value.kind == "timeout"

    def test_headers_that_drip_end_with_the_time_too(self):
        server = socket.create_server(("127.0.0.1", 0))
        stop = threading.Event()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not stop.wait(0.05):
                    try:
                        connection.sendall(b"X-A: b\r\n")
                    except OSError:
                        return

        threading.Thread(target=serve, daemon=True).start()
        with Fetcher(LOOPBACK, timeout=0.4) as fetcher, pytest.raises(FetchFailed, match="took longer"):
            fetcher.get(f"http://127.0.0.1:{server.getsockname()[1]}/")
        stop.set()
        server.close()

    def test_the_time_counts_over_redirects_and_name_lookups(self, web, answer):
        web.pages["/a"] = answer(b"", 302, {"Location": "/a", "Connection": "close"})
        now = [0.0]

        def slow_names(host: str, port: int) -> list[str]:
            now[0] += 3
            return ["127.0.0.1"]

        slow = Fetcher(LOOPBACK, timeout=8, max_redirects=100, resolver=slow_names, clock=lambda: now[0])
        with slow as fetcher, pytest.raises(FetchFailed) as raised:
            fetcher.get(f"http://slow.example:{web.port}/a")
        assert raised.value.kind == "timeout"
        assert len(web.asked) == 2

    def test_a_resolver_that_hangs_does_not_hang_the_fetch(self):
        release = threading.Event()

        def hang(host: str, port: int) -> list[str]:
            release.wait(30)
            return ["127.0.0.1"]

        with Fetcher(LOOPBACK, timeout=0.2, resolver=hang) as fetcher, pytest.raises(FetchFailed, match="took longer"):
            fetcher.get("http://hangs.example/")
        release.set()

    @pytest.mark.parametrize(
        "said",
        [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000],
    )
    def test_servers_that_speak_nonsense(self, said):
        server = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        threading.Thread(target=serve, daemon=True).start()
        with Fetcher(LOOPBACK, timeout=5) as fetcher, pytest.raises(FetchFailed):
            fetcher.get(f"http://127.0.0.1:{server.getsockname()[1]}/")
        server.close()

    def test_nobody_listens(self):
        with socket.socket() as silent:  # held, so that nobody else gets the port
            silent.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            with Fetcher(LOOPBACK) as fetcher, pytest.raises(FetchFailed, match="could not be reached") as raised:
                fetcher.get(url)
        assert raised.value.kind == "connection"

    def test_tls_without_a_trusted_certificate(self, web):
        with Fetcher(LOOPBACK, timeout=5) as fetcher, pytest.raises(FetchFailed):
            fetcher.get(f"https://127.0.0.1:{web.port}/")

    def test_many_threads_share_one_fetcher_each_with_its_own_time(self, web, answer):
        def page(asked: object) -> object:
            time.sleep(0.1)
            return answer(b"ok")

        web.pages["/a"] = page
        got = []
        with Fetcher(LOOPBACK, timeout=20) as fetcher:
            threads = [threading.Thread(target=lambda: got.append(fetcher.get(f"{web.url}/a").body)) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert got == [b"ok"] * 8


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.0.0.1", "192.0.2.1",
            "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
            "255.255.255.255", "::", "::1", "::8.8.8.8", "::ffff:8.8.8.8", "::ffff:0:8.8.8.8", "64:ff9b::808:808",
            "64:ff9b:1::808:808", "100::1", "2001::1", "2001:db8::1", "2002:808:808::1", "fc00::1", "fd00::1", "fe80::1",
            "fec0::1", "ff02::1", "3fff::1", "5f00::1",
        ],
    )  # fmt: skip
    def test_not_public(self, address):
        assert not is_public(ipaddress.ip_address(address))

    @pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::1"])
    def test_public(self, address):
        assert is_public(ipaddress.ip_address(address))

    @given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "64:ff9b::{}", "::{}"]))
    def test_an_embedded_address_is_never_public(self, address, form):
        assert not is_public(ipaddress.ip_address(form.format(address)))

    @given(st.ip_addresses())
    def test_public_is_never_more_than_the_standard_library_calls_global(self, address):
        assert not is_public(address) or address.is_global

    @pytest.mark.parametrize(
        ("entry", "host", "address", "port", "permitted"),
        [
            ("intranet", "intranet", "10.0.0.5", 8080, True),
            ("Intranet.", "intranet", "10.0.0.5", 80, True),
            ("intranet:8080", "intranet", "10.0.0.5", 8080, True),
            ("intranet:8080", "intranet", "10.0.0.5", 80, False),
            ("intranet", "other", "10.0.0.5", 80, False),
            ("10.0.0.0/8", "any", "10.9.9.9", 9999, True),
            ("10.0.0.0/8:81", "any", "10.9.9.9", 80, False),
            ("10.0.0.0/8", "any", "11.0.0.1", 9999, False),
            ("::1", "any", "::1", 80, True),
            ("[::1]:8000", "any", "::1", 8000, True),
            ("[::1]:8000", "any", "::1", 80, False),
            ("fd00::/8", "any", "fd12::1", 5000, True),
            ("fd00::/8", "any", "10.0.0.1", 80, False),
        ],
    )
    def test_the_allow_list(self, entry, host, address, port, permitted):
        assert AllowList([entry]).permits(host, ipaddress.ip_address(address), port) is permitted

    def test_the_setting_is_a_comma_separated_list(self):
        assert parse_allow(" localhost , 10.0.0.0/8:8080,,[::1]:80 ") == ("localhost", "10.0.0.0/8:8080", "[::1]:80")
        assert parse_allow("") == ()

    @pytest.mark.parametrize("bad", ["http://x", "a b", "x:0", "x:70000", "[nope]", "*", "10.0.0.0/99"])
    def test_an_entry_that_makes_no_sense_is_named(self, bad):
        with pytest.raises(InputError, match="SIDIK_FETCH_ALLOW"):
            parse_allow(f"localhost,{bad}")


class TestInflate:
    @given(st.binary(max_size=5000), st.integers(1, 700))
    def test_inflate_gives_back_what_was_packed_however_it_is_cut(self, data, size):
        packed = gzip.compress(data[:2000]) + gzip.compress(data[2000:])
        assert b"".join(inflate(packed[i : i + size] for i in range(0, len(packed), size))) == data
