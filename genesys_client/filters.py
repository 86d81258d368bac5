"""Query filters: which agents, queues, media and so on → the platform's and/or clauses.

An outer `and` holds one `or` clause for each dimension, which is what Genesys's own pages send; a flat `or` of
agents was seen to undercount.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BATCH = 100
"""Agents in one query: a limit of the user aggregates, kept alike everywhere so that batches agree."""

Dimensions = tuple[tuple[str, tuple[str, ...]], ...]
"""(platform's dimension, accepted values): any of the values, and so for each dimension."""


def and_filter(dimensions: Dimensions) -> dict[str, Any] | None:
    """One filter for all dimensions that are limited; None where none is."""
    clauses = [or_filter(name, values) for name, values in dimensions if values]
    return {"type": "and", "clauses": clauses} if clauses else None


def or_filter(dimension: str, values: Iterable[str]) -> dict[str, Any]:
    """Any of these values of one dimension."""
    return {
        "type": "or",
        "predicates": [
            {"type": "dimension", "dimension": dimension, "operator": "matches", "value": value} for value in values
        ],
    }


def batches(ids: Sequence[str], size: int = BATCH) -> Iterator[tuple[str, ...]]:
    """The distinct ids in their order, at most so many at a time."""
    distinct = tuple(dict.fromkeys(ids))
    for first in range(0, len(distinct), size):
        yield distinct[first : first + size]
