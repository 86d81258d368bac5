"""The whole bot over stand-ins: a made-up organisation and a fake Slack on loopback, and the real thing between."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from bot.demo.fake_slack import FakeSlack

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from types import TracebackType
    from typing import Self
    from wsgiref.types import WSGIApplication

    from bot.demo.fake_slack import Channel, Person
    from bot.wiring import Application

ZONE = "Europe/London"
SEED = 7
AGENTS = 36


@dataclass(frozen=True, slots=True)
class Setting:
    """What stands on the stage once it is open."""

    slack: FakeSlack
    application: Application
    person: Person
    """The one at the keyboard: she supervises everybody, reads the log of looks, and has a Genesys account herself."""
    channel: Channel
    sandbox_url: str
    web_url: str

    @property
    def names(self) -> Mapping[str, str]:
        """What to show for the ids of people and channels."""
        world = self.slack.world
        return {p.id: p.name for p in world.people.values()} | {c.id: c.name for c in world.channels.values()}

    def idle(self) -> bool:
        """Whether no question is waiting or being worked on."""
        jobs = self.application.jobs
        return not jobs.waiting and not jobs.at_work


class Stage:
    """Opens everything in order, and closes it in the other: `with Stage() as setting: …`.

    Args:
        clock: of the bot and of the organisation; the fake Slack keeps the real one, by which requests are signed.
    """

    def __init__(self, *, clock: Callable[[], datetime] | None = None, seed: int = SEED, agents: int = AGENTS) -> None:
        self._clock = clock
        self._seed = seed
        self._agents = agents
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def open(self) -> Setting:
        """Start the stand-ins, build the bot over them, and serve its web form."""
        from bot.edges.web import SLACK_PATH, build_web
        from bot.settings import load_settings
        from bot.wiring import build, utc_now
        from genesys_client.sandbox import DEFAULT_GRANT, Engine, SandboxServer

        clock = self._clock or utc_now
        engine = Engine(seed=self._seed, agents=self._agents, zone=ZONE, now=clock)
        sandbox = self._opened.enter_context(SandboxServer(engine))
        slack = self._opened.enter_context(FakeSlack())
        account = next(p for p in engine.organization.agents if p.takes_work and p.is_listed and p.team_id)
        person = slack.add_person("you", name="You", email=account.email, tz=ZONE)
        channel = slack.add_channel("support-floor", members=[person])
        settings = load_settings(
            {
                "GENESYS_CLIENT_ID": DEFAULT_GRANT.client_id,
                "GENESYS_CLIENT_SECRET": DEFAULT_GRANT.client_secret,
                "GENESYS_API_URL": sandbox.url,
                "GENESYS_LOGIN_URL": sandbox.url,
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_SIGNING_SECRET": slack.signing_secret,
                "SLACK_API_URL": slack.url,
                "SUPERVISORS": f"{person.id}=*",
                "AUDITORS": person.id,
                "NAMED_CHANNELS": channel.id,
                "DATABASE_URL": "sqlite://",  # in memory: the demo leaves nothing behind
                "PREFETCH_AT": "off",  # nobody waits for its mornings
                "REPORT_ZONE": ZONE,
                "COMMANDS_A_MINUTE": "1000",  # lines come from a file at times
            },
            env_file=None,
        )
        application = build(settings, clock=clock)
        self._opened.callback(application.close)
        ticker = application.ticker(every_s=1.0)
        application.delivery.start()
        self._opened.callback(application.delivery.stop)
        ticker.start()
        self._opened.callback(ticker.close)
        web = build_web(application.slack.app, signing_secret=slack.signing_secret, jobs=application.jobs)
        origin = self._opened.enter_context(Served(web))
        web_url = origin + SLACK_PATH
        slack.connect(url=web_url)
        # As on any day but the first: whom the bot knows, her acknowledgement says how the question was read.
        application.slack.people.requester(person.id)
        return Setting(slack, application, person, channel, sandbox.url, web_url)


class Served:
    """A WSGI application on a free loopback port, one thread a request; the value of `with` is its origin."""

    def __init__(self, web: WSGIApplication) -> None:
        self._server = make_server("127.0.0.1", 0, web, server_class=_Server, handler_class=_Quiet)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="demo-web", daemon=True
        )

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._server.server_port}"

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Keep the terminal for the messages."""
