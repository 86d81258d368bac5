"""`audit [whom] [when]`: who looked at whose figures; the time is that of the looks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.query import Dimension, SelectorKind, Verb
from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.grammar.context import GrammarContext
    from bot.core.grammar.scanner import Scanner
    from bot.core.query import Query

    Parse = Callable[[str, GrammarContext], Query]

_EXAMPLE = "audit @ana last week"
_USUAL = "past 7 days"
"""The time where none is said."""


def read_audit(scan: Scanner, context: GrammarContext, parse: Parse) -> Query | None:
    """The look into the log of looks that the line asks for; None where it is something else.

    Raises:
        CommandError: the rest can't be read, or asks for what that log doesn't have.
    """
    rest = scan.without("audit")
    return None if rest is None else _checked(_parsed(rest, context, parse))


def _parsed(rest: str, context: GrammarContext, parse: Parse) -> Query:
    try:
        return parse(f"{rest} {_USUAL}".strip(), context)
    except CommandError as error:
        if error.code != "contradiction":
            raise _offered(error, _USUAL) from None
    try:
        return parse(rest, context)  # it says a time of its own
    except CommandError as error:
        raise _offered(error, "") from None


def _offered(error: CommandError, added: str) -> CommandError:
    """The refusal, its readings as whole commands about the log."""
    choices = tuple((label, f"audit {text.removesuffix(added).strip()}") for label, text in error.choices)
    error.choices = choices
    return error


def _checked(query: Query) -> Query:
    if query.verb is not None or query.range is None:
        raise CommandError(f"`audit` and `{query.verb}` contradict each other.", hint=_EXAMPLE, code="contradiction")
    filters = query.filters
    if (
        (query.sort or query.rank or query.thresholds or query.outputs or query.versus or query.share)
        or (filters.media or filters.directions or filters.acd or filters.active)
        or filters.exclude
        or any(s.kind is SelectorKind.QUEUE for s in filters.include)
        or query.booking_named
        or query.group_by != (Dimension.AGENT,)
        or query.granularity
    ):
        raise CommandError(
            "`audit` lists looks at agents: there is nothing to leave out, group, order, draw or share, and no queue.",
            hint=_EXAMPLE,
            code="contradiction",
        )
    return replace(query, verb=Verb.AUDIT)
