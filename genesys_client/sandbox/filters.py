"""Filters of analytics queries: and/or of predicates, two levels deep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genesys_client.sandbox.http import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def holds(query_filter: Mapping[str, Any], test: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Whether the filter holds where `test` says it of single predicates."""
    whole = all if query_filter["type"] == "and" else any
    parts: list[bool] = [test(predicate) for predicate in query_filter.get("predicates", ())]
    for clause in query_filter.get("clauses", ()):
        inner = all if clause["type"] == "and" else any
        parts.append(inner(test(predicate) for predicate in clause["predicates"]))
    return whole(parts) if parts else True


def predicates(query_filter: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every predicate, on both levels."""
    yield from query_filter.get("predicates", ())
    for clause in query_filter.get("clauses", ()):
        yield from clause["predicates"]


def check_predicates(query_filter: Mapping[str, Any]) -> None:
    """Nothing, if each predicate says what it compares with what.

    Raises:
        ApiError: 400.
    """
    if not query_filter.get("predicates") and not query_filter.get("clauses"):
        raise bad_request("A filter needs predicates or clauses.")
    for predicate in predicates(query_filter):
        if not any(name in predicate for name in ("dimension", "metric", "property")):
            raise bad_request("A predicate needs a dimension, a metric or a property.")
        if predicate.get("operator", "matches") == "matches" and not ("value" in predicate or "range" in predicate):
            raise bad_request("A predicate that matches needs a value or a range.")


def compares(predicate: Mapping[str, Any], actual: str | float | None) -> bool:
    """Whether a predicate holds for the value that its dimension or metric really has; None is no value."""
    operator = predicate.get("operator", "matches")
    if operator == "exists":
        return actual is not None
    if operator == "notExists":
        return actual is None
    if actual is None:
        return False
    if "range" in predicate:
        bounds = predicate["range"]
        number = float(actual)
        below = number < bounds.get("lt", float("inf")) and number <= bounds.get("lte", float("inf"))
        above = number > bounds.get("gt", float("-inf")) and number >= bounds.get("gte", float("-inf"))
        return bool(below and above)
    return str(actual) == str(predicate["value"])
