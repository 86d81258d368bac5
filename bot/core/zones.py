"""Time zones, read from the pinned `tzdata` package before the system's copy.

Two machines with different system packages would otherwise cut the same day differently.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@cache
def zone_names() -> tuple[str, ...]:
    """Every name of the IANA database, sorted."""
    return tuple(sorted(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()))


@cache
def _names_by_lower() -> dict[str, str]:
    return {name.lower(): name for name in zone_names()}


@cache
def load_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name, in any case (`europe/london`).

    Raises:
        ZoneInfoNotFoundError: the database has no such zone.
    """
    exact = _names_by_lower().get(name.lower())
    if exact is None:
        raise ZoneInfoNotFoundError(name)
    resource = files("tzdata.zoneinfo")
    for part in exact.split("/"):
        resource = resource.joinpath(part)
    with resource.open("rb") as data:
        return ZoneInfo.from_file(data, key=exact)
