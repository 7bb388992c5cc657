"""Which addresses may be connected to: public ones, and those an operator listed in `SIDIK_FETCH_ALLOW`."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from fingerprints.errors import InputError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PUBLIC_PORTS = (80, 443)

_REFUSED = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "240.0.0.0/4",
        # IPv6 that carries an IPv4 address or leads into a tunnel: compatible, mapped, translated, NAT64, Teredo, 6to4
        "::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16",
        "100::/64", "2001:db8::/32", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


def is_public(address: Address) -> bool:
    """Whether `address` is a global unicast address that embeds no other."""
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return not any(address.version == block.version and address in block for block in _REFUSED)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One allowed thing: a host name or a network, on one port or (None) on all."""

    host: str | None
    network: Network | None
    port: int | None


class AllowList:
    """What may be reached beyond public addresses on ports 80 and 443.

    Entries: a host (``intranet.example``), an address, a network (``10.1.0.0/16``), each with ``:port`` behind it or
    without, then for every port; IPv6 with a port in brackets (``[fd00::/8]:8080``). Raises `InputError`.
    """

    def __init__(self, entries: Sequence[str] = ()) -> None:
        self._entries = tuple(_parse(entry) for entry in entries)

    def permits(self, host: str, address: Address, port: int) -> bool:
        """Whether `address`, which `host` resolved to, may be connected to on `port`."""
        if port in PUBLIC_PORTS and is_public(address):
            return True
        return any(
            entry.port in (None, port) and (entry.host == host if entry.network is None else _inside(address, entry.network))
            for entry in self._entries
        )

    def lists(self, host: str, port: int) -> bool:
        """Whether `host`, a name or an address, is itself listed for `port`: then it is the operator's own."""
        try:
            address = ipaddress.ip_address(host.strip("[]"))
        except ValueError:
            return any(entry.port in (None, port) and entry.host == host for entry in self._entries)
        return any(
            entry.port in (None, port) and entry.network is not None and _inside(address, entry.network)
            for entry in self._entries
        )


def parse_allow(value: str) -> tuple[str, ...]:
    """The entries of a comma-separated list, as `SIDIK_FETCH_ALLOW` holds them; each is checked (`InputError`)."""
    entries = tuple(entry for part in value.split(",") if (entry := part.strip()))
    AllowList(entries)
    return entries


def _inside(address: Address, network: Network) -> bool:
    return address.version == network.version and address in network


def _parse(entry: str) -> _Entry:
    bracketed = re.fullmatch(r"\[([^\[\]]+)\](?::(\d{1,5}))?", entry)
    plain = re.fullmatch(r"([^\[\]:]+)(?::(\d{1,5}))?", entry)
    name, port_text = bracketed.groups() if bracketed else plain.groups() if plain else (entry, None)
    port = int(port_text) if port_text else None
    if port is not None and not 1 <= port <= 65535:
        raise InputError("SIDIK_FETCH_ALLOW", f"{entry!r} has no valid port")
    try:
        return _Entry(None, ipaddress.ip_network(name, strict=False), port)
    except ValueError:
        pass
    host = name.strip().rstrip(".").lower()
    if bracketed or not re.fullmatch(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?", host):
        raise InputError("SIDIK_FETCH_ALLOW", f"{entry!r} is neither a host nor a network")
    return _Entry(host, None, port)
