"""All that people chose and saved, their links and the schedules, as one JSON file that can be read back.

Reading the same file twice changes nothing the second time. Nothing is written where any entry is bad: all bad ones
are named at once.
"""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from bot.core.grammar.choices import defaults_from_json, defaults_to_json
from bot.core.grammar.memos import check_name
from bot.core.grammar.text import MAX_CHARACTERS
from bot.core.memos import Link, Saved
from bot.errors import CommandError
from bot.ports import EverythingKept

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.defaults import Defaults
    from bot.ports import MemoryStore

FORMAT = 1
_UNKEPT = frozenset({"Cc", "Cs"})
_PARTS = ("settings", "saved", "links")

T = TypeVar("T")


def exported(store: MemoryStore) -> dict[str, Any]:
    """The document to write, without the schedules."""
    everything = store.everything()
    return {
        "format": FORMAT,
        "settings": {person: defaults_to_json(defaults) for person, defaults in everything.defaults.items()},
        "saved": [
            {
                "name": saved.name,
                "question": saved.question,
                "owner": saved.owner_id,
                "for_channel": saved.for_channel,
                "by": saved.by,
                "at": saved.at.isoformat(),
            }
            for saved in everything.saved
        ],
        "links": [
            {"person": link.person_id, "agent": link.agent_id, "by": link.by, "at": link.at.isoformat()}
            for link in everything.links
        ],
    }


def read_document(document: object) -> EverythingKept:
    """What the document holds, checked.

    Raises:
        CommandError: it isn't one, or entries are bad; every bad one is named.
    """
    if not isinstance(document, dict) or document.get("format") != FORMAT or not set(_PARTS) & document.keys():
        raise CommandError(
            f'That is no file of what is kept: it has "format": {FORMAT} and {", ".join(_PARTS)}.',
            hint="python -m bot memory export FILE writes one.",
            code="invalid_file",
        )
    faults: list[str] = []
    settings = document.get("settings", {})
    if not isinstance(settings, dict):
        faults.append("settings: no object")
        settings = {}
    defaults = {
        person: found
        for person, words in settings.items()
        if (found := _read(f"settings.{person[:40]}", (person, words), _settings, faults)) is not None
    }
    questions = _all("saved", document.get("saved", []), _saved, faults)
    linked = _all("links", document.get("links", []), _link, faults)
    if faults:
        count = "1 entry" if len(faults) == 1 else f"{len(faults)} entries"
        raise CommandError(
            "\n".join([f"Nothing was imported: {count} can't be read.", *(f"  {fault}" for fault in faults)]),
            hint="Put these right, and import the file again.",
            code="invalid_file",
        )
    return EverythingKept(defaults, questions, linked)


def _all(part: str, entries: object, read: Callable[[Any], T], faults: list[str]) -> list[T]:
    if not isinstance(entries, list):
        faults.append(f"{part}: no list")
        return []
    found = (_read(f"{part}[{index}]", entry, read, faults) for index, entry in enumerate(entries))
    return [entry for entry in found if entry is not None]


def _read(where: str, entry: object, read: Callable[[Any], T], faults: list[str]) -> T | None:
    try:
        return read(entry)
    except (ValueError, CommandError) as error:
        faults.append(f"{where}: {error}".encode(errors="replace").decode())
        return None


def _settings(entry: tuple[str, object]) -> Defaults:
    person, words = entry
    _check_kept(person, "person")
    return defaults_from_json(words)


def _saved(entry: object) -> Saved:
    name, question = _text(entry, "name"), _text(entry, "question")
    check_name(name)
    for_channel = _field(entry, "for_channel")
    if not isinstance(for_channel, bool):
        raise ValueError("for_channel: neither true nor false")  # noqa: TRY004  a file is bad, not a call
    return Saved(name, question, _text(entry, "owner"), for_channel, _text(entry, "by"), _moment(entry))


def _link(entry: object) -> Link:
    agent = _field(entry, "agent")
    if agent is not None:
        agent = _text(entry, "agent")
    return Link(_text(entry, "person"), agent, _text(entry, "by"), _moment(entry))


def _field(entry: object, name: str) -> object:
    if not isinstance(entry, dict) or name not in entry:
        raise ValueError(f"{name} is missing")
    return entry[name]


def _text(entry: object, name: str) -> str:
    value = _field(entry, name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name}: no text")
    _check_kept(value, name)
    return value


def _check_kept(value: str, name: str) -> None:
    """Refuse what a command could not have put there, and a database could not take."""
    if len(value) > MAX_CHARACTERS:
        raise ValueError(f"{name}: more than {MAX_CHARACTERS:,} characters")
    if any(unicodedata.category(sign) in _UNKEPT for sign in value):
        raise ValueError(f"{name}: signs that no text has")


def _moment(entry: object) -> datetime:
    moment = datetime.fromisoformat(_text(entry, "at"))
    if moment.tzinfo is None:
        raise ValueError("at: an instant has an offset")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("at: beyond the years that there are") from None
