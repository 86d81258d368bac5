"""Who sees what, through which door: one table, walked through the real bot between the sandbox and the fake Slack.

What each cell has to show is worked out from the organisation itself: whom the question is about, and whom the
grant of the person who asks covers. Names that an answer shows are compared with both.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.acceptance.asking import ask_with
from tests.acceptance.floor import NOON, OTHER_TEAM, QUEUE, TEAM, World, opened

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLE = """
                    stranger guest agent unlinked team queue all auditor operator
    me              S        S     F     n        n    n     n   n       o
    my team         S        S     C     n        n    n     n   n       o
    teammate        S        S     R     N        F    R     F   N       F
    queuemate       S        S     R     N        R    F     F   N       F
    neither         S        S     R     N        R    R     F   N       F
    everyone        S        S     C     N        C    C     F   N       F
    team            S        S     C     N        F    C     F   N       F
    other team      S        S     R     N        R    R     F   N       F
    queue           S        S     C     N        C    F     F   N       F
    explain         S        S     R     N        F    R     F   N       F
    reconcile       S        S     C     N        F    C     F   N       F
    audit           S        S     L     L        L    L     L   T       T
    audit me        S        S     T     n        n    n     n   n       o
    saved           S        S     C     N        F    C     F   N       -
    share private   S        S     C     N        F    C     F   N       -
    share named     S        S     C     N        F    C     F   N       -
    share unnamed   S        S     g     N        A    A     A   N       -
    share outside   S        S     X     N        X    X     X   N       -
"""
"""F: figures of all whom it is about. C: cut to those whom she may see. A: all together, without names. T: a text
about looks, no figures. The others are refusals: S to strangers, R and N for want of rights, n and o for want of an
agent of her own, L of the log to those who are no auditors, g of small groups, X where another company reads along.
A dash: that door can't ask it."""

REFUSALS = {
    "S": ("not guests",),
    "R": ("outside what you may see",),
    "N": ("may not see anybody",),
    "n": ("No Genesys agent has your address", "Slack doesn't tell me your e-mail"),
    "o": ("command line is nobody",),
    "L": ("log of looks is for auditors",),
    "g": ("only groups of 5 agents",),
    "X": ("another organisation",),
}
QUESTIONS = {
    "me": "me",
    "my team": "my team",
    "teammate": "{teammate}",
    "queuemate": "{queuemate}",
    "neither": "{neither}",
    "everyone": "",
    "team": f"team:{TEAM}",
    "other team": f'team:"{OTHER_TEAM}"',
    "queue": f"queue:{QUEUE}",
    "explain": "explain {teammate} 10:30",
    "reconcile": f"reconcile team:{TEAM}",
    "audit": "audit",
    "audit me": "audit me",
    "saved": "saved standup for this channel",
    "share private": f"team:{TEAM} share",
    "share named": f"team:{TEAM} share",
    "share unnamed": f"team:{TEAM} share",
    "share outside": f"team:{TEAM} share",
}
DOORS = ("command", "mention", "message", "button", "forged", "form", "home", "cli")
IN_CHANNELS = ("command", "mention", "button", "forged")
PLAIN = ("me", "my team", "teammate", "queuemate", "neither", "everyone", "team", "other team", "queue")


def doors_of(question: str, person: str) -> tuple[str, ...]:
    """Through which the question can be asked."""
    if person == "operator":
        return ("cli",)
    if question == "share private":
        return ("message",)
    if question.startswith("share") or question == "saved":
        return IN_CHANNELS
    if person in {"stranger", "guest"}:  # without Slack nobody can tell that they are, and the grants name them
        return tuple(door for door in DOORS if door != "cli" and (door != "form" or question in PLAIN))
    if question in PLAIN:
        return DOORS
    return tuple(door for door in DOORS if door != "form")


def cells() -> list[tuple[str, str, str, str]]:
    """(question, person, door, verdict) of the whole table."""
    lines = TABLE.strip("\n").splitlines()
    people = lines[0].split()
    found = []
    for line in lines[1:]:
        question, verdicts = line[4:20].strip(), line[20:].split()
        found += [
            (question, person, door, verdict)
            for person, verdict in zip(people, verdicts, strict=True)
            if verdict != "-"
            for door in doors_of(question, person)
        ]
    return found


CELLS = cells()


def every_third() -> list[tuple[str, str, str, str]]:
    """A third of the table along its diagonals, through doors in turn: each person, question and door some times."""
    rows, columns = list(QUESTIONS), TABLE.split()[:9]
    chosen = {}
    for question, person, door, verdict in CELLS:
        is_quick = question != "reconcile" or verdict in REFUSALS
        turn = (rows.index(question) + columns.index(person)) % 3 == 0
        if turn and is_quick and (door != "cli" or person == "operator"):
            chosen.setdefault((question, person), []).append((question, person, door, verdict))
    return [doors[turn % len(doors)] for turn, doors in enumerate(chosen.values())]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("rights")) as made:
        yield made


@dataclass(frozen=True)
class Said:
    """What somebody was shown: all of its words, and whether everybody in the channel reads it."""

    words: str
    public: bool = False


def asked(world: World, question: str, person: str, door: str) -> Said:
    """One question through one door."""
    emails = {name: agent.email for name, agent in world.agents.items()}
    what = QUESTIONS[question].format(**emails)
    text = what if question == "saved" else f"{what} yesterday".strip()
    who = world.people[person]
    channel = world.channels[{"share named": "named", "share outside": "outside"}.get(question, "ops")]
    if door == "cli":
        options = ("--as", who.id) if who is not None else ()
        environ = {name: value for name, value in world.environ.items() if not name.startswith("SLACK_")}
        said = ask_with(
            environ, text, *options, "--format", "json", "--now", NOON.isoformat(), "--zone", "Europe/London"
        )
        return Said(json.dumps(said.json, ensure_ascii=False))
    before = {id(message) for message in world.slack.messages()}
    slack = world.slack
    match door:
        case "command":
            slack.command(text, person=who, channel=channel)
        case "mention":
            slack.mention(text, person=who, channel=channel)
        case "message":
            slack.direct_message(text, person=who)
        case "button":
            button = {"type": "button", "action_id": "ask:any", "text": plain("Ask"), "value": text}
            payload = {"text": "Ask", "blocks": [{"type": "actions", "elements": [button]}]}
            posted = slack.world.post(
                channel=channel.id, user=slack.bot_user_id, via="test", payload=payload, to=who.id
            )
            before.add(id(posted))
            slack.press(posted, "ask:any", person=who)
        case "forged":
            action = {"type": "button", "action_id": "ask:forged", "block_id": "b", "value": text}
            slack.forge("block_actions", {"actions": [action]}, person=who, channel=channel)
        case "home":
            action = {"type": "button", "action_id": "home:do:forged", "block_id": "b", "value": text}
            slack.forge("block_actions", {"actions": [action], "container": {"type": "view"}}, person=who)
        case _:
            filled = {"field:when": {"field:when": {"selected_option": {"value": "yesterday"}}}}
            filled["field:more"] = {"field:more": {"value": what}}
            view = {"type": "modal", "id": "V1", "callback_id": "form:ask", "state": {"values": filled}}
            view["private_metadata"] = json.dumps({"channel": channel.id})
            sent = slack.forge("view_submission", {"view": view}, person=who)
            assert sent.errors == {} and not (sent.json or {}).get("errors"), sent.json

    def answer() -> Any:
        new = [m for m in slack.messages() if id(m) not in before and m.via not in {"person", "test"}]
        new += [Home(slack.home(who))] if door == "home" and slack.home(who) else []
        return next((m for m in reversed(new) if m.via != "ack" or is_refusal(m)), None)

    message = slack.wait_for(answer, what=f"an answer to {text!r} of {person} by {door}")
    return Said(
        json.dumps([message.text, message.blocks], ensure_ascii=False), message.to is None and message.channel[0] == "C"
    )


class Home:
    """A Home tab as if it were a message."""

    via, text, to, channel = "home", "", "somebody", ""

    def __init__(self, view: Any) -> None:
        self.blocks = view.blocks


def is_refusal(message: Any) -> bool:
    """Whether the acknowledgement is all that comes."""
    return any(phrase in message.text for phrases in REFUSALS.values() for phrase in phrases)


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def wrong(world: World, question: str, person: str, door: str, verdict: str) -> str:
    """What is wrong with a cell of the table; empty: it holds."""
    said = asked(world, question, person, door)
    names, whom, visible = world.names_in(said.words), world.ids_of(question), world.seen_by(person)
    if said.public and not (verdict in "FCA" and question.startswith("share")):
        return "it was posted for everybody"
    if verdict in REFUSALS:
        return (
            ""
            if not names and any(phrase in said.words for phrase in REFUSALS[verdict])
            else f"shows {said.words[:400]}"
        )
    if verdict == "T":
        return "" if "ooked at" in said.words or '"looks"' in said.words else f"shows {said.words[:400]}"
    if verdict == "A":
        ok = not names and f"{len(whom & visible)} agents together" in said.words and said.public
        return "" if ok else f"shows {sorted(names)} of {said.words[:400]}"
    expected = whom & visible
    if question.startswith("share") and said.public == (question == "share private"):
        return "it was posted for everybody" if said.public else "it wasn't posted"
    if verdict == "C" and not (expected and expected < whom):
        return "the table says cut, and there is nothing to cut"
    # Whoever may see a queue sees its work, whoever did it.
    allowed = visible if question != "queue" or person != "queue" else world.ids_of("everyone")
    if not names <= allowed or not names & expected:
        return f"names {len(names)} agents, of whom {len(names - allowed)} may not be seen: {said.words[-300:]}"
    if question == "queue" and not expected <= names:
        return f"leaves out {len(expected - names)} members of the queue"
    whole_team = question in {"queue", "reconcile"} or (question == "everyone" and verdict == "F")
    return "" if whole_team or names == expected else f"names {len(names)} agents, expected {len(expected)}"


def walk(world: World, chosen: list[tuple[str, str, str, str]]) -> None:
    problems = [f"{'/'.join(cell[:3])} ({cell[3]}): {found}" for cell in chosen if (found := wrong(world, *cell))]
    assert not problems, "\n".join(problems)


def test_every_third_cell_of_the_table_holds_through_doors_in_turn(world: World) -> None:
    walk(world, every_third())


@pytest.mark.long
def test_the_whole_table_holds_through_every_door(world: World) -> None:
    walk(world, CELLS)


def test_each_look_is_recorded_with_whom_and_by_which_door(world: World) -> None:
    who = world.people["team"].id
    doors = ("mention", "button", "form", "cli")
    for door in doors:
        asked(world, "team", "team", door)
    looks = read_trail(world, f"audit <@{who}> today")["looks"]
    of_the_team = [look for look in looks if {agent["id"] for agent in look["agents"]} == world.ids_of("team")]
    assert {look["door"] for look in of_the_team} >= {*doors}
    assert {look["who"] for look in looks} == {who}


def read_trail(world: World, text: str) -> Any:
    """The log of looks, as an auditor reads it."""
    environ = {name: value for name, value in world.environ.items() if not name.startswith("SLACK_")}
    options = ("--as", world.people["auditor"].id, "--format", "json", "--now", NOON.isoformat())
    return ask_with(environ, text, *options).json["audit"]
