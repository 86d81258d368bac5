"""Everything that the bot draws, at any number of agents and with any names: Slack takes all of it.

Each drawer gets names in turn that are as long, as short, as foreign and as hostile as a directory may hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from bot.core.answer import TextAnswer
from bot.core.defaults import Defaults
from bot.core.forms import Problem, QuestionForm, ScheduleForm, question_words, schedule_words
from bot.core.grammar import parse
from bot.core.intervals import Granularity, buckets
from bot.core.limits import options_violations, violations
from bot.core.memos import Asked, Saved
from bot.core.orders import Changed, Listed, Logged
from bot.core.query import Dimension, Output, Selector, SelectorKind, Verb
from bot.core.rendering.forms import done_view, question_view, save_view, schedule_view, waiting_view
from bot.core.rendering.home import HomePage, home_view, message_view, settings_view
from bot.core.rendering.refusals import render_error
from bot.core.rendering.scheduled import render_scheduled
from bot.core.rendering.schedules import render_outcome
from bot.core.rights import Audience, for_audience
from bot.core.scheduling import FireState
from bot.edges.slack.drawing import Drawing, working
from bot.edges.slack.reply import Address, Door
from bot.edges.slack.searches import agent_options, option_groups
from bot.errors import CommandError, NotAllowedError, SourceError
from bot.ports import Agent
from tests.core.grammar.context import context
from tests.core.rendering.answers import LONDON, SUNDAY, intervals, many, row, side_by_side, then, yesterday
from tests.core.rendering.test_schedules import fire, schedule, view

NOW = datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
NAMES = {
    "a letter": "A",
    "255 letters": "W" * 255,
    "right to left": "שירה לוי בת־שבע אבן־עזרא מן הצפון הרחוק",
    "emoji": "👩🏽‍👩🏽‍👧🏽‍👦🏽" * 12,
    "channel": "<!channel> <@U0000001> <https://x.example|y>",
    "marks": "*a* _b_ ~c~ `d` ```e``` & &amp;",
    "formula": '=HYPERLINK("http://x.example","pay")',
    "invisible": "\u202e\u2066\u200b\x00",
}
Payload = tuple[str, dict[str, Any]]
"""(surface, what is handed to Slack)"""


def named(names: tuple[str, ...], count: int) -> list[str]:
    """So many names, no two alike."""
    return [names[n % len(names)] if n < len(names) else f"{names[n % len(names)][:240]} {n}" for n in range(count)]


def messages(names: tuple[str, ...], count: int) -> Iterator[Payload]:
    """Answers of every kind, for the asker and for a channel, native and plain."""
    table = many(count, named(names, min(count, 500)))
    named_query = replace(table.query, filters=replace(table.query.filters, include=selectors(names, count)))
    answers = [
        table,
        replace(table, query=named_query),
        side_by_side(table, then(table)),
        replace(table, query=replace(table.query, outputs=frozenset({Output.CHART}))),
        replace(table, query=replace(table.query, outputs=frozenset({Output.HEATMAP}))),
        intervals(names[count % len(names)]),
    ]
    if count <= 201:
        answers.append(by_time(names, count))
    drawing = Drawing(NOW.timestamp)
    private, channel = Address("U1", Door.BUTTON, "C1"), Address("U1", Door.COMMAND, "C1")
    for answer in answers:
        drawn = [drawing.message(answer, private, back="yesterday"), drawing.message(answer, channel, public=True)]
        try:
            drawn.append(drawing.message(for_audience(answer, Audience("C1")), channel, public=True))
        except NotAllowedError as error:
            drawn.append(render_error(error, reference="abc"))
        for message in drawn:
            yield "message", message.payload()
            yield "message", message.fallback_payload()
        post = render_scheduled(answer, schedule(), fire(), late=True, incomplete=True)
        for blocks in ("blocks", "fallback_blocks"):
            yield "message", {"text": post["text"], "blocks": post[blocks]}


def by_time(names: tuple[str, ...], count: int) -> Any:
    """Half-hours of several agents."""
    grid = buckets((SUNDAY,), Granularity.HALF_HOUR, LONDON)
    rows = [
        row(name, (0.5, 0.5, 900.0, 1800.0, 2, 450.0), agent_id=f"id-{n}", interval=bucket)
        for n, name in enumerate(named(names, min(count, 20)))
        for bucket in grid
    ]
    query = yesterday(granularity=Granularity.HALF_HOUR, buckets=grid, group_by=(Dimension.AGENT, Dimension.INTERVAL))
    return replace(many(1), query=query, rows=tuple(rows), sparks={})


def selectors(names: tuple[str, ...], count: int) -> tuple[Selector, ...]:
    kinds = (SelectorKind.AGENT, SelectorKind.TEAM, SelectorKind.QUEUE)
    return tuple(Selector(kinds[n % 3], name) for n, name in enumerate(named(names, min(count, 50))))


def texts(names: tuple[str, ...], count: int) -> Iterator[Payload]:
    """Texts, refusals with choices, and what is said of schedules."""
    lines = [f"{name}\n  said {name}\n      meaning {name}" for name in named(names, min(count, 2_000))]
    offers = tuple((name, f'link "{name}"') for name in names)
    answer = TextAnswer(yesterday(verb=Verb.RECONCILE), title=names[0] * 3, text="\n".join(lines), offers=offers)
    message = Drawing(NOW.timestamp).message(answer, Address("U1", Door.BUTTON))
    choices = tuple((name, f'yesterday "{name}"') for name in named(names, min(count, 300)))
    message_of = ", ".join(names * 20)
    errors = (
        CommandError(message_of, hint=message_of, code="x", choices=choices),
        SourceError(message_of, hint=message_of, reference=message_of, retry_after_s=3.0),
    )
    views = tuple(
        view(number=n + 1, question=f'yesterday "{name}"', reason=name, changeable=n % 2 == 0)
        for n, name in enumerate(named(names, min(count, 201)))
    )
    fires = tuple(fire(f"k{n}", state=FireState.FAILED, reason=name) for n, name in enumerate(names * 8))
    outcomes = (
        Listed(views, tuple(replace(v, schedule=replace(v.schedule, number=v.schedule.number + 1_000)) for v in views)),
        Listed(),
        Changed(Verb.SCHEDULE, views[0], reading=names[0], notes=tuple(names)),
        Logged(views[0], fires),
    )
    drawn = [message, *(render_error(error, reference="abc") for error in errors), working(names[0][:40] or "…", "k")]
    drawn += [render_outcome(outcome, now=NOW) for outcome in outcomes]
    for each in drawn:
        yield "message", each.payload()
        yield "message", each.fallback_payload()


def views(names: tuple[str, ...], count: int) -> Iterator[Payload]:
    """Modals and the Home tab."""
    chosen = selectors(names, count)
    many_names = named(names, min(count, 300))
    ids = tuple(f"U{n:09d}" for n in range(min(count, 200)))
    problems = [Problem(field, ", ".join(names * 10)) for field in ("question", "channels", "name", "when")]
    for expanded in (False, True):
        form = QuestionForm(
            when="dates" if expanded else names[0],
            first=date(2026, 11, 20),
            people=ids,
            chosen=chosen,
            without=chosen,
            more=" ".join(many_names)[:900],
            versus=names[0][:140],
            zone="Europe/London",
            shift="night",
        )
        for faults, query in ((problems, None), ((), parse("yesterday", context()))):
            yield (
                "modal",
                question_view(
                    form,
                    words=question_words(form),
                    command="/utilization",
                    query=query,
                    problems=faults,
                    unheld=many_names,
                    shifts=[name[:40] for name in many_names],
                    expanded=expanded,
                    metadata="x" * 2_000,
                ),
            )
    plan = ScheduleForm(
        question=f'yesterday "{names[0]}"',
        times=tuple(time(h, m) for h in range(24) for m in (0, 7)),
        people=ids,
        channels=tuple(i.replace("U", "C") for i in ids),
        more=" ".join(many_names)[:900],
        holidays=names[0],
    )
    yield "modal", schedule_view(plan, words=schedule_words(plan), command="/utilization", problems=problems)
    yield (
        "modal",
        save_view(name=names[0], question=" ".join(many_names)[:2_900], in_channel=True, problems=problems),
    )
    yield "modal", settings_view(Defaults(zone="Europe/London", team=names[0], columns=("handle_s",) * 1))
    yield "modal", waiting_view("Loading")
    yield "modal", done_view("Done", [f"• {name[:3]}" for name in many_names])
    yield "home", message_view("Not here.")
    for keeps in (False, True):
        saved = tuple(Saved(n, f'yesterday "{n}"' * 3, "U1", k % 2 == 0, "U1", NOW) for k, n in enumerate(many_names))
        plans = tuple(
            (view(number=n + 1, question=f'yesterday "{name}"'), fire(f"k{n}", reason=name) if n % 2 else None)
            for n, name in enumerate(many_names[:60])
        )
        yield (
            "home",
            home_view(
                HomePage(
                    "/utilization",
                    NOW,
                    Defaults(team=names[0], columns=("handle_s", "acw_s")),
                    saved=saved if keeps else None,
                    schedules=plans if keeps else None,
                    agent=names[0] if keeps else None,
                    asked=tuple(Asked(f'yesterday "{name}"', NOW) for name in many_names) if keeps else (),
                    notice=", ".join("x" for _ in many_names) if keeps else "",
                    remembers=keeps,
                )
            ),
        )


DRAWERS: dict[str, Callable[[tuple[str, ...], int], Iterator[Payload]]] = {
    "answers": messages,
    "texts": texts,
    "views": views,
}
QUICK = [(size, tuple(NAMES.values())) for size in (1, 201)] + [(5, (NAMES["255 letters"],))]
LONG = [(size, (name,)) for size in (1, 99, 100, 200, 201) for name in NAMES.values()]
LONG += [(10_000, tuple(NAMES.values()))]


def check(draw: str, size: int, names: tuple[str, ...]) -> None:
    count = 0
    for surface, payload in DRAWERS[draw](names, size):
        count += 1
        assert violations(payload, surface=surface) == [], payload
    assert count >= 10


@pytest.mark.parametrize("draw", DRAWERS)
@pytest.mark.parametrize(("size", "names"), QUICK, ids=["one", "201", "long names"])
def test_slack_takes_all_that_is_drawn(draw: str, size: int, names: tuple[str, ...]) -> None:
    check(draw, size, names)


@pytest.mark.long
@pytest.mark.parametrize("draw", DRAWERS)
@pytest.mark.parametrize(("size", "names"), LONG)
def test_slack_takes_all_that_is_drawn_at_every_size(draw: str, size: int, names: tuple[str, ...]) -> None:
    check(draw, size, names)


@pytest.mark.parametrize("size", [1, 99, 100, 201, 1_000])
def test_slack_takes_the_options_that_a_search_offers(size: int) -> None:
    agents = [Agent(f"id-{n}", name, f"a{n}@example.com") for n, name in enumerate(named(tuple(NAMES.values()), size))]
    twins = [Agent(f"twin-{n}", "Kim Park") for n in range(3)]
    groups = option_groups(("Agents", agent_options([*agents, *twins])))
    assert options_violations({"option_groups": groups}) == []
    values = [each["value"] for each in groups[0]["options"]]
    assert len(set(values)) == len(values)
