"""A policy says what it means: bad settings are refused by name, every rule changes the digest."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from detector import InputError, Licence, Policy
from detector.policy import PassagePolicy, rewrite_confidence

TOML = """
name = "redaksi"
language = "en"
copy_score = 0.7
own_names = ["Kabar Loweha"]
own_domains = ["kabarloweha.co.id"]

[passages]
chain_gap = 8

[[licences]]
domain = "mitra.id"
max_words = 50
requires = "linked"

[[licences]]
domain = "arsip.mitra.id"
"""


def test_a_table_becomes_a_policy() -> None:
    policy = Policy.from_toml(tomllib.loads(TOML))
    assert policy == Policy(
        name="redaksi",
        language="en",
        copy_score=0.7,
        own_names=("Kabar Loweha",),
        own_domains=("kabarloweha.co.id",),
        passages=PassagePolicy(chain_gap=8),
        licences=(Licence("mitra.id", 50, "linked"), Licence("arsip.mitra.id")),
    )


@pytest.mark.parametrize(
    ("table", "location"),
    [
        ({"copy_skore": 0.5}, "policy.copy_skore"),
        ({"copy_score": 1.5}, "policy.copy_score"),
        ({"copy_score": float("nan")}, "policy.copy_score"),
        ({"copy_score": True}, "policy.copy_score"),
        ({"copy_score": "0.6"}, "policy.copy_score"),
        ({"copy_score": 0.1}, "policy.partial_score"),
        ({"partial_words": 0}, "policy.partial_words"),
        ({"partial_words": 2.5}, "policy.partial_words"),
        ({"language": "fr"}, "policy.language"),
        ({"name": ""}, "policy.name"),
        ({"own_names": "Kabar"}, "policy.own_names"),
        ({"own_names": [1]}, "policy.own_names[1]"),
        ({"own_domains": ["https://kabar.id/"]}, "policy.own_domains[1]"),
        ({"passages": 3}, "policy.passages"),
        ({"passages": {"gap": 3}}, "policy.passages.gap"),
        ({"passages": {"chain_gap": -1}}, "policy.passages.chain_gap"),
        ({"licences": {"domain": "a.id"}}, "policy.licences"),
        ({"licences": ["a.id"]}, "policy.licences[1]"),
        ({"licences": [{"max_words": 5}]}, "policy.licences[1].domain"),
        ({"licences": [{"domain": "a.id", "words": 5}]}, "policy.licences[1].words"),
        ({"licences": [{"domain": "a.id", "max_words": 0}]}, "policy.licences[1].max_words"),
        ({"licences": [{"domain": "a.id", "requires": "money"}]}, "policy.licences[1].requires"),
        ({"licences": [{"domain": "a.id"}, {"domain": "a.id"}]}, "policy.licences"),
    ],
)
def test_bad_settings_are_named(table: dict[str, Any], location: str) -> None:
    with pytest.raises(InputError) as caught:
        Policy.from_toml(table)
    assert caught.value.location == location


def test_every_rule_changes_the_digest() -> None:
    policies = [
        Policy(),
        Policy(name="lain"),
        Policy(partial_words=31),
        Policy(passages=PassagePolicy(chain_gap=9)),
        Policy(own_domains=("a.id",)),
        Policy(licences=(Licence("a.id"),)),
        Policy(licences=(Licence("a.id", 5),)),
    ]
    assert len({policy.digest for policy in policies}) == len(policies)
    assert Policy().digest == Policy().digest


def test_the_most_specific_licence_holds_for_a_host_and_those_below_it() -> None:
    policy = Policy.from_toml(tomllib.loads(TOML))
    assert policy.licence("mitra.id") == policy.licence("www.mitra.id") == Licence("mitra.id", 50, "linked")
    assert policy.licence("foto.arsip.mitra.id") == Licence("arsip.mitra.id")
    assert policy.licence("bukanmitra.id") is None
    assert policy.owns("www.kabarloweha.co.id")
    assert not policy.owns("co.id")


def test_the_confidence_of_a_rewrite_rises_with_its_words() -> None:
    shares = [rewrite_confidence(words) for words in (1, 59, 60, 119, 120, 5000)]
    assert shares == sorted(shares)
    assert all(0 < share < 1 for share in shares)
