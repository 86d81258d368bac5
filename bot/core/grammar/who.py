"""Whom and what: mentions, names, addresses, `team:`, lists and exclusions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.core.grammar.scanner import phrase
from bot.core.grammar.suggestions import example_for, nearest_keyword, unknown_word
from bot.core.grammar.words import FILTER_KINDS, KEYWORDS, NOT_BUILT, REFUSED_TIME_WORDS, UNITS, WEEKDAYS
from bot.core.query import Selector, SelectorKind
from bot.errors import CommandError, UnknownCommandError

if TYPE_CHECKING:
    from bot.core.grammar.scanner import Scanner

_FILTER = re.compile(rf"(?P<kind>{'|'.join(FILTER_KINDS)}):").match
_ME = phrase(r"me")
_MY_TEAM = phrase(r"my team")
_MENTION = re.compile(r"<@([UW][A-Z0-9]+)>").match
_EMAIL = phrase(r"[^\s@,:/<>\"]+@[^\s@,:/<>\"]+\.[^\s@,:/<>\".]+")
_QUOTED = re.compile(r'"([^"]*)"').match


def read_selectors(scan: Scanner) -> tuple[list[Selector], bool] | None:
    """The choices here, a comma list as one phrase, and whether they are left out.

    Raises:
        CommandError: a word that is no name: a keyword without its object, a slip, a time word, a verb of
            another version.
    """
    excluded = scan.line.startswith("-", scan.at)
    if excluded:
        scan.at += 1
        if not scan.word() and not scan.line.startswith('"', scan.at):
            raise _lonely_minus()
    first = _read_one(scan, excluded=excluded)
    if first is None:
        return None
    found = [first]
    kind = first.kind if first.kind in FILTER_KINDS.values() else None
    while (following := _read_next(scan, kind)) is not None:
        found.append(following)
    return found, excluded


def _lonely_minus() -> CommandError:
    return CommandError(
        "`-` needs whom to leave out, without a space between.",
        hint="team:Billing -@ana",
        code="missing_object",
    )


def _read_next(scan: Scanner, kind: SelectorKind | None) -> Selector | None:
    """The next member of a comma list: of the filter's kind, else a person."""
    before = scan.at
    if scan.skip_gap() and not scan.done and not _begins_another_phrase(scan):
        if kind is None:
            return _read_one(scan, excluded=False)
        return Selector(kind, _read_value(scan, kind, run=True))
    scan.at = before
    return None


def _begins_another_phrase(scan: Scanner) -> bool:
    word = scan.word()
    if scan.line.startswith(('"', "<@"), scan.at) or _EMAIL(scan.low, scan.at):
        return False
    return word.startswith("-") or (not word.startswith("@") and not _is_name_word(word))


def _read_one(scan: Scanner, *, excluded: bool) -> Selector | None:
    if found := scan.take(_ME):
        return Selector(SelectorKind.ME)
    if found := scan.take(_MY_TEAM):
        return Selector(SelectorKind.MY_TEAM)
    if found := _FILTER(scan.low, scan.at):
        scan.at = found.end()
        kind = FILTER_KINDS[found["kind"]]
        return Selector(kind, _read_value(scan, kind))
    if found := _MENTION(scan.line, scan.at):
        scan.at = found.end()
        return Selector(SelectorKind.MENTION, found[1])
    if scan.line.startswith("<", scan.at):
        raise _not_an_agent(scan)
    if found := scan.take(_EMAIL):
        return Selector(SelectorKind.EMAIL, scan.line[found.start() : found.end()])
    if quoted := _read_quoted(scan):
        return Selector(SelectorKind.AGENT, quoted)
    return _read_name(scan, excluded=excluded)


def _read_quoted(scan: Scanner) -> str | None:
    found = _QUOTED(scan.line, scan.at)
    if found is None:
        return None
    scan.at = found.end()
    if not found[1].strip():
        raise CommandError("A name in quotes is empty.", hint='"ana diaz" yesterday', code="missing_object")
    return found[1].strip()


def _read_value(scan: Scanner, kind: SelectorKind, *, run: bool = False) -> str:
    """What stands after `team:`; in a list several words are one name."""
    if not run:
        gap = re.match(" ?", scan.line[scan.at :])
        attached = not (gap and gap[0]) and bool(scan.word())
        if attached:
            word = scan.word()
            scan.at += len(word)
            return word
        scan.at += len(gap[0]) if gap else 0
    if quoted := _read_quoted(scan):
        return quoted
    if found := _MENTION(scan.line, scan.at):
        scan.at = found.end()
        return found[0]
    if not _name_word(scan, scan.at):
        raise CommandError(
            f"`{kind.value}:` needs a name after it.",
            hint=f'{kind.value}:Billing, or {kind.value}:"Billing North"',
            code="missing_object",
        )
    return _read_run(scan) if run else _one_word(scan)


def _one_word(scan: Scanner) -> str:
    word = scan.word()
    scan.at += len(word)
    return word


def _read_name(scan: Scanner, *, excluded: bool) -> Selector:
    start, word = scan.at, scan.word()
    if word.startswith("@"):
        scan.at += 1
        if quoted := _read_quoted(scan):
            return Selector(SelectorKind.AGENT, quoted)
        if not any(c.isalnum() for c in word):
            raise CommandError("`@` needs a name after it.", hint="@ana yesterday", code="missing_object")
        scan.at = start + len(word)
        rest = _read_rest(scan)
        return Selector(SelectorKind.AGENT, f"{word[1:]} {rest}".strip())
    if excluded and not _is_name_word(word) and word.lower().rstrip(":") in KEYWORDS:
        raise CommandError(
            f"`-{word}` leaves out a keyword; a minus leaves out people, teams, queues and the like.",
            hint=f'team:Billing -@ana; if it is a name: -"{word}"',
            code="contradiction",
        )
    refuse_word(scan)
    return Selector(SelectorKind.AGENT, _read_run(scan))


def _read_run(scan: Scanner) -> str:
    """Leftover words in a row, each looked at for a slip."""
    start = scan.at
    words = _run_of_words(scan)
    end = words[-1][1] + len(words[-1][0])
    for word, at in words:
        if keyword := nearest_keyword(word.lower()):
            name = scan.line[start:end]
            raise unknown_word(word, keyword, line=scan.line, at=at, name=name, name_at=start)
    scan.at = end
    return " ".join(word for word, _ in words)


def _read_rest(scan: Scanner) -> str:
    """Leftover words directly after `@ana`."""
    if not scan.line.startswith(" ", scan.at) or not _name_word(scan, scan.at + 1):
        return ""
    scan.at += 1
    return _read_run(scan)


def _run_of_words(scan: Scanner) -> list[tuple[str, int]]:
    """The leftover words from here on, with where they stand."""
    out = []
    at = scan.at
    while word := _name_word(scan, at):
        out.append((word, at))
        at += len(word)
        if not scan.line.startswith(" ", at):
            break
        at += 1
    return out


def _name_word(scan: Scanner, at: int) -> str:
    """The word there if it could be (part of) a name, else an empty string."""
    word = scan.word(at)
    return word if word and _is_name_word(word) and not _EMAIL(scan.low, at) else ""


def _is_name_word(word: str) -> bool:
    """Whether a word could be (part of) a name: no keyword, nothing of time, no sign of another phrase."""
    low = word.lower()
    return (
        not word.startswith(("-", "@", "<"))
        and any(c.isalpha() for c in word)
        and not any(c.isdigit() or c in ":/" for c in word)
        and ".." not in word
        and low not in KEYWORDS
        and low not in REFUSED_TIME_WORDS
        and low not in NOT_BUILT
    )


def refuse_word(scan: Scanner) -> None:
    """Refuse the word here unless it can begin a name.

    Raises:
        UnknownCommandError: it is a verb of another version, a time word, or holds what no name holds.
        CommandError: it is a keyword without its object.
    """
    word = scan.word()
    low = word.lower()
    if low in NOT_BUILT:
        raise UnknownCommandError(
            f"`{low}` isn't built into this version yet.",
            hint=f'This works: {NOT_BUILT[low]}. If it is a name, put it in quotes: "{word}"',
            code="not_built",
        )
    bare = low.removesuffix(":")
    following = scan.word(scan.at + len(word) + 1)
    if bare in {"last", "past", "this"} and following:
        _refuse_slip_of_time(scan, scan.at + len(word) + 1)
        raise CommandError(
            f"`{word} {following}` is no time that I know.",
            hint="this week, last week, last month, last monday, last 7 days, last 2 weeks, past 48h, past 90m",
            code="missing_object",
        )
    if bare in KEYWORDS:
        raise CommandError(
            f"`{word}` says too little on its own here.",
            hint=f'For example: {example_for(bare)}. If it is a name, put it in quotes: "{word}"',
            code="missing_object",
        )
    if low in REFUSED_TIME_WORDS:
        raise UnknownCommandError(
            f"`{word}` is no time that I know.",
            hint=f'This works: {REFUSED_TIME_WORDS[low]}. If it is a name, put it in quotes: "{word}"',
        )
    if _is_name_word(word):
        return
    head = low.split(":")[0]
    if ":" in word and (keyword := nearest_keyword(head)):
        raise unknown_word(word[: len(head)], keyword, line=scan.line, at=scan.at, name=word, name_at=scan.at)
    if (keyword := nearest_keyword(low)) and word:
        raise unknown_word(word, keyword, line=scan.line, at=scan.at, name=word, name_at=scan.at)
    hint = "yesterday 9-17, 2026-11-20, last 7 days, past 48h, top 10, below 60%"
    if ":" in word:
        hint = f"{', '.join(f'{kind}:' for kind in FILTER_KINDS)} choose; 9:00-17:30 are hours"
    raise UnknownCommandError(f"I can't read `{word or scan.line[scan.at :][:1]}`.", hint=hint)


def _refuse_slip_of_time(scan: Scanner, at: int) -> None:
    """Refuse a slip of a unit or a day after `last`, `past` or `this`: `last 7 dyas`, `this moth`.

    Raises:
        UnknownCommandError: the word is one.
    """
    start, known = scan.at, {*WEEKDAYS, "week", "month"}
    if scan.word(at).isdecimal():
        at, known = at + len(scan.word(at)) + 1, {*UNITS}
    word = scan.word(at)
    if (keyword := nearest_keyword(word.lower())) in known:
        meant = f"{scan.line[start:at]}{keyword}"
        raise UnknownCommandError(
            f"`{word}` is no word I know; the nearest is `{keyword}`.",
            hint=f"For example: {meant}",
            choices=((meant, scan.instead(at, at + len(word), keyword)),),
        )


def _not_an_agent(scan: Scanner) -> UnknownCommandError:
    word = scan.word()
    if word.startswith("<!subteam"):
        return UnknownCommandError(
            "A Slack user group is no group of agents.", hint="team:Billing, or group:Seniors, choose agents"
        )
    if word.startswith("<#"):
        return UnknownCommandError("A channel is no group of agents.", hint="team:Billing, or queue:Support")
    return UnknownCommandError(f"I can't read `{word}`.", hint="@ana, ana diaz, ana@example.com, team:Billing")
