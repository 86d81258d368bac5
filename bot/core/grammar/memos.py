"""Commands about what the bot keeps: `settings zone Europe/London`, `save morning yesterday`, `link ana@example.com`.

They begin with their verb, and the words after it belong to it: a saved question is read when it is asked.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.defaults import NOTHING_CHOSEN
from bot.core.grammar.choices import CHOICE_WORDS, CHOICES, with_setting
from bot.core.grammar.scanner import alternatives, phrase
from bot.core.grammar.suggestions import nearest
from bot.core.grammar.words import KEYWORDS
from bot.core.memos import LONGEST_NAME, Memo
from bot.core.query import Query, Verb
from bot.errors import CommandError, UnknownCommandError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.grammar.context import GrammarContext
    from bot.core.grammar.scanner import Scanner

    Parse = Callable[[str, GrammarContext], Query]

_VERB = phrase(r"(?P<verb>settings|save|saved|unsave|link|unlink)")
_KEY = phrase(rf"(?P<key>{alternatives(CHOICE_WORDS)})")
_RESET = phrase(r"reset")
_MENTION = phrase(r"<@(?P<id>[uw][a-z0-9]+)>")
_FOR_CHANNEL = re.compile(r"(?<![^\s,])for (?:this|the) channel(?=[\s,]|$)")
_QUOTED = re.compile(r'"([^"]*)"')
_NAME_SIGNS = re.compile(r"[\w .&+'()-]+")
_NONE = frozenset({"none", "nothing", "default", "off"})
"""Take a choice back; in quotes they would be the name of a team."""
SAVE_EXAMPLE = "save morning yesterday team:Billing"
LINK_EXAMPLE = "link ana@example.com"
_ASKS = frozenset({None, Verb.INTERVALS, Verb.EXPLAIN, Verb.RECONCILE})
"""What may be asked again under a name."""


def read_memo(scan: Scanner, context: GrammarContext, parse: Parse) -> Memo | None:
    """The command about what is kept that the line is; None where it is something else.

    Args:
        parse: reads a question that is to be saved, so that one that can't be read isn't.

    Raises:
        CommandError: a part is missing, or can't be read.
    """
    found = scan.take(_VERB)
    if found is None:
        return None
    scan.skip_gap()
    verb = Verb(found["verb"])
    if verb is Verb.SETTINGS:
        return _settings(scan)
    if verb in {Verb.LINK, Verb.UNLINK}:
        return _link(scan, verb)
    return _saved(scan, verb, context, parse)


def _settings(scan: Scanner) -> Memo:
    memo = Memo(Verb.SETTINGS, reset=bool(scan.take(_RESET)))
    scan.skip_gap()
    if scan.done:
        return memo
    key = scan.take(_KEY)
    if key is None:
        word = scan.word()
        likely = nearest(word.lower(), tuple(CHOICE_WORDS))
        raise UnknownCommandError(
            f"There is no setting `{word or scan.line[scan.at :]}`.",
            hint=CHOICES[CHOICE_WORDS[likely]].example if likely else f"settings {', '.join(CHOICES)}",
            code="unknown_setting",
        )
    memo = replace(memo, key=CHOICE_WORDS[key["key"]], value=scan.line[scan.at :].strip(" "))
    if memo.reset and memo.value:
        raise CommandError(
            f"`settings reset {memo.key}` takes nothing more; `{memo.value}` is left over.",
            hint=f"settings {memo.key} {memo.value}",
            code="contradiction",
        )
    if memo.value.lower() in _NONE:
        return replace(memo, value="", reset=True)
    if memo.value:
        with_setting(NOTHING_CHOSEN, memo.key, memo.value)  # what it can't be is said at once
    return memo


def _link(scan: Scanner, verb: Verb) -> Memo:
    person = scan.take(_MENTION)
    memo = Memo(verb, person=person["id"].upper() if person else "")
    scan.skip_gap()
    whom = scan.line[scan.at :].strip(" ,")
    if verb is Verb.UNLINK and whom:
        raise CommandError(
            f"`unlink` takes nobody but a mention; `{whom}` is left over.",
            hint="unlink, or unlink @ana",
            code="contradiction",
        )
    if memo.person and verb is Verb.LINK and not whom:
        raise CommandError(
            "`link` needs the agent that this person is.", hint=f"link @ana {LINK_EXAMPLE[5:]}", code="missing_object"
        )
    if whom.lower() in {"me", "myself"} and not memo.person:
        return memo
    return replace(memo, whom=whom.removeprefix("@").replace('"', "").strip())


def _saved(scan: Scanner, verb: Verb, context: GrammarContext, parse: Parse) -> Memo:
    rest, for_channel = _without_channel(scan.line[scan.at :])
    memo = Memo(verb, for_channel=for_channel)
    if not rest:
        if verb is Verb.SAVED:
            return memo
        raise CommandError(
            f"`{verb.value}` needs the name of a question.",
            hint=SAVE_EXAMPLE if verb is Verb.SAVE else f"{verb.value} morning",
            code="missing_object",
        )
    if verb is not Verb.SAVE:  # the rest is the name, quotes or not
        return replace(memo, name=_name(rest.replace('"', ""), quoted=True))
    name, question, quoted = _split(rest)
    memo = replace(memo, name=_name(name, quoted=quoted), question=question)
    if question:
        check_question(question, context, parse)
    return memo


def _without_channel(words: str) -> tuple[str, bool]:
    """The words without `for this channel`, and whether that was among them; in quotes it is part of a name."""
    low = words.lower()
    for found in _FOR_CHANNEL.finditer(low) if len(low) == len(words) else ():
        if words.count('"', 0, found.start()) % 2 == 0:
            return " ".join(f"{words[: found.start()]} {words[found.end() :]}".split()).strip(" ,"), True
    return words.strip(" ,"), False


def _split(rest: str) -> tuple[str, str, bool]:
    """(name, question, whether the name is quoted)"""
    if found := _QUOTED.match(rest):
        return found[1], rest[found.end() :].strip(" ,"), True
    name, _, question = rest.partition(" ")
    return name.strip(","), question.strip(" ,"), False


def _name(typed: str, *, quoted: bool) -> str:
    name = " ".join(typed.split())
    if not quoted and (name.lower().removesuffix(":") in KEYWORDS or not _NAME_SIGNS.fullmatch(name)):
        raise CommandError(
            f"`{name}` is a part of a question: its name comes first.", hint=SAVE_EXAMPLE, code="invalid_name"
        )
    check_name(name)
    return name


def check_name(name: str) -> None:
    """Whether a saved question may be called so.

    Raises:
        CommandError: the name is empty, too long, or holds signs that a command can't.
    """
    if not name or len(name) > LONGEST_NAME or not _NAME_SIGNS.fullmatch(name):
        raise CommandError(
            f"A name has 1 to {LONGEST_NAME} letters, digits, spaces and dashes.",
            hint='save "morning check" yesterday team:Billing',
            code="invalid_name",
        )


def check_question(text: str, context: GrammarContext, parse: Parse) -> Query:
    """The question, if it can be asked again under a name.

    Raises:
        CommandError: it can't be read, or asks for no figures.
    """
    query = parse(text, context)
    if query.verb not in _ASKS or query.range is None:
        raise CommandError(
            f"`{query.verb.value if query.verb else text}` is no question about figures: only these can be saved.",
            hint=SAVE_EXAMPLE,
            code="contradiction",
        )
    return query


def memo_words(memo: Memo) -> str:
    """The canonical command of a memo: it is read back as the same one."""
    words = [memo.verb.value]
    if memo.reset:
        words.append("reset")
    if memo.name:
        words.append(f'"{memo.name}"')
    if memo.for_channel:
        words.append("for this channel")
    if memo.person:
        words.append(f"<@{memo.person}>")
    words += filter(None, (memo.key, memo.value, memo.whom, memo.question))
    return " ".join(words)
