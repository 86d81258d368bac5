"""What the process counts about itself, for `/metrics`; names of people, channels and texts are never labels."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counters of one process, in a registry of their own so that two apps in one process don't collide.

    Under gunicorn several processes serve one port, and each scrape reaches any of them: with
    `PROMETHEUS_MULTIPROC_DIR` set (gunicorn.conf.py does) the counts of all are added up.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.ack_seconds = Histogram(
            "slack_ack_seconds",
            "From a delivery's arrival to its acknowledgement",
            ("kind",),
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3),
            registry=self.registry,
        )
        self.questions = Counter(
            "questions", "Questions by door and outcome", ("door", "outcome"), registry=self.registry
        )
        self.answer_seconds = Histogram(
            "answer_seconds",
            "From a question's arrival to its answer",
            ("door",),
            buckets=(0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 60),
            registry=self.registry,
        )
        self.slack_errors = Counter("slack_errors", "Refusals by Slack", ("method", "error"), registry=self.registry)
        self.requests = Counter(
            "http_requests", "Requests by path and status", ("path", "status"), registry=self.registry
        )
        self.prefetches = Counter(
            "prefetches", "Nights read ahead into the archive, by outcome", ("outcome",), registry=self.registry
        )
        self._jobs = Gauge(
            "jobs", "Jobs waiting and running", ("state",), registry=self.registry, multiprocess_mode="livesum"
        )

        self._schedules = Gauge(
            "schedules",
            "Scheduled posts: what is late, unknown, skipped or taken back, and the age of the last look",
            ("what",),
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )
        self._archive = Gauge(
            "archive",
            "The archive of conversations: days, bytes, and when the last was fetched, in seconds since 1970",
            ("what",),
            registry=self.registry,
            multiprocess_mode="mostrecent",
        )

    def page(
        self,
        jobs: Callable[[], dict[str, int]],
        schedules: Callable[[], Mapping[str, float]] = dict,
        archive: Callable[[], Mapping[str, float]] = dict,
    ) -> bytes:
        """The text of `/metrics`."""
        for state, count in jobs().items():
            self._jobs.labels(state).set(count)
        for what, value in schedules().items():
            self._schedules.labels(what).set(value)
        for what, value in archive().items():
            self._archive.labels(what).set(value)
        if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
            together = CollectorRegistry()
            MultiProcessCollector(together)  # type: ignore[no-untyped-call]
            return generate_latest(together)
        return generate_latest(self.registry)
