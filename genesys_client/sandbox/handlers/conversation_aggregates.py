"""`analytics/conversations/aggregates/query`: metrics in the bucket of the moment at which they were emitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genesys_client.sandbox.filters import check_predicates, compares, holds
from genesys_client.sandbox.handlers.buckets import Buckets
from genesys_client.sandbox.http import Answer, bad_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from genesys_client.sandbox.emission import Emission
    from genesys_client.sandbox.world import Call

_NOT_OFFERED = ("alternateTimeDimension", "queryType", "sortMetric", "limit")


@dataclass(slots=True)
class _Stats:
    """Count, sum and extremes of a metric in one bucket of one group."""

    values: list[int] = field(default_factory=list)

    def spelled(self, metric: str, *, drop_min: bool) -> dict[str, Any]:
        if metric.startswith("n"):
            return {"count": sum(self.values)}
        stats = {
            "max": max(self.values),
            "min": min(self.values),
            "count": len(self.values),
            "sum": sum(self.values),
        }
        if drop_min:
            del stats["min"]
        return stats


def query(call: Call) -> Answer:
    """Answer an aggregate query; without any data the list of results is empty."""
    results = aggregate(call)
    if not results and call.world.behaviour.empty_as_object:
        return Answer({})
    return Answer({"results": results})


def aggregate(call: Call) -> list[dict[str, Any]]:
    """The results of an aggregate query, groups in the order of their first emission.

    Raises:
        ApiError: 400, the query makes no sense.
    """
    body = call.body
    for name in _NOT_OFFERED:
        if body.get(name, "groupBy") != "groupBy":
            raise bad_request(f"The sandbox doesn't offer [{name}].")
    if not body["metrics"]:
        raise bad_request("A query asks for at least one metric.")
    buckets = Buckets.of(call)
    group_by = list(body.get("groupBy", ()))
    if group_by and "mediaType" not in group_by and call.world.behaviour.media_in_group:
        group_by.append("mediaType")
    wanted, views = set(body["metrics"]), body.get("views", ())
    watched = wanted | {view["target"] for view in views}
    groups: dict[tuple[str | None, ...], dict[int, dict[str, _Stats]]] = {}
    for emission in _matching(call, buckets):
        if emission.metric in watched:
            key = tuple(emission.dimensions.get(name) for name in group_by)
            bucket = groups.setdefault(key, {}).setdefault(buckets.index(emission.at), {})
            bucket.setdefault(emission.metric, _Stats()).values.append(emission.value)
    out = []
    for key, found in groups.items():
        data = [
            _bucket(buckets.spelled[i], found[i], body["metrics"], views, drop_min=call.world.behaviour.drop_min)
            for i in sorted(found)
        ]
        group = {name: value for name, value in zip(group_by, key, strict=True) if value is not None}
        out.append({"group": group, "data": [entry for entry in data if len(entry) > 1]})
    return [result for result in out if result["data"]]


def _matching(call: Call, buckets: Buckets) -> Iterator[Emission]:
    """Emissions within the interval that pass the filter, in divisions that the client's role reaches."""
    query_filter = call.body.get("filter")
    if query_filter is not None:
        check_predicates(query_filter)
    verdicts: dict[int, bool] = {}
    for emission in call.world.emissions(buckets.span, call.as_of):
        dimensions = emission.dimensions
        verdict = verdicts.get(id(dimensions))  # one verdict a session: its emissions share their dimensions
        if verdict is None:
            verdict = call.sees(dimensions["divisionId"]) and (
                query_filter is None or holds(query_filter, lambda p, d=dimensions: compares(p, d.get(p["dimension"])))  # type: ignore[misc]
            )
            verdicts[id(dimensions)] = verdict
        if verdict:
            yield emission


def _bucket(
    interval: str,
    found: Mapping[str, _Stats],
    metrics: list[str],
    views: list[Mapping[str, Any]],
    *,
    drop_min: bool,
) -> dict[str, Any]:
    out: dict[str, Any] = {"interval": interval}
    spelled = [
        {"metric": name, "stats": found[name].spelled(name, drop_min=drop_min)}
        for name in dict.fromkeys(metrics)
        if name in found
    ]
    if spelled:
        out["metrics"] = spelled
    seen = [
        {
            "name": view["name"],
            "stats": {"count": sum(_within(value, view.get("range", {})) for value in found[view["target"]].values)},
        }
        for view in views
        if view["target"] in found
    ]
    if seen:
        out["views"] = seen
    return out


def _within(value: int, bounds: Mapping[str, float]) -> bool:
    return bounds.get("gte", float("-inf")) <= value < bounds.get("lt", float("inf"))


HANDLERS = {"POST /api/v2/analytics/conversations/aggregates/query": query}
