"""Roles of people: sets of scopes with names."""

from __future__ import annotations

from typing import Literal

from api.keys import SCOPES
from fingerprints.errors import InputError

Role = Literal["editor", "legal", "admin"]
EDITOR = ("checks", "articles:read")
ROLES: dict[Role, tuple[str, ...]] = {
    "editor": EDITOR,
    "legal": (*EDITOR, "cases", "scans:read"),
    "admin": SCOPES,
}
"""An editor checks texts and reads articles; the legal team follows up cases as well, and sees what was scanned."""


def find_role(name: str) -> tuple[Role, tuple[str, ...]]:
    """The role with this name, and its scopes. Raises `InputError` for a name that is none."""
    for role, scopes in ROLES.items():
        if role == name:
            return role, scopes
    raise InputError("role", f"must be one of {', '.join(ROLES)}, not {name!r}")


def role_of(scopes: frozenset[str]) -> Role | None:
    """The role that stands for exactly these scopes; None when they are a set of their own."""
    return next((role for role, held in ROLES.items() if scopes == frozenset(held)), None)
