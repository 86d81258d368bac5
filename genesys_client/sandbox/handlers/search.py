"""The directory's search: criteria on fields, and its own kind of page."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any, TypeVar

from genesys_client.sandbox.http import ApiError, bad_request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

_MOST_RESULTS = 500
_MOST_CRITERIA = 1_000


def search_matches(criteria: Sequence[Mapping[str, Any]], values_of: Callable[[str], list[str]]) -> bool:
    """Whether an entry satisfies the criteria, read from the first to the last.

    Args:
        criteria: each joins what stands before it by its operator, AND unless it says OR or NOT.
        values_of: the values of a field of the entry, empty where it has none.

    Raises:
        ApiError: 400, a criterion of a type that the sandbox doesn't offer.
    """
    verdict: bool | None = None
    for criterion in criteria:
        operator = criterion.get("operator", "AND")
        if "group" in criterion:
            holds = search_matches(criterion["group"], values_of)
        else:
            holds = _criterion_matches(criterion, values_of)
        holds = not holds if operator == "NOT" else holds
        joined = (verdict or holds) if operator == "OR" else (verdict is not False and holds)
        verdict = holds if verdict is None else joined
    return verdict is not False


def _criterion_matches(criterion: Mapping[str, Any], values_of: Callable[[str], list[str]]) -> bool:
    kind = criterion["type"]
    if kind == "MATCH_ALL":
        return True
    fields = criterion.get("fields", [])
    if not fields:
        raise bad_request("A search criterion needs fields.")
    actual = [value.casefold() for name in fields for value in values_of(name)]
    if kind == "REQUIRED_FIELDS":
        return all(values_of(name) for name in fields)
    wanted = [str(v).casefold() for v in (criterion.get("values") or [criterion.get("value")]) if v is not None]
    if not wanted:
        raise bad_request("A search criterion needs a value or values.")
    if len(wanted) > _MOST_CRITERIA:
        raise ApiError(400, "search.criteria.values.exceed.limit", "search criteria values exceeded limit")
    match kind:
        case "EXACT" | "TERMS":
            return any(value in wanted for value in actual)
        case "STARTS_WITH":
            return any(value.startswith(w) for value in actual for w in wanted)
        case "CONTAINS" | "QUERY_STRING":
            return any(w in value for value in actual for w in wanted)
        case "TERM":
            return any(w == value or w in re.split(r"\W+", value) for value in actual for w in wanted)
        case "REGEX":
            return any(_regex(w).fullmatch(value) for value in actual for w in wanted)
    raise bad_request(f"The sandbox doesn't offer searches of type [{kind}].")


def _regex(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise bad_request(f"Value [{text}] is not a regular expression.") from error


def page_of_search(
    body: Mapping[str, Any], found: Sequence[T], types: tuple[str, ...]
) -> tuple[Sequence[T], dict[str, Any]]:
    """One page of what was found, and what the answer says around it.

    Raises:
        ApiError: 400, a page that can't be, or an order.
    """
    for name in ("sortBy", "sort"):
        if body.get(name):
            raise bad_request(f"The sandbox doesn't offer [{name}].")
    size, number = body.get("pageSize", 25), body.get("pageNumber", 1)
    if not (1 <= size <= _MOST_RESULTS and number >= 1):
        raise ApiError(400, "too.many.requested.results", f"A page has 1 to {_MOST_RESULTS} results, from page 1.")
    count = -(-len(found) // size)
    frame: dict[str, Any] = {
        "total": len(found),
        "pageCount": count,
        "pageSize": size,
        "pageNumber": number,
        "types": list(types),
    }
    if number < count:
        following = json.dumps({**body, "pageNumber": number + 1}).encode()
        frame["nextPage"] = base64.urlsafe_b64encode(following).decode()
    return found[(number - 1) * size : number * size], frame
