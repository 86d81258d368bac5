"""Jobs: submitted, polled, read by cursor. Details and aggregates, of conversations and of users, alike.

A job sees what had settled when it was submitted: data later than the availability date are silently left
out. Conversations are found by their lifetime, unless the query asks for matching by start day.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from genesys_client.sandbox.handlers import conversation_aggregates, user_aggregates, user_details
from genesys_client.sandbox.handlers.conversation_details import conversation_entity, matching
from genesys_client.sandbox.handlers.paging import cursor, read_cursor
from genesys_client.sandbox.http import Answer, bad_request, not_found
from genesys_client.sandbox.moments import iso
from genesys_client.sandbox.organization import identifier

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from genesys_client.sandbox.handlers import Handlers
    from genesys_client.sandbox.world import Call

_PAGE = 1_000

Family = Literal["conversations/details", "users/details", "conversations/aggregates", "users/aggregates"]


@dataclass(slots=True)
class _Job:
    id: str
    family: Family
    call: Call
    """As it was submitted, seeing what had settled by then."""
    submitted: int
    polls_left: int
    ends: str = "FULFILLED"
    cancelled: bool = False
    completed: int | None = None
    rows: Sequence[Any] | None = field(default=None, repr=False)


class Jobs:
    """The jobs of an organisation."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}

    def submit(self, family: Family, call: Call) -> Answer:
        """Take a job on: 202."""
        available = call.as_of - call.world.behaviour.availability_lag
        settled = replace(call, as_of=min(call.as_of, available) if family.endswith("details") else call.as_of)
        call.interval()  # what makes no sense is refused at once
        fault = call.world.trouble.strikes(call.path, job=True)
        with self._lock:
            job_id = identifier(call.world.organization.seed, "job", len(self._jobs))
            job = _Job(job_id, family, settled, call.as_of, call.world.behaviour.job_polls)
            job.ends = fault.state if fault else "FULFILLED"
            self._jobs[job_id] = job
        return Answer({"jobId": job_id}, status=202)

    def get(self, family: Family, call: Call) -> _Job:
        """The job of the call's path.

        Raises:
            ApiError: 404.
        """
        job = self._jobs.get(call.params["jobId"])
        if job is None or job.family != family or job.call.grant.client_id != call.grant.client_id:
            raise not_found()
        return job

    def poll(self, family: Family, call: Call) -> Answer:
        """How far it has come: 202 while it runs, 200 once it has ended in any way."""
        job = self.get(family, call)
        with self._lock:
            state = _state(job, call)
            if state in ("QUEUED", "PENDING"):
                job.polls_left -= 1
            elif job.completed is None:
                job.completed = call.as_of
        out: dict[str, Any] = {"state": state, "submissionDate": iso(job.submitted)}
        if state in ("QUEUED", "PENDING"):
            return Answer(out, status=202)
        out |= {"completionDate": iso(job.completed or call.as_of), "expirationDate": iso(_expires(job, call))}
        if state == "FAILED":
            out["errorMessage"] = "The query could not be completed."
        return Answer(out)

    def cancel(self, family: Family, call: Call) -> Answer:
        """Drop it: 204."""
        self.get(family, call).cancelled = True
        return Answer(None, status=204)

    def rows(self, family: Family, call: Call) -> tuple[_Job, Sequence[Any]]:
        """Everything that it found.

        Raises:
            ApiError: 404 for a job whose results are gone, 400 for one without results.
        """
        job = self.get(family, call)
        with self._lock:
            state = _state(job, call)
            if state == "EXPIRED":
                raise not_found()
            if state != "FULFILLED":
                raise bad_request(f"The job has no results; its state is {state}.")
            if job.rows is None:
                job.rows = _FOUND[family](job.call)
            return job, job.rows


def _expires(job: _Job, call: Call) -> int:
    return job.submitted + call.world.behaviour.job_lifetime


def _state(job: _Job, call: Call) -> str:
    if job.cancelled:
        return "CANCELLED"
    if job.polls_left > 0:
        return "QUEUED" if job.polls_left == call.world.behaviour.job_polls else "PENDING"
    return "EXPIRED" if call.as_of >= _expires(job, call) else job.ends


def _conversations(call: Call) -> Sequence[Any]:
    found = matching(call, by_lifetime=not call.body.get("startOfDayIntervalMatching", False))
    return found[: call.body.get("limit", len(found))]


def _user_rows(call: Call) -> Sequence[Any]:
    rows = [row for row, is_copy in user_details.details(call) if not is_copy]
    return rows[: call.body.get("limit", len(rows))]


_FOUND: dict[Family, Callable[[Call], Sequence[Any]]] = {
    "conversations/details": _conversations,
    "users/details": _user_rows,
    "conversations/aggregates": conversation_aggregates.aggregate,
    "users/aggregates": user_aggregates.aggregate,
}


def _results(family: Family) -> Callable[[Call], Answer]:
    def results(call: Call) -> Answer:
        job, rows = call.world.jobs.rows(family, call)
        default = job.call.body.get("pageSize", _PAGE)
        size = call.number("pageSize", default, most=_PAGE)
        start = read_cursor(call.text("cursor") or cursor(0))
        page = rows[start : start + size]
        out: dict[str, Any] = {}
        if family == "conversations/details":
            page = [conversation_entity(c, job.call.as_of, attributes=True) for c in page]
        if page:
            out[_ROWS[family]] = page
        if family == "users/aggregates":
            out["systemToOrganizationMappings"] = user_aggregates.mappings(call.world)
        if family.endswith("details"):
            out["dataAvailabilityDate"] = iso(job.submitted - call.world.behaviour.availability_lag)
        if start + size < len(rows):
            out["cursor"] = cursor(start + size)
        return Answer(out)

    return results


_ROWS: dict[Family, str] = {
    "conversations/details": "conversations",
    "users/details": "userDetails",
    "conversations/aggregates": "results",
    "users/aggregates": "results",
}


def _availability(call: Call) -> Answer:
    return Answer({"dataAvailabilityDate": iso(call.as_of - call.world.behaviour.availability_lag)})


def _family(family: Family) -> Handlers:
    path = f"/api/v2/analytics/{family}/jobs"
    handlers: dict[str, Callable[[Call], Answer]] = {
        f"POST {path}": lambda call: call.world.jobs.submit(family, call),
        f"GET {path}/{{jobId}}": lambda call: call.world.jobs.poll(family, call),
        f"DELETE {path}/{{jobId}}": lambda call: call.world.jobs.cancel(family, call),
        f"GET {path}/{{jobId}}/results": _results(family),
    }
    if family.endswith("details"):
        handlers[f"GET {path}/availability"] = _availability
    return handlers


HANDLERS = {key: handler for family in _ROWS for key, handler in _family(family).items()}
