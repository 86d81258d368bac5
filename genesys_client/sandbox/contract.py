"""What the operations take, as the platform's own API document has it: fields, lists of names, permissions.

`contract.json` is an extract of that document (requests only, without its prose). The sandbox refuses what
isn't in it, so that a client that passes here sends nothing that the platform doesn't know.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genesys_client.sandbox.http import ApiError, bad_request, invalid_value

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}

_FIELD_TYPES = {
    ("ConversationAggregationQuery", "metrics"): "ConversationMetric",
    ("ConversationAsyncAggregationQuery", "metrics"): "ConversationMetric",
    ("UserAggregationQuery", "metrics"): "UserMetric",
    ("UserAsyncAggregationQuery", "metrics"): "UserMetric",
}
"""What the error calls a list of names; elsewhere it is the definition and the field."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of the API."""

    key: str
    method: str
    pattern: re.Pattern[str]
    query: dict[str, dict[str, Any]]
    body: str | None
    permissions: tuple[str, ...]
    needs_all: bool


@cache
def _document() -> dict[str, Any]:
    text = Path(__file__).with_name("contract.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


@cache
def operations() -> tuple[Operation, ...]:
    """All of them, those with a fixed path before those with an id in the same place."""
    out = []
    for key, entry in _document()["operations"].items():
        method, path = key.split(" ")
        permissions = entry.get("permissions", {"match": "ANY", "names": []})
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        out.append(
            Operation(
                key,
                method,
                pattern,
                entry["query"],
                entry.get("body"),
                tuple(permissions["names"]),
                needs_all=permissions["match"] == "ALL",
            )
        )
    return tuple(sorted(out, key=lambda operation: operation.key.count("{")))


@cache
def all_permissions() -> frozenset[str]:
    """Every permission that some operation asks for."""
    return frozenset(name for operation in operations() for name in operation.permissions)


def check_body(definition: str, body: Any, *, strict: bool) -> None:
    """Nothing, if the body is what the definition says; `strict` forbids unknown fields.

    Raises:
        ApiError: 400, naming the field.
    """
    _check({"$ref": f"#/definitions/{definition}"}, body, definition, "body", strict=strict)


def check_query(operation: Operation, query: Mapping[str, list[str]], *, strict: bool) -> None:
    """Nothing, if each value is allowed; `strict` forbids unknown parameters.

    Raises:
        ApiError: 400, naming the parameter.
    """
    for name, values in query.items():
        spec = operation.query.get(name)
        if spec is None:
            if strict:
                raise bad_request(f"Parameter [{name}] is not known to this operation.")
            continue
        allowed = [str(value) for value in spec.get("items", spec).get("enum", ())]
        several = spec["type"] == "array"
        for value in (part for text in values for part in (text.split(",") if several else [text])):
            if spec["type"] == "integer":
                allowed = [] if re.fullmatch(r"-?\d+", value) else ["a whole number"]
            elif spec["type"] == "boolean":
                allowed = ["true", "false"]
            if allowed and value not in allowed:
                raise ApiError(
                    400,
                    "invalid.query.param.value",
                    f"Value [{value}] is not valid for parameter [{name}]. Allowable values are: {', '.join(allowed)}",
                )


def _check(spec: dict[str, Any], value: Any, definition: str, field: str, *, strict: bool) -> None:
    if "$ref" in spec:
        definition = spec["$ref"].rpartition("/")[2]
        spec = _document()["definitions"][definition]
    kind = spec.get("type", "object")
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        raise bad_request(f"Field [{field}] of [{definition}] must be of type {kind}.")
    if "enum" in spec and value not in spec["enum"]:
        raise invalid_value(value, _FIELD_TYPES.get((definition, field), f"{definition}.{field}"), sorted(spec["enum"]))
    if isinstance(value, list):
        for item in value:
            _check(spec["items"], item, definition, field, strict=strict)
    elif isinstance(value, dict) and "properties" in spec:
        for name in spec.get("required", ()):
            if name not in value:
                raise ApiError(400, "constraint.validation", f"{name} is required in [{definition}]")
        for name, item in value.items():
            if name in spec["properties"]:
                _check(spec["properties"][name], item, definition, name, strict=strict)
            elif strict:
                raise ApiError(
                    400, "invalid.property", f"Value [{name}] is not a valid property for object [{definition}]"
                )
