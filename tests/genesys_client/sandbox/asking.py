"""Asking an engine without a client between, and holding its answers against the official document."""

from __future__ import annotations

import base64
import json
from copy import deepcopy
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from jsonschema import Draft4Validator

from genesys_client.sandbox import DEFAULT_GRANT, Request

NOW = datetime(2026, 11, 23, 10, 7, 31, 250_000, tzinfo=UTC)
"""A Monday morning; "yesterday" is a Sunday."""

CONVERSATION_AGGREGATES = "/api/v2/analytics/conversations/aggregates/query"
USER_AGGREGATES = "/api/v2/analytics/users/aggregates/query"
CONVERSATION_DETAILS = "/api/v2/analytics/conversations/details/query"
USER_DETAILS = "/api/v2/analytics/users/details/query"


def token_request(grant=DEFAULT_GRANT, *, form=b"grant_type=client_credentials"):
    credentials = base64.b64encode(f"{grant.client_id}:{grant.client_secret}".encode()).decode()
    headers = {"authorization": f"Basic {credentials}", "content-type": "application/x-www-form-urlencoded"}
    return Request("POST", "/oauth/token", {}, headers, form)


class Asker:
    """Somebody with a token; it is asked for once."""

    def __init__(self, engine, grant=DEFAULT_GRANT):
        self.engine = engine
        self.token = engine.handle(token_request(grant)).json()["access_token"]

    def send(self, method, path, body=None, **query):
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        values = {
            name: [str(v) for v in (value if isinstance(value, list) else [value])] for name, value in query.items()
        }
        content = b"" if body is None else json.dumps(body).encode()
        return self.engine.handle(Request(method, path, values, headers, content))

    def get(self, path, **query):
        answer = self.send("GET", path, **query)
        assert answer.status == 200, answer.body
        return answer.json()

    def post(self, path, body, **query):
        answer = self.send("POST", path, body, **query)
        assert answer.status in (200, 202), answer.body
        return answer.json()

    def refused(self, method, path, body=None, **query):
        answer = self.send(method, path, body, **query)
        assert answer.status >= 400, answer.body
        refusal = answer.json()
        conforms("ErrorBody", refusal)
        assert refusal["status"] == answer.status
        return refusal


def somebody_who_worked_on(engine, day):
    floor = engine.activity.floor(day)
    return next(agent_id for agent_id, status in floor.status.items() if status.acd)


def spelled(moment):
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def spelled_interval(start, end):
    return f"{spelled(start)}/{spelled(end)}"


def local_day(day, zone):
    return tuple(datetime.combine(d, time(), ZoneInfo(zone)).astimezone(UTC) for d in (day, day + timedelta(days=1)))


def half_hours(start, end):
    out = []
    while start < end:
        out.append((start, min(start + timedelta(minutes=30), end)))
        start += timedelta(minutes=30)
    return out


def yesterday_interval():
    return spelled_interval(*local_day(date(2026, 11, 22), "Europe/London"))


def users_filter(ids):
    predicates = [{"type": "dimension", "dimension": "userId", "operator": "matches", "value": i} for i in ids]
    return {"type": "and", "clauses": [{"type": "or", "predicates": predicates}]}


@cache
def official(part):
    """The paths or the definitions of the official document: what the client asks, and what it doesn't."""
    out = {}
    for name in ("genesys-openapi.json", "genesys-openapi-more.json"):
        document = json.loads((Path(__file__).parents[2] / "data" / name).read_text(encoding="utf-8"))
        for key, entry in document[part].items():
            out[key] = out.get(key, {}) | entry
    return out


@cache
def _definitions():
    """The official definitions, with unknown fields forbidden."""
    definitions = deepcopy(official("definitions"))
    for definition in definitions.values():
        if "properties" in definition:
            definition.setdefault("additionalProperties", False)
    return definitions


def conforms(definition, payload):
    """Assert that a payload is what the official document promises, and nothing more."""
    schema = {"$ref": f"#/definitions/{definition}", "definitions": _definitions()}
    problems = [
        f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}"
        for e in Draft4Validator(schema).iter_errors(payload)
    ]
    assert not problems, problems[:5]
