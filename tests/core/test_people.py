"""Whom a typed name means."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from bot.core.people import fold, matches, nearest


@dataclass(frozen=True)
class Person:
    name: str


def people(*names: str) -> list[Person]:
    return [Person(name) for name in names]


def names(found: list[Person]) -> list[str]:
    return [person.name for person in found]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        pytest.param("Ana Díaz", ["Ana Díaz"], id="whole name"),
        pytest.param("ana diaz", ["Ana Díaz"], id="without case and accents"),
        pytest.param("  ANA   DIAZ ", ["Ana Díaz"], id="odd spaces"),
        pytest.param("ana", ["Ana Díaz", "Ana María Ruiz"], id="a first name that two share gives both"),
        pytest.param("diaz", ["Ana Díaz"], id="last name"),
        pytest.param("diaz ana", ["Ana Díaz"], id="words in any order"),
        pytest.param("an di", ["Ana Díaz"], id="beginnings"),
        pytest.param("bob", ["Bob"], id="a whole name beats a longer one that begins with it"),
        pytest.param("ruis", ["Ana María Ruiz"], id="one slip in a short word"),
        pytest.param("fernndes", ["Zoë Fernandez"], id="two slips in a long word"),
        pytest.param("xyz", [], id="nobody"),
        pytest.param("", [], id="nothing typed"),
        pytest.param("ana ana", [], id="a word of the name serves once"),
    ],
)
def test_a_typed_name_means_everyone_that_the_strictest_rule_finds(typed: str, expected: list[str]) -> None:
    everyone = people("Ana Díaz", "Ana María Ruiz", "Bob", "Bobby Tables", "Zoë Fernandez")

    assert names(matches(typed, everyone)) == expected


def test_folding_forgives_case_accents_and_spaces() -> None:
    assert fold("  ZOË\u00a0 Straße ") == fold("zoe strasse")


def test_the_nearest_names_come_first() -> None:
    everyone = people("Billing", "Support", "Sales EMEA")

    assert names(nearest("bilings", everyone))[0] == "Billing"
    assert nearest("qqqq", everyone) == []
