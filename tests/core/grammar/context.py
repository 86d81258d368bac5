"""A Tuesday afternoon in London, which most tests of the grammar ask on."""

from datetime import UTC, datetime, time

from bot.core.grammar import GrammarContext
from bot.core.zones import load_zone


def context(now: str = "2026-11-24T15:32:10+00:00", zone: str = "Europe/London", **more: object) -> GrammarContext:
    settings: dict = {
        "zone_source": "setting",
        "shifts": {"night": (time(22), time(6)), "early": (time(6), time(14, 30))},
    }
    moment = datetime.fromisoformat(now)
    return GrammarContext(now=moment.astimezone(UTC), zone=load_zone(zone), **(settings | more))
