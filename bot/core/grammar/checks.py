"""`reconcile [what] [when]`: a question whose sources are compared, instead of one figure drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.query import Dimension, Verb
from bot.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.grammar.context import GrammarContext
    from bot.core.grammar.scanner import Scanner
    from bot.core.query import Query

    Parse = Callable[[str, GrammarContext], Query]

_EXAMPLE = "reconcile yesterday team:Billing"


def read_check(scan: Scanner, context: GrammarContext, parse: Parse) -> Query | None:
    """The comparison that the line asks for; None where it is something else.

    Raises:
        CommandError: the rest can't be read, or asks for rows, an order or a form that a comparison doesn't have.
    """
    rest = scan.without("reconcile")
    return None if rest is None else _checked(_parsed(rest or "today", context, parse))


def _parsed(rest: str, context: GrammarContext, parse: Parse) -> Query:
    try:
        return parse(rest, context)
    except CommandError as error:
        if not error.choices:
            raise
        choices = tuple((label, f"reconcile {text}") for label, text in error.choices)
        raise CommandError(error.message, hint=error.hint, code=error.code, choices=choices) from None


def _checked(query: Query) -> Query:
    if query.verb is not None or query.range is None:
        raise CommandError(
            f"`reconcile` and `{query.verb}` contradict each other.", hint=_EXAMPLE, code="contradiction"
        )
    if query.complete:
        raise CommandError(
            "`reconcile` looks two weeks back by itself, where something is missing; `complete` is about figures.",
            hint=_EXAMPLE,
            code="contradiction",
        )
    drawn = query.sort or query.rank or query.thresholds or query.outputs or query.versus or query.share
    if (
        drawn
        or query.filters.active
        or query.booking_named
        or query.group_by != (Dimension.AGENT,)
        or query.granularity
    ):
        raise CommandError(
            "`reconcile` compares all sources agent by agent: there is nothing to group, order, choose, draw or share.",
            hint=_EXAMPLE,
            code="contradiction",
        )
    return replace(query, verb=Verb.RECONCILE)
