"""The log of looks, in words and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.looks import LookKind
from bot.core.rendering.names import raw_text
from bot.core.rendering.wording import moment, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from bot.core.looks import ListedLook

_NAMED = 3
_DOORS = {
    "cli": "on the command line",
    "command": "by a command",
    "mention": "by a mention",
    "message": "in a direct message",
    "button": "by a button",
    "home": "in the Home tab",
    "form": "in a form",
    "schedule": "in a scheduled post",
}


def looks_text(
    count: int, listed: Sequence[ListedLook], names: Mapping[str, str], *, zone: ZoneInfo, you: str, own: str | None
) -> str:
    """The looks, the newest first.

    Args:
        count: how many there are; fewer may be listed.
        names: agents' names by id; nobody else is named.
        you: the reader's Slack id.
        own: the reader's own agent, where the list is for herself: others in the same look are only counted.
    """
    if not count:
        return "Nobody looked in that time."
    head = plural(count, "look")
    if count > len(listed):
        head += f"; the newest {len(listed)} are listed. A shorter time shows the others: audit yesterday"
    lines = [head]
    day = ""
    for one in listed:
        local = one.look.at.astimezone(zone)
        if day != (day := f"{local:%a} {local.day} {local:%b %Y}"):
            lines.append(day)
        who = {you: "you", "operator": "the operator"}.get(one.look.who, one.look.who)
        lines += [f"    • {local:%H:%M:%S} {who}", f"        {', '.join(_parts(one, names, zone, own))}"]
    return "\n".join(lines)


def _parts(one: ListedLook, names: Mapping[str, str], zone: ZoneInfo, own: str | None) -> Iterator[str]:
    look = one.look
    yield ("looked into this log for " if look.kind is LookKind.AUDIT else "") + _whom(one, names, own)
    if look.window is not None:
        yield f"{moment(look.window.start, zone)} to {moment(look.window.end, zone)}"
    yield _DOORS.get(look.door, look.door)
    if look.channel is not None:
        yield f"for all to see in {look.channel}"


def _whom(one: ListedLook, names: Mapping[str, str], own: str | None) -> str:
    if not one.count:
        return "everybody" if one.look.kind is LookKind.AUDIT else "figures of groups alone"
    if own is not None:
        others = one.count - 1
        return "you alone" if not others else f"you and {plural(others, 'other')}"
    shown = [raw_text(names.get(agent, agent)) for agent in one.look.whom[:_NAMED]]
    more = one.count - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def looks_as_json(
    count: int, listed: Sequence[ListedLook], names: Mapping[str, str], *, own: str | None
) -> dict[str, object]:
    """The same for programs."""
    return {
        "audit": {
            "count": count,
            "looks": [
                {
                    "at": one.look.at.isoformat(),
                    "who": one.look.who,
                    "agents": [
                        {"id": agent, "name": names.get(agent)} for agent in one.look.whom if own in {None, agent}
                    ],
                    "count": one.count,
                    "kind": one.look.kind.value,
                    "start": one.look.window.start.isoformat() if one.look.window else None,
                    "end": one.look.window.end.isoformat() if one.look.window else None,
                    "door": one.look.door,
                    "channel": one.look.channel,
                }
                for one in listed
            ],
        }
    }
