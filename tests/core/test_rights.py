"""Who may see what: grants, what a person sees, what an audience reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answer import Answer, Column, Coverage, Group, Missing, Notice, Row, RowState, Spark, Unit
from bot.core.intervals import Interval
from bot.core.query import Dimension, Filters, Query, Range, Selector, SelectorKind
from bot.core.rights import (
    PRIVATE,
    Audience,
    Grant,
    Sight,
    Vision,
    check_welcome,
    for_audience,
    parse_grants,
    sight,
    visible_agents,
    vision,
)
from bot.errors import NotAllowedError

BILLING = Selector(SelectorKind.TEAM, "Billing")
SUPPORT = Selector(SelectorKind.QUEUE, "Support")


@dataclass(frozen=True)
class Asker:
    id: str = "U1"
    usergroups: frozenset[str] = frozenset()
    operator: bool = False
    stranger: bool = False


# --- the setting -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "grants"),
    [
        pytest.param("", (), id="nobody"),
        pytest.param(" ; ; ", (), id="only separators"),
        pytest.param("U1=team:Billing", (Grant("U1", scopes=(BILLING,)),), id="one scope"),
        pytest.param(
            "U123=team:Billing,queue:Support; S456=*",
            (Grant("U123", scopes=(BILLING, SUPPORT)), Grant("S456", everything=True)),
            id="two entries, as documented",
        ),
        pytest.param(
            "W9 = team : x".replace(" : ", ":"), (Grant("W9", scopes=(Selector(SelectorKind.TEAM, "x"),)),), id="blanks"
        ),
        pytest.param("*", (Grant("*", everything=True),), id="everyone sees all, as in the demo"),
        pytest.param("*=*", (Grant("*", everything=True),), id="the same in full"),
        pytest.param("*=team:Billing", (Grant("*", scopes=(BILLING,)),), id="everyone sees one team"),
        pytest.param(
            'U1=team:"Billing, EU; north"',
            (Grant("U1", scopes=(Selector(SelectorKind.TEAM, "Billing, EU; north"),)),),
            id="separators in quotes",
        ),
        pytest.param(
            "U1=group:g,division:d,manager:ana@example.com",
            (
                Grant(
                    "U1",
                    scopes=(
                        Selector(SelectorKind.GROUP, "g"),
                        Selector(SelectorKind.DIVISION, "d"),
                        Selector(SelectorKind.MANAGER, "ana@example.com"),
                    ),
                ),
            ),
            id="every other kind",
        ),
        pytest.param(
            "U1=team:Billing;U1=queue:Support",
            (Grant("U1", scopes=(BILLING,)), Grant("U1", scopes=(SUPPORT,))),
            id="two entries for one person",
        ),
    ],
)
def test_the_setting_reads_as_grants(text, grants):
    assert parse_grants(text) == grants


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("U1", "'U1' lacks '='", id="no scope at all"),
        pytest.param("ana=*", "'ana' is neither a Slack user id", id="a name instead of an id"),
        pytest.param("u1=*", "'u1' is neither", id="lower case"),
        pytest.param("C1=*", "'C1' is neither", id="a channel"),
        pytest.param("U1=Billing", "'Billing' in 'U1=Billing' is no scope", id="a bare name"),
        pytest.param("U1=agent:Ana", "'agent:Ana' in", id="a kind that scopes don't have"),
        pytest.param("U1=me:", "is no scope", id="a selector without a scope's kind"),
        pytest.param("U1=team:", "'team:' in 'U1=team:' lacks a name", id="no name"),
        pytest.param('U1=team:"  "', "lacks a name", id="an empty name in quotes"),
        pytest.param("U1=team:a,*", "'*' in 'U1=team:a,*' is no scope", id="everything beside a scope"),
        pytest.param('U1=team:"a" b', "is no scope", id="words after the quotes"),
        pytest.param("U1=team:a,", "'' in 'U1=team:a,' is no scope", id="a trailing comma"),
        pytest.param("=*", "'' is neither", id="nobody"),
    ],
)
def test_what_can_not_be_read_is_named(text, named):
    with pytest.raises(ValueError, match=r".") as problem:
        parse_grants(text)
    assert named in str(problem.value)


def test_every_bad_entry_is_named_at_once():
    with pytest.raises(ValueError, match=r".") as problem:
        parse_grants("ana=*; U1=team:ok; U2=what:ever; U3")
    said = str(problem.value)
    assert "'ana'" in said
    assert "'what:ever'" in said
    assert "'U3'" in said
    assert "ok" not in said


# --- what a person may see -------------------------------------------------------------------------------------------

GRANTS = parse_grants("U1=team:Billing,queue:Support; S1=team:Sales; S2=*; U9=team:Billing")


@pytest.mark.parametrize(
    ("asker", "own", "expected"),
    [
        pytest.param(Asker("U0"), None, Vision(), id="nobody in particular: nothing"),
        pytest.param(Asker("U0"), "a1", Vision(own="a1"), id="an agent: herself"),
        pytest.param(Asker("U1"), None, Vision(scopes=(BILLING, SUPPORT)), id="a supervisor: her scopes"),
        pytest.param(Asker("U1"), "a1", Vision(own="a1", scopes=(BILLING, SUPPORT)), id="who also takes calls"),
        pytest.param(
            Asker("U0", frozenset({"S1"})),
            "a1",
            Vision(own="a1", scopes=(Selector(SelectorKind.TEAM, "Sales"),)),
            id="by group",
        ),
        pytest.param(
            Asker("U9", frozenset({"S1"})),
            None,
            Vision(scopes=(Selector(SelectorKind.TEAM, "Sales"), BILLING)),
            id="by group and by name: both",
        ),
        pytest.param(Asker("U0", frozenset({"S2"})), "a1", Vision(everything=True, own="a1"), id="everything by group"),
        pytest.param(Asker("U1", frozenset({"S2"})), None, Vision(everything=True), id="everything beats scopes"),
        pytest.param(Asker("U0", frozenset({"S7"})), None, Vision(), id="a group without a grant"),
        pytest.param(Asker("operator", operator=True), None, Vision(everything=True), id="the operator"),
        pytest.param(Asker("U1", stranger=True), "a1", Vision(), id="a stranger with a grant: nothing"),
        pytest.param(
            Asker("U0", frozenset({"S2"}), stranger=True), "a1", Vision(), id="a stranger in a group: nothing"
        ),
    ],
)
def test_a_person_sees_herself_and_what_the_grants_give_her(asker, own, expected):
    assert vision(asker, GRANTS, own) == expected


def test_a_grant_for_everyone_reaches_members_and_no_strangers():
    everyone = parse_grants("*")
    assert vision(Asker("U5"), everyone, None) == Vision(everything=True)
    assert vision(Asker("U5", stranger=True), everyone, None) == Vision()


def test_a_scope_granted_twice_counts_once():
    assert vision(Asker("U1"), parse_grants("U1=team:Billing; U1=team:Billing"), None).scopes == (BILLING,)


@pytest.mark.parametrize(
    ("seen_by", "nothing", "only_own"),
    [
        (Vision(), True, False),
        (Vision(own="a"), False, True),
        (Vision(scopes=(BILLING,)), False, False),
        (Vision(own="a", scopes=(BILLING,)), False, False),
        (Vision(everything=True), False, False),
        (Vision(everything=True, own="a"), False, False),
    ],
)
def test_a_vision_knows_how_far_it_reaches(seen_by, nothing, only_own):
    assert (seen_by.nothing, seen_by.only_own) == (nothing, only_own)


def test_strangers_are_not_welcome_and_members_are():
    check_welcome(Asker())
    with pytest.raises(NotAllowedError) as refusal:
        check_welcome(Asker(stranger=True))
    assert refusal.value.code == "stranger"
    assert refusal.value.hint


MEMBERS = {BILLING: ["a1", "a2"], SUPPORT: ["a2", "a3"]}


@pytest.mark.parametrize(
    ("seen_by", "expected"),
    [
        pytest.param(Vision(), set(), id="nobody"),
        pytest.param(Vision(own="a9"), {"a9"}, id="herself"),
        pytest.param(Vision(scopes=(BILLING,)), {"a1", "a2"}, id="one scope"),
        pytest.param(Vision(own="a9", scopes=(BILLING, SUPPORT)), {"a1", "a2", "a3", "a9"}, id="all together"),
        pytest.param(Vision(scopes=(Selector(SelectorKind.TEAM, "Gone"),)), set(), id="a scope that nobody resolved"),
        pytest.param(Vision(everything=True), None, id="everyone"),
    ],
)
def test_scopes_become_agents(seen_by, expected):
    assert visible_agents(seen_by, MEMBERS) == expected


SUPERVISOR = Vision(own="a9", scopes=(BILLING,))


@pytest.mark.parametrize(
    ("asked", "seen_by", "by_person", "expected"),
    [
        pytest.param(None, Vision(everything=True), False, Sight(None), id="all, by who sees all"),
        pytest.param({"a1"}, Vision(everything=True), True, Sight(frozenset({"a1"})), id="one, by who sees all"),
        pytest.param(None, SUPERVISOR, False, Sight(frozenset({"a1", "a2", "a9"})), id="all, by a supervisor: her own"),
        pytest.param(
            None,
            Vision(own="a9"),
            False,
            Sight(frozenset({"a9"}), alone=True),
            id="all, by an agent: herself, and told so",
        ),
        pytest.param({"a1", "a2"}, SUPERVISOR, False, Sight(frozenset({"a1", "a2"})), id="her team"),
        pytest.param({"a1"}, SUPERVISOR, True, Sight(frozenset({"a1"})), id="somebody of her team, by name"),
        pytest.param({"a9"}, Vision(own="a9"), True, Sight(frozenset({"a9"})), id="herself, by name"),
        pytest.param(
            {"a1", "a7", "a8"}, SUPERVISOR, False, Sight(frozenset({"a1"}), frozenset({"a7", "a8"})), id="partly hers"
        ),
    ],
)
def test_what_was_asked_is_split_by_what_may_be_seen(asked, seen_by, by_person, expected):
    assert sight(asked, seen_by, MEMBERS, by_person=by_person) == expected


@pytest.mark.parametrize(
    ("asked", "seen_by", "by_person"),
    [
        pytest.param(None, Vision(), False, id="all, by who sees nothing"),
        pytest.param({"a1"}, Vision(), False, id="one, by who sees nothing"),
        pytest.param({"a7"}, SUPERVISOR, False, id="a team that is not hers"),
        pytest.param({"a7"}, SUPERVISOR, True, id="somebody who is not hers"),
        pytest.param({"a1", "a7"}, SUPERVISOR, True, id="two by name, one not hers: not silently one"),
        pytest.param({"a1"}, Vision(own="a9"), True, id="a colleague"),
        pytest.param({"a1"}, Vision(own="a9"), False, id="the colleague's team"),
    ],
)
def test_what_may_not_be_seen_is_refused_with_a_hint(asked, seen_by, by_person):
    with pytest.raises(NotAllowedError) as refusal:
        sight(asked, seen_by, MEMBERS, by_person=by_person)
    assert refusal.value.code == "not_allowed"
    assert refusal.value.hint
    assert "a7" not in str(refusal.value)


def test_unless_people_are_named_one_by_one_those_outside_are_left_out_and_not_refused():
    assert sight({"a1", "a7"}, SUPERVISOR, MEMBERS) == Sight(frozenset({"a1"}), frozenset({"a7"}))


def test_hints_fit_who_was_refused():
    def hint(seen_by):
        with pytest.raises(NotAllowedError) as refusal:
            sight({"a7"}, seen_by, MEMBERS)
        return refusal.value.hint

    assert "SUPERVISORS" in hint(Vision())
    assert "`me`" in hint(Vision(own="a9"))
    assert "teams and queues" in hint(SUPERVISOR)


@pytest.mark.parametrize(
    ("hidden", "said"),
    [
        ((), None),
        (("a7",), "1 agent is outside what you may see, and left out."),
        (("a7", "a8"), "2 agents are outside what you may see, and left out."),
    ],
)
def test_the_answer_says_how_many_were_left_out(hidden, said):
    notice = Sight(frozenset({"a1"}), frozenset(hidden)).notice
    assert (notice.message if notice else None) == said
    assert notice is None or notice.code == "outside_scope"


@given(st.sets(st.sampled_from("abcdefgh")), st.sets(st.sampled_from("abcdefgh")), st.booleans())
def test_nobody_is_ever_shown_whom_the_asker_may_not_see(asked, team, by_person):
    seen_by = Vision(own="h", scopes=(BILLING,))
    try:
        result = sight(asked, seen_by, {BILLING: team}, by_person=by_person)
    except NotAllowedError:
        return
    assert result.seen is not None
    assert result.seen <= team | {"h"}
    assert result.seen | result.hidden == asked
    assert not result.seen & result.hidden


# --- what an audience may read ---------------------------------------------------------------------------------------

START, END = datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC)
DAY = Interval(START, END)
COLUMNS = (Column("handle_s", Unit.SECONDS, "Handle"), Column("utilization", Unit.RATIO, "Utilization"))

OPEN_CHANNEL = Audience(channel_id="C1")
NAMED_CHANNEL = Audience(channel_id="C1", named=True)


def query(*group_by, exclude=()):
    return Query(
        text="yesterday",
        range=Range(windows=(DAY,), label="Yesterday", phrase="yesterday"),
        group_by=group_by or (Dimension.AGENT,),
        filters=Filters(exclude=exclude),
    )


def agent_row(name, *, state=RowState.OK, start=START, end=END, handle=60.0, provisional=False, missing=None):
    return Row(
        groups=(Group("agent", f"id-{name}", name),),
        start=start,
        end=end,
        state=state,
        provisional=provisional,
        values={"handle_s": handle, "utilization": None},
        missing=missing or {"utilization": Missing.NO_DENOMINATOR},
    )


def team_row(name, agents, *, state=RowState.OK):
    return Row(
        groups=(Group("team", f"id-{name}", name),),
        start=START,
        end=END,
        state=state,
        provisional=False,
        values={"handle_s": 60.0 * len(agents), "utilization": 0.5},
        missing={},
        agent_ids=frozenset(agents),
    )


def answer(*rows, asked=None, warnings=(), remainder=None, residue_s=3.0):
    return Answer(
        query=asked or query(),
        columns=COLUMNS,
        rows=rows,
        totals={"handle_s": 600.0, "utilization": None},
        coverage=Coverage(agents_asked=len(rows)),
        warnings=warnings,
        sparks={"id-Ana": Spark("id-Ana", (0.5,))},
        remainder=remainder,
        residue_s=residue_s,
    )


NAMES = ("Ana", "Ben", "Cleo", "Dan", "Eve", "Finn")
SIX = tuple(agent_row(name) for name in NAMES)


@pytest.mark.parametrize("audience", [PRIVATE, NAMED_CHANNEL, Audience()], ids=["private", "named", "default"])
def test_the_asker_alone_and_listed_channels_read_all(audience):
    whole = answer(*SIX[:1])
    assert for_audience(whole, audience) is whole


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("channel", ["C1", None])
def test_another_organisation_reads_nothing(named, channel):
    with pytest.raises(NotAllowedError) as refusal:
        for_audience(answer(*SIX), Audience(channel_id=channel, named=named, shared_externally=True))
    assert refusal.value.code == "shared_externally"
    assert "share" in refusal.value.hint


def test_elsewhere_single_agents_become_one_row_of_all_together():
    shown = for_audience(answer(*SIX), OPEN_CHANNEL)
    (row,) = shown.rows
    assert row.groups == (Group("agent", None, "6 agents together"),)
    assert (row.start, row.end, row.state, row.provisional) == (START, END, RowState.OK, False)
    assert row.values == {"handle_s": 600.0, "utilization": None}
    assert row.missing == {"utilization": Missing.NO_DENOMINATOR}
    assert row.agent_ids == {f"id-{name}" for name in NAMES}
    assert shown.totals == {"handle_s": 600.0, "utilization": None}
    assert shown.sparks == {}
    assert shown.residue_s == 3.0
    assert [w.code for w in shown.warnings] == ["names_withheld"]


def test_no_name_is_left_anywhere_in_what_is_posted():
    warnings = (
        Notice("residue", "Handle is 3 s more than its parts."),
        Notice("overfull", "Ana has 35 minutes in one half-hour."),
        Notice("deleted", "An agent was deleted.", personal=True),
        Notice("unknown", "id-Ben has no name."),
    )
    shown = for_audience(answer(*SIX, warnings=warnings), OPEN_CHANNEL)
    assert [w.code for w in shown.warnings] == ["residue", "names_withheld"]
    posted = repr((shown.rows, shown.totals, shown.warnings, shown.sparks)).replace(repr(shown.rows[0].agent_ids), "")
    assert not [name for name in NAMES if name in posted]


@pytest.mark.parametrize(
    ("states", "allowed"),
    [
        pytest.param([RowState.OK] * 5, True, id="five"),
        pytest.param([RowState.OK] * 4, False, id="four"),
        pytest.param([RowState.ZERO] * 5, True, id="five who were logged in"),
        pytest.param([RowState.OK] * 4 + [RowState.NO_DATA], False, id="the fifth has no data"),
        pytest.param([RowState.OK] * 4 + [RowState.NOT_STAFFED], False, id="the fifth was not staffed"),
        pytest.param([RowState.OK] * 4 + [RowState.NOT_FETCHED], False, id="the fifth was not fetched"),
        pytest.param([], False, id="nobody"),
    ],
)
def test_a_group_needs_five_agents_with_data(states, allowed):
    rows = [agent_row(f"n{i}", state=state) for i, state in enumerate(states)]
    if allowed:
        assert len(for_audience(answer(*rows), OPEN_CHANNEL).rows) == 1
        return
    with pytest.raises(NotAllowedError) as refusal:
        for_audience(answer(*rows), OPEN_CHANNEL)
    assert refusal.value.code == "group_too_small"
    assert "NAMED_CHANNELS" in refusal.value.hint


def test_an_agent_with_many_half_hours_counts_once():
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    rows = [agent_row(name, start=s, end=e) for name in NAMES[:4] for s, e in ((START, noon), (noon, END))]
    with pytest.raises(NotAllowedError):
        for_audience(answer(*rows, asked=query(Dimension.AGENT, Dimension.INTERVAL)), OPEN_CHANNEL)


@pytest.mark.parametrize(
    ("states", "together"),
    [
        pytest.param([RowState.ZERO] * 6, RowState.ZERO, id="all zero"),
        pytest.param([RowState.ZERO] * 5 + [RowState.OK], RowState.OK, id="one ok"),
    ],
)
def test_together_they_are_in_the_best_state_of_any(states, together):
    rows = [agent_row(f"n{i}", state=state) for i, state in enumerate(states)]
    assert for_audience(answer(*rows), OPEN_CHANNEL).rows[0].state is together


def test_together_they_are_provisional_when_one_is():
    rows = (*SIX[:5], agent_row("Gil", provisional=True))
    assert for_audience(answer(*rows), OPEN_CHANNEL).rows[0].provisional


def test_a_total_that_is_missing_without_a_reason_counts_as_no_data():
    rows = [replace(row, missing={}) for row in SIX]
    assert for_audience(answer(*rows), OPEN_CHANNEL).rows[0].missing == {"utilization": Missing.NO_DATA}


def test_without_a_range_the_row_spans_all_rows():
    noon = datetime(2026, 11, 22, 12, tzinfo=UTC)
    rows = [agent_row(name, start=START, end=noon) for name in NAMES[:5]] + [agent_row("Gil", start=noon, end=END)]
    (row,) = for_audience(answer(*rows, asked=Query(text="x")), OPEN_CHANNEL).rows
    assert (row.start, row.end) == (START, END)


BIG, BIG_TOO = team_row("Big", "abcde"), team_row("Also", "fghij")


def by_team(*rows, **more):
    return answer(*rows, asked=query(Dimension.TEAM), **more)


def test_large_groups_stay_as_they_are():
    shown = for_audience(by_team(BIG, BIG_TOO), OPEN_CHANNEL)
    assert shown.rows == (BIG, BIG_TOO)
    assert shown.totals == {"handle_s": 600.0, "utilization": None}
    assert shown.residue_s == 3.0
    assert shown.warnings == ()
    assert shown.sparks == {}


def test_a_small_group_goes_and_takes_the_totals_with_it():
    shown = for_audience(by_team(BIG, team_row("Small", "xyzw")), OPEN_CHANNEL)
    assert shown.rows == (BIG,)
    assert shown.totals == {"handle_s": None, "utilization": None}
    assert shown.residue_s is None
    assert [w.code for w in shown.warnings] == ["small_groups_withheld", "totals_withheld"]
    assert shown.warnings[0].message.startswith("1 row is left out")


def test_small_groups_that_are_five_together_leave_the_totals():
    shown = for_audience(by_team(BIG, team_row("S1", "xy"), team_row("S2", "zvw")), OPEN_CHANNEL)
    assert shown.rows == (BIG,)
    assert shown.totals["handle_s"] == 600.0
    assert shown.residue_s == 3.0
    assert [w.code for w in shown.warnings] == ["small_groups_withheld"]
    assert shown.warnings[0].message.startswith("2 rows are left out")


def test_small_groups_of_the_same_people_don_t_add_up():
    shown = for_audience(by_team(BIG, team_row("S1", "xyz"), team_row("S2", "xyz")), OPEN_CHANNEL)
    assert shown.totals["handle_s"] is None


def test_a_group_without_data_hides_nobody():
    shown = for_audience(by_team(BIG, team_row("Empty", "", state=RowState.NO_DATA)), OPEN_CHANNEL)
    assert shown.rows == (BIG,)
    assert shown.totals["handle_s"] == 600.0


def test_a_group_that_doesn_t_say_who_is_behind_it_counts_as_small():
    shown = for_audience(by_team(BIG, team_row("Silent", "")), OPEN_CHANNEL)
    assert shown.rows == (BIG,)
    assert shown.totals["handle_s"] is None


def test_only_small_groups_are_refused():
    with pytest.raises(NotAllowedError) as refusal:
        for_audience(by_team(team_row("S1", "abcd"), team_row("S2", "efgh")), OPEN_CHANNEL)
    assert refusal.value.code == "group_too_small"


@pytest.mark.parametrize("rows", [(BIG, BIG_TOO), (BIG, team_row("Small", "xy"))], ids=["all large", "one small"])
def test_warnings_about_a_person_go_from_group_answers_too(rows):
    warnings = (Notice("deleted", "Somebody left.", personal=True), Notice("residue", "3 s."))
    codes = [w.code for w in for_audience(by_team(*rows, warnings=warnings), OPEN_CHANNEL).warnings]
    assert "deleted" not in codes
    assert codes[0] == "residue"


WITHOUT_ANA = (Selector(SelectorKind.MENTION, "U1"),)


@pytest.mark.parametrize(
    ("remainder", "allowed"),
    [
        pytest.param(None, False, id="nobody counted them"),
        pytest.param(frozenset(), True, id="nobody with data was left out"),
        pytest.param(frozenset("a"), False, id="one"),
        pytest.param(frozenset("abcd"), False, id="four"),
        pytest.param(frozenset("abcde"), True, id="five"),
    ],
)
@pytest.mark.parametrize("rows", [SIX, (BIG, BIG_TOO)], ids=["agents", "teams"])
def test_the_remainder_of_an_exclusion_is_a_group_too(rows, remainder, allowed):
    asked = answer(*rows, asked=query(exclude=WITHOUT_ANA), remainder=remainder)
    if allowed:
        assert for_audience(asked, OPEN_CHANNEL).rows
        return
    with pytest.raises(NotAllowedError) as refusal:
        for_audience(asked, OPEN_CHANNEL)
    assert refusal.value.code == "group_too_small"
    assert for_audience(asked, NAMED_CHANNEL) is asked


@pytest.mark.parametrize("kind", [SelectorKind.AGENT, SelectorKind.EMAIL])
@pytest.mark.parametrize("place", ["include", "exclude"])
def test_a_question_that_names_agents_is_answered_where_names_may_stand(kind, place):
    filters = Filters(**{place: (Selector(kind, "ana@example.com"),)})
    asked = answer(*SIX, asked=replace(query(), filters=filters), remainder=frozenset("abcde"))
    with pytest.raises(NotAllowedError) as refusal:
        for_audience(asked, OPEN_CHANNEL)
    assert refusal.value.code == "names_not_allowed"
    assert for_audience(asked, NAMED_CHANNEL) is asked
    assert for_audience(asked, PRIVATE) is asked


def test_without_an_exclusion_there_is_no_remainder_to_mind():
    assert for_audience(answer(*SIX, remainder=frozenset("a")), OPEN_CHANNEL).rows


@given(st.lists(st.sets(st.sampled_from("abcdefghijkl"), min_size=1), min_size=1, max_size=5))
def test_no_small_group_can_be_worked_out_from_what_is_posted(groups):
    rows = [team_row(f"t{i}", agents) for i, agents in enumerate(groups)]
    try:
        shown = for_audience(by_team(*rows), OPEN_CHANNEL)
    except NotAllowedError:
        assert all(len(agents) < 5 for agents in groups)
        return
    assert all(len(row.agent_ids) >= 5 for row in shown.rows)
    hidden = frozenset().union(*(row.agent_ids for row in rows if row not in shown.rows))
    assert shown.totals["handle_s"] is None or not hidden or len(hidden) >= 5
