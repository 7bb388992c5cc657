"""Time stamps of an outside authority (RFC 3161): what to ask it for, and what its answer says. No network here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import islice

from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificates

from fingerprints.dates import format_time
from fingerprints.errors import InputError

_HASHES = {"2.16.840.1.101.3.4.2.1": "sha256", "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512"}


@dataclass(frozen=True, slots=True)
class Stamped:
    """When, RFC 3339, and by whom (subject of the certificate, "" where the answer carries none). `trusted`: its chain leads to
    one of the roots given."""

    at: str
    authority: str
    trusted: bool


def stamp_request(message: bytes) -> bytes:
    """DER of a request to stamp `message` (SHA-256, with a nonce, certificates asked for)."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    return bytes(TimestampRequestBuilder().data(message).hash_algorithm(HashAlgorithm.SHA256).build().as_bytes())


def check_answer(answer: bytes, message: bytes) -> None:
    """Raise `InputError` unless `answer` is a granted stamp of `message`."""
    _, problems = read_stamp(answer, message, ())
    if problems:
        raise InputError("time stamp", problems[0])


def read_stamp(answer: bytes, message: bytes, roots: Sequence[Certificate]) -> tuple[Stamped | None, list[str]]:
    """What an answer says of `message`, and what is wrong with it, in words. Without `roots` its chain is not checked."""
    from rfc3161_client import PKIStatus, VerificationError, VerifierBuilder, decode_timestamp_response

    try:
        response = decode_timestamp_response(_with_sorted_certificates(answer))
        granted = PKIStatus(response.status) == PKIStatus.GRANTED
        info = response.tst_info if granted else None
    except (ValueError, TypeError) as error:
        return None, [f"the time stamp cannot be read: {error}"]
    if info is None:
        return None, ["the time stamp was not granted"]
    at = format_time(info.gen_time.astimezone(UTC))
    stamped = Stamped(at, _authority(list(response.signed_data.certificates)), False)
    name = _HASHES.get(info.message_imprint.hash_algorithm.dotted_string)
    if name is None or hashlib.new(name, message).digest() != info.message_imprint.message:
        return stamped, ["the time stamp is of something else than the manifest"]
    if not roots:
        return stamped, []
    try:
        VerifierBuilder(roots=list(roots)).build().verify_message(response, message)
    except (VerificationError, ValueError) as error:
        return stamped, [f"the time stamp does not lead to the authority given: {error}"]
    return Stamped(at, stamped.authority, True), []


def _with_sorted_certificates(answer: bytes) -> bytes:
    """`answer` with its certificates in the order that DER has for a set: OpenSSL, which many authorities run, writes them in
    that of the chain, and the parser refuses it. No signature covers that order. What is of another form stays as it is."""
    try:
        place, end = 0, len(answer)
        for tag, number in ((0x30, 0), (0x30, 1), (0xA0, 1), (0x30, 0), (0xA0, 3)):  # answer, token, content, signed data
            start, end = next(islice(_inner(answer, place, end), number, None))
            if answer[start] != tag:
                return answer
            place = start + _head(answer, start)
        certificates = sorted(answer[start:end] for start, end in _inner(answer, place, end))
    except (IndexError, StopIteration):
        return answer
    return answer[:place] + b"".join(certificates) + answer[end:]


def _inner(der: bytes, place: int, end: int) -> Iterator[tuple[int, int]]:
    """Start and end of each value from `place` to `end`. Raises `IndexError` for one that is cut off."""
    while place < end:
        start, head = place, _head(der, place)
        size = der[start + 1]
        place += head + (size if size < 0x80 else int.from_bytes(der[start + 2 : start + head]))
        if place > end:
            raise IndexError
        yield start, place


def _head(der: bytes, place: int) -> int:
    """Bytes of the tag and the length of a value."""
    size = der[place + 1]
    return 2 if size < 0x80 else 2 + (size & 0x7F)


def read_roots(pem: bytes) -> list[Certificate]:
    """Certificates of a PEM file. Raises `InputError`."""
    try:
        return load_pem_x509_certificates(pem)
    except ValueError as error:
        raise InputError("root certificate", f"holds no PEM certificate: {error}") from None


def _authority(certificates: Sequence[bytes]) -> str:
    """Subject of the certificate that may stamp: an authority's answer may carry its whole chain."""
    from cryptography.x509 import ExtendedKeyUsage, ExtensionNotFound
    from cryptography.x509.oid import ExtendedKeyUsageOID

    for der in certificates:
        try:
            certificate = load_der_x509_certificate(der)
            usage = certificate.extensions.get_extension_for_class(ExtendedKeyUsage).value
        except (ExtensionNotFound, ValueError):
            continue
        if ExtendedKeyUsageOID.TIME_STAMPING in usage:
            return certificate.subject.rfc4514_string()
    return ""
