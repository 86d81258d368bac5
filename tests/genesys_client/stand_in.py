"""A stand-in for the platform on a requests adapter, a clock to turn by hand, and an operation that counts.

Every request that reaches the stand-in is held against the official OpenAPI document, unknown fields forbidden.
"""

from __future__ import annotations

import io
import json
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import jsonschema
import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPResponse

from genesys_client import GenesysClient


def _document() -> dict[str, Any]:
    """The official document's paths and definitions: what the client asked first, and what came later."""
    out: dict[str, Any] = {"paths": {}, "definitions": {}}
    for name in ("genesys-openapi-more.json", "genesys-openapi.json"):
        part = json.loads((Path(__file__).parents[1] / "data" / name).read_text(encoding="utf-8"))
        for path, operations in part["paths"].items():
            out["paths"][path] = out["paths"].get(path, {}) | operations
        out["definitions"] |= part["definitions"]
        out |= {key: value for key, value in part.items() if key.startswith("x-")}
    return out


DOCUMENT = _document()
START = datetime(2026, 3, 10, tzinfo=UTC)


class FakeClock:
    """Monotonic seconds that pass only by sleeping or by hand."""

    def __init__(self, seconds: float = 1000.0) -> None:
        self.seconds = seconds
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def wall(self) -> datetime:
        return START

    def operation(self, seconds: float = 20.0, *, background: bool = False) -> Allowance:
        return Allowance(self.seconds + seconds, background=background)


@dataclass
class Allowance:
    """An operation."""

    deadline: float
    background: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)
    spent: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def spend(self) -> None:
        with self._lock:
            self.spent += 1


@dataclass
class Answer:
    """What the stand-in sends back; `body` is JSON unless it is bytes."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def octets(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Request:
    """One request as it reached the stand-in."""

    method: str
    path: str
    params: list[tuple[str, str]]
    body: Any
    headers: dict[str, str]

    def param(self, name: str) -> str | None:
        return dict(self.params).get(name)


class Platform(BaseAdapter):
    """Answers requests from a script: a function, an answer, an exception, or a list of these used up in order."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        super().__init__()
        self.clock = clock or FakeClock()
        self.requests: list[Request] = []
        self.routes: dict[str, Any] = {"/oauth/token": Answer({"access_token": "token-1", "expires_in": 86399})}
        self.exchanges: list[Any] = []
        self._lock = threading.Lock()

    def client(self, **options: Any) -> GenesysClient:
        return GenesysClient(
            "the-id", "the-secret", adapter=self, clock=self.clock, sleep=self.clock.sleep, now=self.clock.wall,
            **options,
        )  # fmt: skip

    def calls(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        url = urlsplit(str(request.url))
        seen = Request(
            str(request.method), unquote(url.path), parse_qsl(url.query), _body(request), dict(request.headers)
        )
        check_request(seen)
        with self._lock:
            self.requests.append(seen)
            self.exchanges.append(options)
            script = self.routes[seen.path]
            if isinstance(script, list):
                script = script.pop(0) if len(script) > 1 else script[0]
        answer = script(seen) if callable(script) and not isinstance(script, type) else script
        if isinstance(answer, BaseException):
            raise answer
        response = requests.Response()
        response.status_code = answer.status
        response.headers.update(answer.headers)
        response.raw = HTTPResponse(io.BytesIO(answer.octets), status=answer.status, preload_content=False)
        response.request, response.url = request, str(request.url)
        return response

    def close(self) -> None:
        pass


def _body(request: requests.PreparedRequest) -> Any:
    if not request.body:
        return None
    text = request.body.decode() if isinstance(request.body, bytes) else request.body
    return json.loads(text) if "json" in request.headers["Content-Type"] else dict(parse_qsl(text))


# --- the official document ---------------------------------------------------------------------------------


def _strict(schema: Any) -> Any:
    """The same schema with unknown fields forbidden wherever fields are listed."""
    schema = dict(schema)
    if "properties" in schema:
        schema["properties"] = {name: _strict(of) for name, of in schema["properties"].items()}
        schema["additionalProperties"] = False
    elif isinstance(schema.get("additionalProperties"), dict):
        schema["additionalProperties"] = _strict(schema["additionalProperties"])
    if "items" in schema:
        schema["items"] = _strict(schema["items"])
    return schema


STRICT = {name: _strict(schema) for name, schema in DOCUMENT["definitions"].items()}


@cache
def _validator(definition: str) -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator({"$ref": f"#/definitions/{definition}", "definitions": STRICT})


def validate(definition: str, value: Any) -> None:
    """Hold a value against a definition, unknown fields forbidden."""
    _validator(definition).validate(value)


def check_request(request: Request) -> None:
    """Hold a request against the operation that it calls."""
    if request.path == "/oauth/token":
        assert request.body == {"grant_type": "client_credentials"}
        return
    operation = _operation(request)
    parameters = {p["name"]: p for p in operation["parameters"]}
    for name, value in request.params:
        declared = parameters[name]  # a KeyError: the operation has no such parameter
        assert declared["in"] == "query"
        kind = declared.get("items", declared) if declared["type"] == "array" else declared
        if kind["type"] == "integer":
            int(value)
        if "enum" in kind:
            assert value in kind["enum"]
    for name in {name for name, _ in request.params}:
        if parameters[name]["type"] != "array":
            assert len([1 for other, _ in request.params if other == name]) == 1
    if "body" in parameters:
        validate(parameters["body"]["schema"]["$ref"].rsplit("/", 1)[1], request.body)
    else:
        assert request.body is None


def _operation(request: Request) -> Any:
    for template, operations in DOCUMENT["paths"].items():
        if request.method.lower() in operations and re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), request.path):
            return operations[request.method.lower()]
    raise AssertionError(f"the platform has no {request.method} {request.path}")
