"""What there is to see, area by area: what people type and press, and nothing of what they get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.demo.gallery.walk import Walk


@dataclass(frozen=True, slots=True)
class Area:
    """A page of scenes."""

    title: str
    walks: tuple[Callable[[Walk], None], ...]
    """Each begins on a stage of its own."""
    agents: int = 36
    """How many the made-up organisation has."""


def answers(walk: Walk) -> None:
    """Tables of agents, teams, queues and days."""
    for title, text in (
        ("A day, agent by agent", "yesterday"),
        ("A day that still runs", "today"),
        ("Teams", "yesterday by team"),
        ("Queues", "yesterday by queue"),
        ("Days of a week", "last week by day"),
        ("The five at the top", "last week top 5"),
        ("Sorted", "yesterday sort aht"),
        ("Two hours on three days", "14:00-16:00 last 3 days"),
        ("A night", "22:00 to 06:00 yesterday top 5"),
        ("By half-hours", "yesterday by interval team:Billing 10:00-12:00"),
    ):
        with walk.scene(title):
            walk.command(text)
    with walk.scene("In a channel", "A mention is answered for whoever wrote it; what is shared, everybody sees."):
        walk.mention("yesterday top 3")
        walk.mention("yesterday top 3 share")
    with walk.scene("In a direct message"):
        walk.write("yesterday top 3")
    for title, text in (("Help", "help"), ("Help about one thing", "help dates"), ("A definition", "define occupancy")):
        with walk.scene(title):
            walk.command(text)
    with walk.scene("Nothing typed"):
        walk.command("")


def drill(walk: Walk) -> None:
    """From the floor down to one half-hour's conversations, and back."""
    with walk.scene("Team → agent → half-hours → one half-hour", "Each step is one press under the answer."):
        walk.command("yesterday by team")
        walk.press("A team's agents", choose=0)
        walk.press("An agent's half-hours", choose=0)
        walk.press("Explain a half-hour", choose=2)
    with walk.scene("Wider and narrower"):
        walk.command("yesterday")
        walk.press("ask:wider")
        walk.press("ask:narrower")
    with walk.scene("Day by day"):
        walk.command("yesterday top 3")
        walk.press("ask:prev")
        walk.press("ask:next")
    with walk.scene("A day of twenty-five hours", "Fifty half-hours; the hour that comes twice is told apart."):
        walk.command('intervals "Dana Tanaka" 2026-10-25')
    with walk.scene("Posted, and by the clock", "The same half-hours by both rules."):
        walk.command("yesterday 10:00-12:00 by team by interval")
        walk.command("yesterday 10:00-12:00 by team by interval clock")


def comparing(walk: Walk) -> None:
    """Two times side by side."""
    for title, text in (
        ("Yesterday and the day before", "yesterday by team vs previous"),
        ("The same weekday a week earlier", "yesterday top 5 vs last week"),
        ("A week and the one before", "last week by team vs the week before"),
        ("A day against one with nothing on it", "yesterday top 3 vs last sunday"),
    ):
        with walk.scene(title):
            walk.command(text)
    with walk.scene("By a press"):
        walk.command("yesterday by team")
        walk.press("Compare")


def pictures(walk: Walk) -> None:
    """Charts in the message, and heat maps as files."""
    for title, text in (
        ("Bars of teams", "yesterday by team chart"),
        ("Bars of the ten busiest", "yesterday top 10 chart"),
        ("A line through a day", "yesterday by hour chart"),
        ("A heat map", "yesterday heatmap"),
        ("A heat map of fifty half-hours", '2026-10-25 heatmap team:"Night Desk"'),
        ("A heat map of one agent", '"Dana Tanaka" yesterday heatmap'),
    ):
        with walk.scene(title):
            walk.write(text)
    with walk.scene(
        "A heat map where only one sees the answer", "Files can't be ephemeral, so the picture goes to her."
    ):
        walk.command("yesterday heatmap")


def exports(walk: Walk) -> None:
    """Files of rows."""
    with walk.scene("CSV", "By direct message where it was asked in private."):
        walk.command("yesterday csv")
    with walk.scene("CSV with semicolons, decimal commas and hours"):
        walk.write("yesterday csv semicolon decimal comma hours")
    with walk.scene("A workbook"):
        walk.write("yesterday by team xlsx")
    with walk.scene("In the thread of what is shared"):
        walk.mention("yesterday by team csv share")


def taken_apart(walk: Walk) -> None:
    """Figures explained and reconciled."""
    with walk.scene("Explain, as posted"):
        walk.command('explain "Dana Tanaka" 10:30 yesterday posted')
    with walk.scene("Explain, by the clock"):
        walk.command('explain "Dana Tanaka" 10:30 yesterday clock')
    with walk.scene("Reconcile a day"):
        walk.command("reconcile yesterday")
    with walk.scene("Reconcile one agent"):
        walk.command('reconcile "Dana Tanaka" yesterday')


def looks(walk: Walk) -> None:
    """Who looked at whom."""
    colleague = walk.slack.add_person("dana", name="Dana Tanaka", email="dana.tanaka@example.com")
    with walk.scene("Who looked at me", "Everybody may ask that."):
        walk.command("yesterday top 3")
        walk.command('intervals "Dana Tanaka" yesterday 10:00-12:00')
        walk.command("audit me", person=colleague)
    with walk.scene("Who looked at whom", "For auditors; others are told so."):
        walk.command("audit today")
        walk.command('audit "Dana Tanaka" today')
        walk.command("audit today", person=colleague)


def schedules(walk: Walk) -> None:
    """Summaries that come by themselves."""
    with walk.scene("Made and listed"):
        walk.command("schedule weekdays 8:00 yesterday by team")
        walk.command("schedule fridays 17:00 this week top 5 to me")
        walk.command("schedules")
    with walk.scene("Posted", "What the channel gets, here as of now."):
        walk.command("run 1", brings=3)
    with walk.scene("A trial for oneself"):
        walk.command("test 1", brings=3)
    with walk.scene("What it did"):
        walk.command("log 1")
    with walk.scene("Changed, paused, resumed, deleted"):
        walk.command("edit 1 mondays 9:00 last week by team")
        walk.command("pause 1")
        walk.command("resume 1")
        walk.press("Delete")
    with walk.scene("Not there any more"):
        walk.command("pause 99")
    with walk.scene("A channel that can't be reached", "Whoever made the schedule hears of it."):
        closed = walk.slack.add_channel("closing-down", members=[walk.setting.person])
        walk.command("schedule daily 8:00 yesterday by team", channel=closed)
        closed.archived = True
        walk.command("run 3", brings=3)
    with walk.scene("A time that can't be"):
        walk.command("schedule weekdays 25:00 yesterday")
        walk.command("schedule never yesterday")


def forms(walk: Walk) -> None:
    """Windows for people who don't type."""
    with walk.scene("A question", "From the button under an answer, with the answer's own question in it."):
        walk.command("yesterday by team")
        walk.press("Edit")
        walk.submit({"field:pieces": "Days", "field:when": "Last week"})
    with walk.scene("Days that are picked", "Each change shows the command that it makes."):
        walk.shortcut("ask_form")
        walk.press_in_view("More choices")
        walk.press_in_view("field:when", choose="Days that I pick")
        walk.submit({"field:first": "2026-12-24"})
        walk.close()
    with walk.scene("A schedule"):
        walk.command("yesterday by team")
        walk.press("Schedule this")
        walk.submit({"field:times": "08:00"}, brings=2)
        walk.close()
    with walk.scene("A schedule with mistakes", "Each stands at its field."):
        walk.shortcut("schedule_form")
        walk.submit({"field:question": "yesturday", "field:times": "08:00"})
        walk.close()
    with walk.scene("A name for a question"):
        walk.command("last week by team")
        walk.press("Save")
        walk.submit({"field:name": "weekly"}, brings=2)
        walk.close()


def home(walk: Walk) -> None:
    """The Home tab."""
    with walk.scene("Before anything was asked"):
        walk.home()
    with walk.scene("With questions, saved ones and schedules"):
        walk.command("yesterday by team")
        walk.command("save morning yesterday by team")
        walk.command("schedule weekdays 8:00 yesterday by team")
        walk.home()


def memory(walk: Walk) -> None:
    """What the bot remembers about people."""
    with walk.scene("Saved, listed, asked, forgotten"):
        walk.command("save morning yesterday by team")
        walk.command('save "the floor" today top 5 for this channel')
        walk.command("saved")
        walk.command("saved morning")
        walk.command("unsave morning")
    with walk.scene("Again"):
        walk.command("yesterday top 3")
        walk.command("again")
    with walk.scene("My settings"):
        walk.command("settings")
        walk.command("settings zone Asia/Kathmandu")
        walk.command("settings durations clock")
        walk.command("yesterday top 3")
        walk.command("settings zone nowhere")
    with walk.scene("Who I am"):
        walk.command("whoami")
        walk.command("unlink")
        walk.command("link me")
        walk.command("link ana")


def moved(walk: Walk) -> None:
    """Figures that are others by now."""
    with walk.scene("Figures that moved meanwhile", "Genesys knew the day's last half-hour only later."):
        noon = walk.clock.now + timedelta(hours=2)
        walk.steer("now", {"now": "2026-11-23T23:30:00+00:00"})
        walk.command("yesterday by team")
        walk.steer("now", {"now": noon.isoformat()})
        walk.clock.now = noon
        walk.press("Refresh")


def refusals(walk: Walk) -> None:
    """What can't be answered, and why."""
    for title, text in (
        ("A word that means nothing", "yesturday by taem"),
        ("A range ahead", "tomorrow"),
        ("A range backwards", "20 nov to 10 nov"),
        ("A day that doesn't exist", "30 feb"),
        ("Nobody by that name", '"Nobody Atall" yesterday'),
        ("Several by that name", "ana yesterday"),
        ("Too long", "last 900 days by interval"),
        ("Too much by the clock", "last 30 days clock"),
        ("What contradicts itself", "yesterday by day by hour"),
    ):
        with walk.scene(title):
            walk.command(text)


def _struck(title: str, text: str, note: str = "", **fault: object) -> Callable[[Walk], None]:
    """A question during which the platform is in trouble."""

    def walk_it(walk: Walk) -> None:
        with walk.scene(title, note):
            walk.steer("faults", {"faults": [fault]})
            walk.command(text)

    return walk_it


def called_off(walk: Walk) -> None:
    """A question that takes long."""
    with walk.scene("Over ten seconds", "One line says so, with a button to call it off."):
        walk.steer(
            "faults", {"faults": [{"kind": "slow", "seconds": 20.0, "path": "/api/v2/analytics/users", "times": 1}]}
        )
        walk.command("yesterday", brings=2, stay=False)
        walk.press("Cancel")


def without_data_blocks(walk: Walk) -> None:
    """A workspace that refuses the newer blocks."""
    with walk.scene(
        "A workspace without data tables and charts", "Slack answers invalid_blocks; the same stands as text."
    ):
        walk.slack.refused_blocks.update({"data_table", "data_visualization"})
        walk.write("yesterday by team chart")
        walk.write("yesterday top 5")


def rights(walk: Walk) -> None:
    """Who sees what, where."""
    slack, agent = walk.slack, walk.setting.person
    employee = slack.add_person("dana", name="Dana Tanaka", email="dana.tanaka@example.com")
    stranger = slack.add_person("sam", name="Sam Stranger", email="sam@example.net")
    guest = slack.add_person("gil", name="Gil Guest", email="gil@example.net", restricted=True)
    open_floor = slack.add_channel("all-hands", members=[agent, stranger, guest])
    partners = slack.add_channel("with-partners", members=[agent], shared=True)
    with walk.scene("Somebody without an agent or a grant"):
        walk.command("yesterday", person=stranger, channel=open_floor)
    with walk.scene("A guest"):
        walk.command("yesterday", person=guest, channel=open_floor)
    with walk.scene("A channel that nobody named", "The answer is for her alone; shared, it names nobody."):
        walk.mention("yesterday top 5", channel=open_floor)
        walk.press("Share here")
        walk.command("yesterday by team share", channel=open_floor)
    with walk.scene("A channel shared with another organisation"):
        walk.mention("yesterday by team", channel=partners)
    with walk.scene("Somebody else's buttons"):
        walk.mention("yesterday by team")
        walk.press("Refresh", person=stranger)
    with walk.scene("Whoever has an agent sees herself", "And is told what she may not see."):
        walk.command("yesterday", person=employee, channel=open_floor)
        walk.command("yesterday by team", person=employee, channel=open_floor)


def large(walk: Walk) -> None:
    """An organisation of four hundred."""
    for title, text in (
        ("More agents than a table holds", "yesterday"),
        ("Sorted", "yesterday sort occupancy"),
        ("Ten of many", "yesterday top 10"),
    ):
        with walk.scene(title):
            walk.command(text)


AREAS: Mapping[str, Area] = {
    "answers": Area("Answers", (answers,)),
    "drill": Area("Intervals and drilling", (drill,)),
    "comparing": Area("Comparing", (comparing,)),
    "pictures": Area("Pictures", (pictures,)),
    "exports": Area("Exports", (exports,)),
    "explain": Area("Explained and reconciled", (taken_apart,)),
    "forms": Area("Forms", (forms,)),
    "home": Area("Home", (home,)),
    "memory": Area("Memory", (memory, moved, looks)),
    "schedules": Area("Schedules", (schedules,)),
    "refusals": Area("Refusals", (refusals,)),
    "failures": Area(
        "Failures",
        (
            _struck("Genesys is down", "yesterday", kind="down"),
            _struck(
                "Status times are missing",
                "yesterday",
                "Conversations came, status did not.",
                kind="server_error",
                path="/api/v2/analytics/users",
                status=500,
            ),
            _struck("Rate limited for a moment", "yesterday top 3", kind="rate_limited", after=2, times=2),
            _struck("A token revoked on the way", "yesterday top 3", kind="revoke_token", after=2, times=1),
            called_off,
            without_data_blocks,
        ),
    ),
    "rights": Area("Rights", (rights,)),
    "large": Area("Four hundred agents", (large,), agents=400),
}
