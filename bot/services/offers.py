"""What may be asked instead of a question that costs too much."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.core.query import Booking, Verb
from bot.errors import OverBudgetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.core.query import Query


@contextmanager
def offers(query: Query) -> Iterator[None]:
    """Let a refusal for its cost offer the same question as Genesys posted it, or with `anyway`.

    Raises:
        OverBudgetError: the refusal, with its choices.
    """
    try:
        yield
    except OverBudgetError as error:
        from bot.core.grammar import format_query

        choices: list[tuple[str, str]] = []
        hints: list[str] = []
        if query.verb not in {Verb.EXPLAIN, Verb.RECONCILE}:
            posted = replace(query, booking=Booking.POSTED, booking_named=True, complete=False, anyway=False)
            choices.append(("As Genesys posted it", format_query(posted)))
            hints.append("`posted` asks Genesys for its own sums, in a few requests.")
        if error.possible and not query.anyway:
            choices.append(("Go on anyway", format_query(replace(query, anyway=True))))
            hints.append("`anyway` goes on and takes its time.")
        hints = hints or ["Ask for a shorter time or fewer people."]
        raise OverBudgetError(
            error.message, possible=error.possible, hint=" ".join(hints), choices=tuple(choices)
        ) from error
