"""The text of one setting → its value, or what it should have been.

Each fault is a `ValueError` that goes on from the variable's name: `WEEK_START` *is the name of a weekday …*
"""

from __future__ import annotations

import ipaddress
import re
from datetime import time
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfoNotFoundError

from pydantic import PlainValidator, SecretStr

from bot.core.zones import load_zone, zone_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEPARATORS = re.compile(r"[\s,;]+")


def from_text(read: Callable[[str], object]) -> PlainValidator:
    """A variable's text is read; what has its type already (a default) is taken as it is."""
    return PlainValidator(lambda value: read(value) if isinstance(value, str) else value)


def whole_number(low: int, high: int) -> PlainValidator:
    """A whole number within both bounds."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise ValueError(f"is a whole number from {low} to {high}, not {text!r}")
        return number

    return from_text(read)


def one_of(*words: str, case: Callable[[str], str]) -> PlainValidator:
    """One of the words, whichever way it is cased."""

    def read(text: str) -> str:
        word = case(text)
        if word not in words:
            raise ValueError(f"is one of {', '.join(words)}, not {text!r}")
        return word

    return from_text(read)


def read_weekday(text: str) -> int:
    """A weekday's name or its beginning → 0 for Monday to 6."""
    matches = [day for day in _DAYS if len(text) >= 3 and day.startswith(text.lower())]
    if not matches:
        raise ValueError(f"is the name of a weekday, such as monday, not {text!r}")
    return _DAYS.index(matches[0])


def read_time_of_day(text: str) -> time | None:
    """`02:00`, or None for `off`."""
    if text.lower() == "off":
        return None
    found = re.fullmatch(r"(\d{1,2}):(\d{2})", text)
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError(f"is a time of day such as 02:00, or off, not {text!r}")
    return time(int(found[1]), int(found[2]))


def read_zone_name(text: str) -> str:
    """An IANA zone as the database spells it."""
    try:
        return load_zone(text).key
    except ZoneInfoNotFoundError:
        raise ValueError(f"is an IANA zone such as {_nearest(text, zone_names())}, not {text!r}") from None


def read_web_address(text: str) -> str:
    """An https address, or plain http to this machine: credentials never travel in clear."""
    address = text.rstrip("/")
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("is an address such as https://gateway.example.com") from None
    if parts.username or parts.password:
        raise ValueError("holds no user name and no password")
    if parts.query or parts.fragment:
        raise ValueError("has no query and no fragment")
    if not host or parts.scheme not in {"https", "http"}:
        raise ValueError(f"is an address such as https://gateway.example.com, not {address!r}")
    if parts.scheme == "http" and not _is_loopback(host):
        raise ValueError("begins with https://; plain http goes to this machine only")
    return address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def secret(*prefixes: str) -> PlainValidator:
    """A secret in one piece. What is wrong with it is said without showing any of it."""

    def read(text: str) -> SecretStr:
        if any(character.isspace() or not character.isprintable() for character in text):
            raise ValueError("holds a blank or a control character: copy it again")
        if prefixes and not text.startswith(prefixes):
            raise ValueError(f"begins with {' or '.join(prefixes)}: another token was pasted here")
        return SecretStr(text)

    return from_text(read)


def read_database_url(text: str) -> SecretStr:
    """An address of SQLite or Postgres; a secret, for it may hold a password."""
    scheme, separator, _ = text.partition("://")
    dialect = scheme.partition("+")[0]
    if not separator or dialect not in {"sqlite", "postgresql", "postgres"}:
        raise ValueError("begins with sqlite:/// or postgresql://")
    return SecretStr(text)


def ids(first_letters: str, *, example: str, hint: str) -> PlainValidator:
    """A list such as `C1,C2` of Slack ids; commas, semicolons and blanks part them."""
    pattern = re.compile(rf"[{first_letters}][A-Z0-9]+")

    def read(text: str) -> tuple[str, ...]:
        words = tuple(filter(None, _SEPARATORS.split(text)))
        strange = [word for word in words if not pattern.fullmatch(word)]
        if strange:
            raise ValueError(f"lists ids such as {example}, not {', '.join(map(repr, strange))}: {hint}")
        return tuple(dict.fromkeys(words))

    return from_text(read)


def read_shifts(text: str) -> Mapping[str, tuple[time, time]]:
    """`night=22:00-06:00,day=9-17` → the wall-clock ends of each shift; one may cross midnight."""
    shifts: dict[str, tuple[time, time]] = {}
    for part in filter(None, re.split(r"[,;]\s*|\n", text.strip())):
        name, _, span = (piece.strip() for piece in part.partition("="))
        ends = re.fullmatch(r"(\d{1,2})(?::(\d{2}))?\s*[-–]\s*(\d{1,2})(?::(\d{2}))?", span)
        if not re.fullmatch(r"[A-Za-z][\w-]*", name) or ends is None:
            raise ValueError(f"reads like night=22:00-06:00,day=9-17, and {part!r} doesn't")
        if name.lower() in shifts:
            raise ValueError(f"names the shift {name.lower()} twice")
        try:
            start, end = (
                time(int(hour) % 24 if hour == "24" else int(hour), int(minute or 0))
                for hour, minute in (ends.group(1, 2), ends.group(3, 4))
            )
        except ValueError:
            raise ValueError(f"has no such time of day: {part!r}") from None
        if start == end:
            raise ValueError(f"gives the shift {name} no length: {part!r}")
        shifts[name.lower()] = (start, end)
    return MappingProxyType(shifts)


def read_metrics(text: str) -> tuple[str, ...]:
    """Column names of the metrics named; the first is the headline."""
    from bot.core.metrics import find_metric, metric_names

    names: dict[str, None] = {}
    for word in filter(None, (word.strip() for word in re.split(r"[,;]", text))):
        metric = find_metric(word)
        if metric is None:
            raise ValueError(f"lists metrics such as {_nearest(word, metric_names())}, not {word!r}")
        names[metric.name] = None
    return tuple(names)


def _nearest(word: str, known: Iterable[str]) -> str:
    from rapidfuzz import process  # only a mistake pays for it

    return str(process.extractOne(word, sorted(known))[0])


def read_grants(text: str) -> str:
    """Supervisors and what each may see, as typed: `bot.core.rights` reads it where it is used."""
    from bot.core.rights import parse_grants

    try:
        parse_grants(text)
    except ValueError as error:
        raise ValueError(f"reads like U123=team:Billing,queue:Support; S456=*: {error}") from None
    return text


def read_command_name(text: str) -> str:
    """A slash command, with its slash."""
    name = text if text.startswith("/") else f"/{text}"
    if not re.fullmatch(r"/[a-z0-9_-]{1,31}", name):
        raise ValueError(f"is a slash, then up to 31 lower-case letters, digits, - and _, not {text!r}")
    return name
