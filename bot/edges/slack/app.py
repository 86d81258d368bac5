"""The Bolt app: the same listeners behind Socket Mode and HTTP. Building it opens nothing."""

from __future__ import annotations

import logging
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.request import BoltRequest
from slack_bolt.response import BoltResponse

from bot.edges.metrics import Metrics
from bot.edges.slack import actions, commands, events, options, views
from bot.edges.slack.acks import AcksFirst
from bot.edges.slack.alarms import Alarms
from bot.edges.slack.api import SlackApi, web_client
from bot.edges.slack.channels import SlackChannels
from bot.edges.slack.desk import Desk
from bot.edges.slack.forms import FormDesk
from bot.edges.slack.home import HomeDesk
from bot.edges.slack.people import SlackPeople
from bot.edges.slack.schedules import ScheduleDesk
from bot.edges.slack.searches import Searches
from bot.edges.slack.unpack import UnreadableDeliveryError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.edges.slack.config import SlackSettings
    from bot.edges.slack.home import Memory
    from bot.edges.slack.questions import Reports
    from bot.edges.slack.schedules import Schedules
    from bot.ports import Jobs, Recall

log = structlog.get_logger(__name__)

ACK_THREADS = 128
"""Listeners at once. A press is acknowledged first and handed in after, which waits for the database: with fewer
threads than presses, the last ones would wait for the rows of the first. Idle ones cost little."""


MODAL_THREADS = 8
"""Modals opened and redrawn at once, each one call of Slack's."""


@dataclass(frozen=True, slots=True)
class Slack:
    """The Slack edge, wired."""

    app: App
    desk: Desk
    forms: FormDesk
    api: SlackApi
    people: SlackPeople
    channels: SlackChannels
    metrics: Metrics


def build_people(settings: SlackSettings, *, recall: Recall | None = None) -> SlackPeople:
    """Who Slack users are; the directory needs it before the rest is built.

    Args:
        recall: joins what is kept of each; None where nothing is.
    """
    api = SlackApi(token=settings.bot_token, base_url=settings.api_url)
    return SlackPeople(api, usergroups=settings.usergroups, recall=recall)


def build_slack(
    settings: SlackSettings,
    *,
    reports: Reports,
    jobs: Jobs,
    people: SlackPeople | None = None,
    metrics: Metrics | None = None,
    schedules: Schedules | None = None,
    memory: Memory | None = None,
    channel_changed: Callable[[str], object] | None = None,
    clock: Callable[[], float] = time.time,
) -> Slack:
    """Every object of the Slack edge, wired; no network.

    Args:
        schedules: None where this bot keeps none.
        memory: what is remembered about people; None where nothing is.
        channel_changed: also told when Slack says that something about a channel changed.
        clock: seconds since 1970.
    """
    metrics = metrics or Metrics()
    api = SlackApi(token=settings.bot_token, base_url=settings.api_url, metrics=metrics)
    people = people or build_people(settings)
    channels = SlackChannels(api, named=settings.named_channels)
    alarms = Alarms()
    desk = Desk(
        reports=reports,
        jobs=jobs,
        people=people,
        channels=channels,
        api=api,
        alarms=alarms,
        settings=settings,
        metrics=metrics,
        schedules=schedules,
        channel_changed=channel_changed,
        home_changed=lambda user_id: home.changed(user_id),  # noqa: PLW0108  built later, on the desk
        clock=clock,
    )
    schedule_desk = ScheduleDesk(schedules, clock)
    threads = ThreadPoolExecutor(MODAL_THREADS, thread_name_prefix="modals")
    home = HomeDesk(
        desk=desk,
        reports=reports,
        jobs=jobs,
        people=people,
        api=api,
        alarms=alarms,
        settings=settings,
        schedules=schedule_desk,
        threads=threads,
        memory=memory,
    )
    forms = FormDesk(
        desk=desk,
        reports=reports,
        jobs=jobs,
        people=people,
        api=api,
        alarms=alarms,
        settings=settings,
        schedules=schedule_desk,
        threads=threads,
        saving=memory,
        changed=home.changed,
    )
    searches = Searches(desk=desk, reports=reports, people=people)
    app = build_app(desk=desk, forms=forms, home=home, searches=searches, settings=settings, metrics=metrics)
    return Slack(app, desk, forms, api, people, channels, metrics)


def build_app(
    *, desk: Desk, forms: FormDesk, home: HomeDesk, searches: Searches, settings: SlackSettings, metrics: Metrics
) -> App:
    """The app with its listeners. Requests over HTTP are checked for their signature; sockets carry none."""
    # At INFO Bolt writes out the whole body of a badly signed request; while it is built it warns that it doesn't
    # use the token of the environment, which is meant.
    bolt_log = logging.getLogger("slack_bolt")
    bolt_log.setLevel(logging.ERROR)
    app = _BoltApp(
        name="utilization",
        logger=bolt_log,
        signing_secret=settings.signing_secret or "",
        # A token given to Bolt would be tested over the network: now, or within the three seconds of the first ack.
        authorize=_authorized,
        client=web_client(None, settings.api_url),
        request_verification_enabled=True,
        # Else Bolt logs part of the body, and advice to the developer, for whatever it has no listener for.
        raise_error_for_unhandled_request=True,
        listener_executor=ThreadPoolExecutor(max_workers=ACK_THREADS, thread_name_prefix="ack"),
    )
    bolt_log.setLevel(logging.WARNING)
    app.acks = desk.acks
    app.measured_by(metrics)
    commands.register(app, desk, settings.command)
    events.register(app, desk, home)
    actions.register(app, desk, forms)
    options.register(app, desk)
    views.register(app, forms, home, searches)
    actions.register_rest(app, desk)
    app.error(_failed)
    return app


def _authorized(enterprise_id: str | None, team_id: str | None, user_id: str | None) -> AuthorizeResult:
    """Every delivery is for the one workspace where the app is installed; who asks is decided by the desk.

    Listeners call Slack through `SlackApi`, which has the token, so Bolt needs none.
    """
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, user_id=user_id)


def _failed(error: Exception, body: dict[str, Any]) -> BoltResponse:
    """A listener that failed, where nothing could be said: never a 500, and never a body in the log."""
    if isinstance(error, BoltUnhandledRequestError):
        log.warning("delivery_unhandled", kind=_kind(body))
        return BoltResponse(status=404, body="")
    if isinstance(error, UnreadableDeliveryError):
        log.warning("delivery_unreadable", kind=_kind(body), field=str(error))
    elif not _is_ours(error):
        # Bolt takes the shape of a delivery for granted while it looks for a listener.
        log.warning("delivery_unreadable", kind=_kind(body), error=type(error).__name__)
        return BoltResponse(status=400, body="")
    else:
        log.error("listener_failed", kind=_kind(body), exc_info=error)
    return BoltResponse(status=200, body="")


def _is_ours(error: Exception) -> bool:
    """Whether code of this project was at work when it was raised."""
    frames = (frame for frame, _ in traceback.walk_tb(error.__traceback__))
    return any(str(frame.f_globals.get("__name__")).startswith("bot.") for frame in frames)


class _BoltApp(App):
    """Bolt's app, with each delivery timed from its arrival to its acknowledgement."""

    _metrics: Metrics | None = None
    acks = AcksFirst()
    """Who waits for an acknowledgement; of the desk behind it."""

    def measured_by(self, metrics: Metrics) -> None:
        """Where the times go."""
        self._metrics = metrics

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        """As Bolt does."""
        begun = time.monotonic()
        with self.acks.delivery():
            response = super().dispatch(req)
        if self._metrics is not None:
            self._metrics.ack_seconds.labels(_kind(req.body)).observe(time.monotonic() - begun)
        return response


def _kind(body: dict[str, Any]) -> str:
    """What was delivered; one of few words, whatever came."""
    if body.get("command"):
        return "command"
    kind = body.get("type")
    known = ("event_callback", "block_actions", "block_suggestion", "view_submission", "shortcut", "url_verification")
    return kind if kind in known else "other"
