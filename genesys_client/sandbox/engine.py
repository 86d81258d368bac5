"""The engine: requests in, responses out. A server or an adapter carries them."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from genesys_client.sandbox.access import DEFAULT_GRANT, Access, OAuthGrant, missing_permissions, rate_limited
from genesys_client.sandbox.activity import Activity
from genesys_client.sandbox.behaviour import Behaviour
from genesys_client.sandbox.contract import check_body, check_query, operations
from genesys_client.sandbox.faults import Fault, Troublemaker
from genesys_client.sandbox.handlers import (
    conversation_aggregates,
    conversation_details,
    jobs,
    organization,
    places,
    user_aggregates,
    user_details,
    users,
)
from genesys_client.sandbox.http import Answer, ApiError, Request, Response, Wire, bad_request, not_found
from genesys_client.sandbox.organization import build_organization, identifier
from genesys_client.sandbox.world import Call, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from genesys_client.sandbox.contract import Operation
    from genesys_client.sandbox.handlers import Handlers
    from genesys_client.sandbox.organization import Organization
    from genesys_client.sandbox.truth import Truth

HANDLERS: Handlers = {
    **conversation_aggregates.HANDLERS,
    **conversation_details.HANDLERS,
    **user_details.HANDLERS,
    **jobs.HANDLERS,
    **user_aggregates.HANDLERS,
    **users.HANDLERS,
    **places.HANDLERS,
    **organization.HANDLERS,
}

_LOGGED = 50_000

TOKEN_PATH = "/oauth/token"  # noqa: S105 - an address, not a secret


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """A request that reached the engine, and the status of its answer (0: none was sent)."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    body: Any
    """Read from JSON; None where it was empty or something else."""
    status: int


def _real_now() -> datetime:
    return datetime.now(UTC)


class Engine:
    """A fake Genesys Cloud organisation that answers requests.

    Args:
        seed: the same seed gives the same organisation and the same days.
        agents: how many people take interactions, at least 24.
        zone: in which the shifts are.
        now: the organisation's clock; what lies after it hasn't happened yet.
        monotonic: by which tokens expire and calls are counted.
        grants: the OAuth clients that exist.
        behaviour: switches.
        faults: trouble, from the start.
    """

    def __init__(
        self,
        *,
        seed: int = 7,
        agents: int = 36,
        zone: str = "Europe/London",
        now: Callable[[], datetime] = _real_now,
        monotonic: Callable[[], float] = time.monotonic,
        grants: Sequence[OAuthGrant] = (DEFAULT_GRANT,),
        behaviour: Behaviour = Behaviour(),  # noqa: B008 - a frozen value
        faults: Sequence[Fault] = (),
    ) -> None:
        self.organization: Organization = build_organization(seed=seed, agents=agents, zone=ZoneInfo(zone))
        self.activity = Activity(self.organization)
        self._trouble = Troublemaker(faults)
        self.world = World(
            self.activity,
            now=now,
            behaviour=behaviour,
            trouble=self._trouble,
            jobs=jobs.Jobs(),
            recent_answers=conversation_details.RecentAnswers(),
        )
        self.requests: list[LoggedRequest] = []  # the latest of them
        self._access = Access(grants, seed=seed, monotonic=monotonic)
        self._lock = threading.Lock()
        self._answered = 0

    # What can be changed while it runs

    @property
    def behaviour(self) -> Behaviour:
        """The switches."""
        return self.world.behaviour

    @behaviour.setter
    def behaviour(self, behaviour: Behaviour) -> None:
        self.world.behaviour = behaviour

    @property
    def faults(self) -> Sequence[Fault]:
        """The trouble that is armed; setting it starts its counts anew."""
        return self._trouble.faults

    @faults.setter
    def faults(self, faults: Sequence[Fault]) -> None:
        self._trouble.arm(faults)

    @property
    def now(self) -> Callable[[], datetime]:
        """The organisation's clock."""
        return self.world.clock

    @now.setter
    def now(self, now: Callable[[], datetime]) -> None:
        self.world.clock = now

    @cached_property
    def truth(self) -> Truth:
        """The answer key."""
        from genesys_client.sandbox.truth import Truth

        return Truth(self)

    def count(self, path: str = "") -> int:
        """How many requests came in for a path and what lies below it."""
        return sum(request.path.startswith(path) for request in self.requests)

    # Answering

    def handle(self, request: Request) -> Response:
        """Answer a request; refusals are answers too."""
        with self._lock:
            self._answered += 1
            context_id = identifier(self.organization.seed, "request", self._answered)
        fault = self._trouble.strikes(request.path)
        if fault is not None and (early := self._instead(fault, request, context_id)) is not None:
            response = early
        else:
            response = self._response(self._answer, request, context_id)
        response = self._on_the_wire(response, fault)
        sent = 0 if response.wire.dropped else response.status
        if len(self.requests) >= _LOGGED:
            del self.requests[: _LOGGED // 2]
        self.requests.append(LoggedRequest(request.method, request.path, request.query, _readable(request.body), sent))
        return response

    def _response(self, answer: Callable[[Request], Answer], request: Request, context_id: str) -> Response:
        headers = {"Content-Type": "application/json", "ININ-Correlation-Id": context_id}
        try:
            given = answer(request)
            return Response(given.status, headers, self._sized(b"" if given.payload is None else _json(given.payload)))
        except ApiError as refusal:
            return Response(refusal.status, headers | refusal.headers, _json(refusal.body(context_id)))

    def _sized(self, body: bytes) -> bytes:
        most = self.behaviour.max_answer_bytes
        if most is not None and len(body) > most:
            raise ApiError(
                400,
                "response.entity.too.large",
                "The response is over the size limit."
                " Reduce pageSize or expand list to reduce response size if applicable",
            )
        return body

    def _answer(self, request: Request) -> Answer:
        if request.path == TOKEN_PATH:
            if request.method != "POST":
                raise not_found()
            return self._access.issue(request, per_minute=self.behaviour.tokens_per_minute)
        grant, _ = self._access.admit(request, per_minute=self.behaviour.requests_per_minute)
        operation, params = _route(request)
        if not grant.allows(operation):
            raise missing_permissions(operation)
        check_query(operation, request.query, strict=self.behaviour.strict)
        body = self._body(operation, request) if operation.body else None
        call = Call(self.world, grant, request.path, params, request.query, self.world.now(), body)
        return HANDLERS[operation.key](call)

    def _body(self, operation: Operation, request: Request) -> Any:
        if len(request.body) > self.behaviour.max_body_bytes:
            raise ApiError(
                413,
                "request.entity.too.large",
                f"The request is over the size limit. Maximum bytes: {self.behaviour.max_body_bytes}",
            )
        if not request.headers.get("content-type", "").lower().startswith("application/json"):
            raise ApiError(415, "unsupported.media.type", "Unsupported Media Type: a body is application/json.")
        try:
            body = json.loads(request.body)
        except ValueError as error:
            raise bad_request("The request could not be understood by the server due to malformed syntax.") from error
        assert operation.body is not None  # noqa: S101 - asked by the caller
        check_body(operation.body, body, strict=self.behaviour.strict)
        return body

    # Trouble

    def _instead(self, fault: Fault, request: Request, context_id: str) -> Response | None:
        """The answer that a fault gives in the handler's place, if it does."""
        match fault.kind:
            case "rate_limited":
                refusal = rate_limited(fault.retry_after_s, self.behaviour.requests_per_minute)
                headers = {"Content-Type": "application/json", "ININ-Correlation-Id": context_id, **refusal.headers}
                return Response(refusal.status, headers, _json(refusal.body(context_id)))
            case "server_error":
                page = f"<html><body><h1>{fault.status}</h1></body></html>".encode()
                return Response(fault.status, {"Content-Type": "text/html", "ININ-Correlation-Id": context_id}, page)
            case "redirect":
                return Response(302, {"Location": fault.location, "ININ-Correlation-Id": context_id}, b"")
            case "drop" | "down":
                return Response(503, {}, b"", Wire(dropped=True))
            case "revoke_token":
                self._access.revoke(request.headers.get("authorization", "").partition(" ")[2])
        return None

    @staticmethod
    def _on_the_wire(response: Response, fault: Fault | None) -> Response:
        """The same answer, slower or shorter."""
        match fault.kind if fault else None:
            case "slow":
                return replace(response, wire=Wire(delay_s=fault.seconds if fault else 0))
            case "drip":
                return replace(response, wire=Wire(drip_s=fault.seconds if fault else 0))
            case "truncated":
                return replace(response, body=response.body[: len(response.body) // 2])
            case "cut":
                return replace(response, wire=Wire(bytes_sent=len(response.body) // 2))
        return response


def _route(request: Request) -> tuple[Operation, dict[str, str]]:
    """The operation behind a path.

    Raises:
        ApiError: 404, or 405 for a path with other methods.
    """
    methods = set()
    for operation in operations():
        match = operation.pattern.fullmatch(request.path)
        if match is None or operation.key not in HANDLERS:
            continue
        if operation.method == request.method:
            return operation, match.groupdict()
        methods.add(operation.method)
    if methods:
        raise ApiError(405, "method.not.allowed", f"Method {request.method} is not allowed here.")
    raise not_found()


def _json(payload: Any) -> bytes:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def _readable(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except ValueError:
        return None
