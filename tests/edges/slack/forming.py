"""The Slack edge with the real grammar behind it, schedules in memory, and whatever is asked kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.core.answer import TextAnswer
from bot.core.defaults import Defaults
from bot.core.memos import Asked, Saved
from bot.core.people import NameIndex
from bot.core.query import Selector, SelectorKind, Verb
from bot.core.rights import PRIVATE, parse_grants
from bot.core.zones import load_zone
from bot.edges.jobs import ThreadJobs
from bot.edges.slack import SlackSettings, build_people, build_slack
from bot.edges.slack.api import SlackApi
from bot.edges.slack.messenger import SlackMessenger
from bot.errors import CommandError
from bot.ports import Agent
from bot.services.holidays import HolidayCalendars
from bot.services.reading import Reader, ReportSettings
from bot.services.schedules import ScheduleSettings, SchedulesService
from tests.edges.slack.worlds import figures
from tests.services.delivering import MemoryLedger, MemoryStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.answer import Answer
    from bot.core.query import Query
    from bot.core.rights import Audience
    from bot.demo.fake_slack import FakeSlack
    from bot.ports import Operation, Requester

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
AGENTS = (Agent("id-ana", "Ana Díaz", "ana.d@example.com"), Agent("id-ben", "Ben Ito"), Agent("id-ann", "Ann Lee"))
TWINS = (Agent("id-1", "Kim Park", "kim1@example.com"), Agent("id-2", "Kim Park", "kim2@example.com"))
GROUPS = (Selector(SelectorKind.TEAM, "Billing North"), Selector(SelectorKind.QUEUE, "Billing"))


@dataclass
class Reports:
    """The real grammar; figures from memory; everybody may ask everything."""

    memory: Remembered
    asked: list[tuple[str, str, Audience]] = field(default_factory=list)
    """(text, door, audience) of each."""
    reader: Reader = field(default_factory=lambda: Reader(ReportSettings(zone=load_zone("UTC"))))

    def read(self, text: str, requester: Requester, *, now: datetime | None = None, zone: str | None = None) -> Query:
        return self.reader.read(text, requester, now=now or NOON, zone=zone)

    def expand(self, query: Query, requester: Requester, **_more: Any) -> Query:
        if query.verb is not Verb.SAVED or not query.memo.name:
            return query
        one = next(one for one in self.memory.saved(requester.id) if one.name == query.memo.name)
        return self.read(one.question, requester)

    def at_once(self, query: Query, requester: Requester) -> TextAnswer | None:
        return TextAnswer(query, "Help", "Ask for yesterday.") if query.verb is Verb.HELP else None

    def answer(
        self, query: Query, requester: Requester, *, door: str, audience: Audience = PRIVATE, **_more: Any
    ) -> Answer | TextAnswer:
        self.asked.append((query.text, door, audience))
        if query.verb is Verb.UNSAVE:
            self.memory.unsave(requester, query.memo.name)
            return TextAnswer(query, "Saved questions", f"“{query.memo.name}” is forgotten.")
        if query.range is None:
            return TextAnswer(query, "A text", f"About {query.verb}.")
        return figures(query)

    def check(self, query: Query, requester: Requester, operation: Operation) -> Sequence[Any]:
        return ()

    def own_agent(self, requester: Requester, operation: Operation) -> Agent | None:
        return None

    def suggest_agents(self, typed: str, requester: Requester, *, limit: int = 100) -> Sequence[Agent]:
        return NameIndex((*AGENTS, *TWINS)).beginning(typed, limit=limit)

    def suggest_groups(self, typed: str, requester: Requester, *, limit: int = 100) -> Sequence[Selector]:
        return [group for group in GROUPS if group.value.lower().startswith(typed.lower())][:limit]


class Remembered:
    """What is remembered of people, in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, list[Saved]] = {}
        self.chosen: dict[str, Defaults] = {}
        self.last: tuple[Asked, ...] = ()

    def defaults(self, person_id: str) -> Defaults:
        return self.chosen.get(person_id, Defaults())

    def set_defaults(self, person_id: str, defaults: Defaults) -> None:
        self.chosen[person_id] = defaults

    def saved(self, person_id: str, channel_id: str | None = None) -> tuple[Saved, ...]:
        return tuple(self.kept.get(person_id, ()))

    def save(self, requester: Requester, name: str, question: str, *, channel_id: str | None = None) -> Saved:
        if name == "help":
            raise CommandError("`help` is a word of the grammar.", hint="morning", code="invalid_name")
        owner = channel_id or requester.id
        saved = Saved(name, question, owner, channel_id is not None, requester.id, NOON)
        self.kept.setdefault(owner, []).append(saved)
        return saved

    def unsave(self, requester: Requester, name: str) -> None:
        self.kept[requester.id] = [one for one in self.kept[requester.id] if one.name != name]

    def last_questions(self, person_id: str, limit: int = 5) -> tuple[Asked, ...]:
        return self.last[:limit]


CHECK_AFTER_S = 0.02
"""Nothing here is drawn over: the fake Slack keeps what is newer."""


class FormWorld:
    """Everything that a test of forms holds in its hands."""

    def __init__(self, slack: FakeSlack, *, connect: bool = True, capacity: int = 50, **more: Any) -> None:
        self.slack = slack
        self.ana = slack.add_person("ana", name="Ana Díaz", email="ana@example.com", tz="Europe/London", id="UANA")
        self.bob = slack.add_person("bob", name="Bob Ray", email="bob@example.com", tz="Asia/Tokyo", id="UBOB")
        self.ops = slack.add_channel("ops", members=[self.ana, self.bob], id="COPS")
        self.away = slack.add_channel("away", members=[self.ana], id="CAWAY", with_bot=False)
        self.store, self.ledger = MemoryStore(), MemoryLedger()
        self.jobs = ThreadJobs(workers=2, capacity=capacity)
        self.memory = Remembered()
        self.reports = Reports(self.memory)
        settings = SlackSettings(
            bot_token=slack.bot_token,
            signing_secret=slack.signing_secret,
            api_url=slack.url,
            commands_a_minute=1_000,
            commands_in_flight=1_000,
            shifts=("night",),
        )
        self.people = build_people(settings)
        schedules = SchedulesService(
            store=self.store,
            ledger=self.ledger,
            deliveries=None,  # type: ignore[arg-type]  nothing here is run
            channels=SlackMessenger(SlackApi(token=slack.bot_token, base_url=slack.url, sleep=lambda _s: None)),
            people=self.people,
            reports=self.reports,
            calendars=HolidayCalendars(),
            settings=ScheduleSettings(grants=parse_grants("UANA=*; UBOB=team:Billing")),
            clock=lambda: NOON,
        )
        self.edge = build_slack(
            settings,
            reports=self.reports,
            jobs=self.jobs,
            people=self.people,
            schedules=schedules,
            clock=NOON.timestamp,
            **({"memory": self.memory} | more),
        )
        self.edge.api.sleep = lambda _s: None
        self.edge.forms.check_after_s = CHECK_AFTER_S
        if connect:
            slack.connect(app=self.edge.app)

    def meet(self, *people: Any) -> None:
        """Have people known to the bot, as after their first questions."""
        for person in people or (self.ana,):
            self.people.requester(person.id)

    def modal(self, title: str, person: Any = None) -> Any:
        """The modal on somebody's screen, once it has that title and is no longer loading."""

        def there() -> Any:
            view = self.slack.view(person or self.ana)
            ready = view and view.payload["title"]["text"] == title and "Loading" not in str(view.blocks)
            return view if ready else None

        return self.slack.wait_for(there, what=f"a modal called {title}")

    def shows(self, view: Any, words: str) -> None:
        """Wait until a modal shows these words."""
        self.slack.wait_for(lambda: words in str(view.payload["blocks"]), what=words)
