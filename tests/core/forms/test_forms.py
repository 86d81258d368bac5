"""Forms and commands say the same: whatever stands in a form can be typed, and what was typed can stand in a form."""

from dataclasses import replace
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.forms import (
    DATES,
    QuestionForm,
    ScheduleForm,
    form_of,
    question_problems,
    question_words,
    schedule_form_of,
    schedule_problems,
    schedule_words,
)
from bot.core.forms.asking import ENTITIES, ONLY, fits, selector_of, selector_words
from bot.core.forms.scheduling import DAYS, MONTHLY, SOME_DAYS
from bot.core.grammar import parse
from bot.core.metrics import METRICS
from bot.core.query import Booking, Dimension, Selector, SelectorKind, Verb, default_booking
from bot.errors import CommandError
from tests.core.grammar.context import context
from tests.core.grammar.test_grammar_properties import commands, without_words

NAMES = st.one_of(
    st.sampled_from(
        ["Billing", "Billing North", "Ana Díaz", "May June", "O'Neil", "=1+1", "<!channel>", "*a* _b_ ~c~"]
    ),
    st.text(min_size=1, max_size=40),
)
KINDS = [k for k in SelectorKind if k not in {SelectorKind.ME, SelectorKind.MY_TEAM, SelectorKind.MENTION}]
SELECTORS = st.builds(Selector, st.sampled_from(KINDS), NAMES).filter(fits)
DAYS_PICKED = st.dates(date(2026, 11, 1), date(2026, 11, 24))
TIMES = st.none() | st.times().map(lambda t: t.replace(second=0, microsecond=0))


@st.composite
def question_forms(draw: st.DrawFn) -> QuestionForm:
    """Any state that the fields can be in."""
    words = ["today", "yesterday", "this week", "last week", "last month", "last 7 days", "past 24h", DATES]
    half_hours = draw(st.booleans())
    chosen = tuple(draw(st.lists(SELECTORS, max_size=3, unique=True)))
    without = tuple(s for s in draw(st.lists(SELECTORS, max_size=2, unique=True)) if s not in chosen)
    return QuestionForm(
        when=draw(st.sampled_from(words)),
        first=draw(DAYS_PICKED),
        last=draw(st.none() | DAYS_PICKED),
        start=draw(TIMES),
        end=draw(TIMES),
        versus=draw(st.sampled_from(["", "", "last week"])),
        zone=draw(st.sampled_from(["", "Europe/London", "Asia/Kathmandu"])),
        whose=draw(st.sampled_from(["", "", "me", "my team"])),
        people=tuple(draw(st.lists(st.sampled_from(["U1", "U2"]), unique=True))),
        chosen=chosen,
        without=without,
        only=frozenset(draw(st.lists(st.sampled_from(ONLY), max_size=3))),
        half_hours=half_hours,
        rows=tuple(draw(st.lists(st.sampled_from(ENTITIES), unique=True, max_size=2))),
        pieces=draw(st.sampled_from(["", "interval", "15m", "1h", "day", "week"])),
        sort=draw(st.sampled_from(["", *(m.name for m in METRICS)])),
        rank=draw(st.sampled_from(["", "top 10", "bottom 5"])),
        booking=draw(st.sampled_from(["", "posted", "clock"])),
        outputs=frozenset(draw(st.lists(st.sampled_from(["csv", "xlsx", "chart", "heatmap"]), max_size=2))),
        more=draw(st.sampled_from(["", "", "below 60%", "above 20% below 60%", "nonsens", '"open'])),
    )


def read(text: str):
    return parse(text, context())


@given(question_forms())
def test_a_form_without_problems_is_a_command_that_asks_what_it_shows(form):
    problems = question_problems(form, read)
    if problems:
        assert all(p.message and p.field in {f.rstrip() for f in QuestionForm.__dataclass_fields__} for p in problems)
        return
    query = read(question_words(form))
    shown, unheld = form_of(query)
    assert unheld == ()
    assert without_words(read(question_words(shown))) == without_words(query)

    assert query.verb is (Verb.INTERVALS if form.half_hours else None)
    whole = {*query.filters.include}
    assert {*form.chosen} <= {Selector(s.kind, s.value) for s in whole} | {
        s for s in form.chosen if any(w.kind is s.kind and w.value.casefold() == s.value.casefold() for w in whole)
    }
    assert {s.value for s in whole if s.kind is SelectorKind.MENTION} == {*form.people}
    assert form.whose != "me" or Selector(SelectorKind.ME) in whole
    assert (Selector(SelectorKind.MY_TEAM) in whole) == (form.whose == "my team")
    assert {*query.filters.media, *query.filters.directions} == form.only - {"acd", "active"}
    assert (query.filters.acd, query.filters.active) == ("acd" in form.only, "active" in form.only)
    assert query.booking is (Booking(form.booking) if form.booking else default_booking(query.verb))
    assert (query.sort.column if query.sort else "") == form.sort
    assert {o.value for o in query.outputs} == form.outputs
    assert (query.zone.key if query.zone_source == "text" else "") == form.zone
    if form.is_dated:
        first = query.range.start.astimezone(query.zone)
        assert abs((first.date() - form.first).days) <= 1


@given(commands())
def test_what_was_typed_is_asked_again_by_the_form_that_it_opens(phrases):
    try:
        query = parse(" ".join(phrases), context())
    except CommandError:
        return
    form, unheld = form_of(query)
    assert bool(unheld) == query.share
    again = parse(question_words(form), context())
    assert without_words(again) == without_words(replace(query, share=False))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("explain @ana 10:30 yesterday", "`explain`", id="explain"),
        pytest.param("reconcile yesterday team:Billing", "`reconcile`", id="reconcile"),
        pytest.param("yesterday share", "`share`", id="share"),
        pytest.param("status", "`status`", id="no figures"),
    ],
)
def test_what_a_form_cannot_hold_is_said(text, said):
    form, unheld = form_of(read(text))
    assert said in unheld[0]
    assert question_problems(form, read) == ()


def test_the_command_is_the_one_that_people_type():
    form = QuestionForm(
        when="yesterday",
        start=time(9),
        end=time(17, 30),
        zone="Europe/London",
        chosen=(Selector(SelectorKind.TEAM, "Billing"), Selector(SelectorKind.AGENT, "Ana Díaz")),
        without=(Selector(SelectorKind.AGENT, "Bob"),),
        only=frozenset({"voice", "active"}),
        rows=(Dimension.AGENT,),
        pieces="interval",
        sort="occupancy",
        rank="top 10",
        more="below 60%",
    )
    assert question_words(form) == (
        'yesterday 09:00-17:30 in Europe/London "Ana Díaz" team:Billing -Bob voice active by interval top 10 below 60%'
        " sort occupancy"
    )


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        pytest.param(QuestionForm(when=DATES), "first", "first day", id="no day"),
        pytest.param(
            QuestionForm(when=DATES, first=date(2026, 11, 20), last=date(2026, 11, 2)), "when", "before", id="backwards"
        ),
        pytest.param(QuestionForm(when=DATES, first=date(2027, 1, 1)), "when", "ahead", id="ahead"),
        pytest.param(QuestionForm(start=time(9)), "end", "end", id="half a window"),
        pytest.param(QuestionForm(start=time(9), end=time(9)), "end", "empty", id="empty window"),
        pytest.param(QuestionForm(half_hours=True, whose="my team"), "half_hours", "one agent", id="many agents"),
        pytest.param(QuestionForm(more="belov 60%"), "more", "below", id="slip"),
        pytest.param(QuestionForm(more="delete 3"), "more", "", id="an order"),
        pytest.param(QuestionForm(more="share"), "more", "you alone", id="share"),
        pytest.param(QuestionForm(more='"ana'), "more", "quote", id="open quote"),
        pytest.param(QuestionForm(booking="posted", more="clock"), "more", "contradict", id="contradiction"),
        pytest.param(
            QuestionForm(chosen=(Selector(SelectorKind.TEAM, "A"),), without=(Selector(SelectorKind.TEAM, "A"),)),
            "without",
            "contradict",
            id="in and out",
        ),
    ],
)
def test_a_mistake_is_told_at_its_field(form, field, said):
    (problem,) = question_problems(form, read)
    assert problem.field == field
    assert said in problem.message


@given(st.text(max_size=60))
def test_the_value_of_an_option_is_one_selector_or_nothing(words):
    selector = selector_of(words)
    if selector is not None and fits(selector):
        assert selector_of(selector_words(selector)) == selector


# --- schedules -------------------------------------------------------------------------------------------------------


@st.composite
def schedule_forms(draw: st.DrawFn) -> ScheduleForm:
    moments = st.times().map(lambda t: t.replace(second=0, microsecond=0))
    return ScheduleForm(
        number=draw(st.none() | st.integers(1, 99)),
        question=draw(
            st.sampled_from(["yesterday team:Billing", "last week by day", "intervals me yesterday", "nonsens"])
        ),
        days=draw(st.sampled_from([*DAYS, SOME_DAYS, MONTHLY])),
        weekdays=draw(st.frozensets(st.integers(0, 6))),
        month_day=draw(st.none() | st.integers(1, 31)),
        times=tuple(draw(st.lists(moments, max_size=3))),
        zone=draw(st.sampled_from(["", "Europe/London", "Asia/Kathmandu"])),
        people=tuple(draw(st.lists(st.sampled_from(["U1", "U2"]), unique=True))),
        channels=tuple(draw(st.lists(st.sampled_from(["C1", "C2"]), unique=True))),
        holidays=draw(st.sampled_from(["", "GB"])),
        until=draw(st.none() | st.dates(date(2026, 11, 1), date(2027, 12, 1))),
        more=draw(st.sampled_from(["", "", "missed all", "wait 30m for 95%", "10 times", "to <@U9> for team:Support"])),
    )


@given(schedule_forms())
def test_a_schedule_form_without_problems_is_a_command_for_what_it_shows(form):
    problems = schedule_problems(form, read)
    if problems:
        assert all(p.message and p.field in ScheduleForm.__dataclass_fields__ for p in problems)
        return
    order = read(schedule_words(form)).order
    plan = order.plan
    assert (order.verb, order.number) == (Verb.EDIT if form.number else Verb.SCHEDULE, form.number)
    assert {*plan.recurrence.times} == {*form.times}
    assert plan.recurrence.zone == form.zone or not form.zone
    assert {*form.people, *form.channels} <= {t.value for t in plan.targets}
    assert plan.recurrence.until == form.until
    again = read(schedule_words(schedule_form_of(plan, number=form.number))).order
    assert replace(again.plan, zone_source="") == replace(plan, zone_source="")


@pytest.mark.parametrize(
    ("form", "field"),
    [
        pytest.param(ScheduleForm(times=(time(8),)), "question", id="no question"),
        pytest.param(ScheduleForm(question="yesterday"), "times", id="no time"),
        pytest.param(ScheduleForm(question="yesterday", times=(time(8),), days=SOME_DAYS), "weekdays", id="no day"),
        pytest.param(ScheduleForm(question="2026-11-20", times=(time(8),)), "question", id="stands still"),
        pytest.param(ScheduleForm(question="yesterday csv", times=(time(8),)), "question", id="a file"),
        pytest.param(ScheduleForm(question="yesterday", times=(time(8),), until=date(2020, 1, 1)), "until", id="over"),
        pytest.param(ScheduleForm(question="yesterday", times=(time(8),), more="untill friday"), "more", id="slip"),
    ],
)
def test_a_mistake_in_a_schedule_is_told_at_its_field(form, field):
    (problem,) = schedule_problems(form, read)
    assert problem.field == field


def test_a_new_schedule_without_recipients_goes_to_whoever_makes_it():
    form = ScheduleForm(question="yesterday", times=(time(8), time(14)))
    assert schedule_words(form) == "schedule weekdays 08:00,14:00 yesterday to me"
    assert schedule_words(replace(form, channels=("C1",))) == "schedule weekdays 08:00,14:00 yesterday in <#C1>"
    assert schedule_words(replace(form, number=3)) == "edit 3 weekdays 08:00,14:00 yesterday"
