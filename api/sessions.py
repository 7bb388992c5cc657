"""Signing in to the pages: a single-use link from the terminal, or a key, is exchanged for a session cookie."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from api.clock import microseconds, now
from api.keys import ADMIN_ID, LINK_ID, MAX_NAME, Caller, is_valid
from api.roles import ROLES, Role
from fingerprints.article import check_text
from fingerprints.errors import InputError
from fingerprints.stores.contract import Between, Kind, Store

COOKIE = "sidik_session"
CSRF_HEADER = "x-sidik-csrf"
SESSIONS = Kind("session", ("until",))
SIGN_INS = Kind("sign_in", ("until",))
SIGN_IN_LIFE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=12)


def create_sign_in(store: Store, role: Role = "admin", name: str | None = None) -> str:
    """A token that can be exchanged once, within 30 minutes, for a session with the scopes of `role`; `name` is whose session
    it is, and keeps the history of one person apart. Only its hash is kept. Raises `InputError` for a bad name."""
    if name is not None:
        check_text("name", name, blank=False)
        if len(name) > MAX_NAME:
            raise InputError("name", f"must have at most {MAX_NAME} characters, has {len(name)}")
    token = secrets.token_urlsafe(32)
    _drop_expired(store, SIGN_INS)
    doc = {"until": microseconds(now() + SIGN_IN_LIFE), "role": role, "name": name}
    store.records.insert(SIGN_INS, _hash(token), doc)
    return token


def sign_in_address(address: str, token: str) -> str:
    """What a person opens: the token stands in the fragment, which browsers do not send."""
    return f"{address.rstrip('/')}/#masuk={token}"


def redeem_sign_in(store: Store, token: str) -> str | None:
    """The session token for a sign-in token, which is used up by this; None when it is unknown, used or too old."""
    id = _hash(token)
    record = store.records.get(SIGN_INS, id)
    if record is None or not store.records.delete(SIGN_INS, id) or record.doc["until"] <= microseconds(now()):
        return None
    name = record.doc.get("name")
    scopes = frozenset(ROLES[record.doc.get("role", "admin")])
    return create_session(store, Caller(f"{LINK_ID}:{name}" if name else LINK_ID, name or LINK_ID, scopes))


def create_session(store: Store, caller: Caller) -> str:
    """A session token with the scopes of `caller`; only its hash is kept."""
    token = secrets.token_urlsafe(32)
    _drop_expired(store, SESSIONS)
    doc = {
        "until": microseconds(now() + SESSION_LIFE),
        "name": caller.name,
        "key_id": caller.id,
        "scopes": sorted(caller.scopes),
        "rate_per_minute": caller.rate_per_minute,
    }
    store.records.insert(SESSIONS, _hash(token), doc)
    return token


def find_session(store: Store, token: str) -> Caller | None:
    """Who a session belongs to; None when it is unknown, ended or too old, or the key that opened it is revoked or expired."""
    record = store.records.get(SESSIONS, _hash(token))
    if record is None or record.doc["until"] <= microseconds(now()):
        return None
    doc = record.doc
    if doc["key_id"].partition(":")[0] not in (ADMIN_ID, LINK_ID) and not is_valid(store, doc["key_id"]):
        return None
    return Caller(doc["key_id"], doc["name"], frozenset(doc["scopes"]), doc["rate_per_minute"])


def end_session(store: Store, token: str) -> None:
    """Make a session token useless."""
    store.records.delete(SESSIONS, _hash(token))


def csrf_token(session: str) -> str:
    """What a page must send back in `x-sidik-csrf`: known to our pages, which can be given it, and to no other site."""
    return hmac.new(session.encode(), b"csrf", hashlib.sha256).hexdigest()


def _drop_expired(store: Store, kind: Kind) -> None:
    for record in store.records.find(kind, {"until": Between(None, microseconds(now()))}, limit=50):
        store.records.delete(kind, record.id)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
