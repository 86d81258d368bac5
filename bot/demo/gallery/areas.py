"""What there is to see, area by area: what people type and press, and nothing of what they get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.demo.gallery.walk import Walk


@dataclass(frozen=True, slots=True)
class Area:
    """A page of scenes."""

    title: str
    walk: Callable[[Walk], None]
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
        ("Other columns", "yesterday show handled, aht, idle"),
        ("Two hours on three days", "14:00 to 16:00 last 3 days"),
        ("A Sunday on which nobody worked much", "last sunday"),
    ):
        with walk.scene(title):
            walk.command(text)
    with walk.scene("The same in a channel", "A mention is answered where everybody sees it, in a thread."):
        walk.mention("yesterday by team")
    with walk.scene("The same in a direct message"):
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
        walk.press("Narrower")
        walk.press("Wider")
    with walk.scene("Day by day"):
        walk.command("yesterday top 3")
        walk.press("Previous")
        walk.press("Next")
    with walk.scene("Posted, and by the clock", "The same half-hours by both rules."):
        walk.command("10:00 to 12:00 yesterday by half-hour by team")
        walk.command("10:00 to 12:00 yesterday by half-hour by team clock")


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
        ("A heat map of one agent", "@you yesterday heatmap"),
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
    with walk.scene("In the thread of a mention"):
        walk.mention("yesterday by team csv")


def taken_apart(walk: Walk) -> None:
    """Figures explained and reconciled."""
    with walk.scene("Explain, as posted"):
        walk.command("explain @you 10:30 yesterday")
    with walk.scene("Explain, by the clock"):
        walk.command("explain @you 10:30 yesterday clock")
    with walk.scene("Reconcile a day"):
        walk.command("reconcile yesterday")
    with walk.scene("Reconcile one agent"):
        walk.command("reconcile @you yesterday")


def schedules(walk: Walk) -> None:
    """Summaries that come by themselves."""
    channel = walk.setting.channel
    with walk.scene("Made, listed, shown"):
        walk.command("schedule weekdays 8:00 yesterday by team")
        walk.command("schedule fridays 17:00 this week top 5")
        walk.command("schedules")
        walk.command("show 1")
    with walk.scene("Posted", "What the channel gets."):
        walk.command("run 1", channel=channel)
    with walk.scene("A trial for oneself"):
        walk.command("test 1")
    with walk.scene("Changed, paused, resumed, removed"):
        walk.command("edit 1 9:00")
        walk.command("pause 1")
        walk.command("resume 1")
        walk.command("remove 2")
    with walk.scene("A time that can't be"):
        walk.command("schedule weekdays 25:00 yesterday")
        walk.command("schedule never yesterday")


def refusals(walk: Walk) -> None:
    """What can't be answered, and why."""
    for title, text in (
        ("A word that means nothing", "yesturday by taem"),
        ("A range ahead", "tomorrow"),
        ("A range backwards", "16:00 to 14:00 yesterday"),
        ("A day that doesn't exist", "30 feb"),
        ("Nobody by that name", '"Nobody Atall" yesterday'),
        ("Several by that name", "an yesterday"),
        ("Too long", "last 900 days by half-hour"),
        ("Too much by the clock", "last 30 days clock"),
        ("What contradicts itself", "yesterday by team by agent by queue by hour vs previous top 5 csv"),
    ):
        with walk.scene(title):
            walk.command(text)


def failures(walk: Walk) -> None:
    """What goes wrong on the way."""

    def struck(title: str, text: str, note: str = "", **fault: object) -> None:
        with walk.scene(title, note):
            walk.steer("faults", {"faults": [fault]})
            walk.command(text)
            walk.steer("faults", {"faults": []})

    struck("Genesys is down", "2026-11-19", kind="down")
    struck(
        "Status times are missing", "2026-11-18", "Conversations answered, status did not.",
        kind="server_error", path="/api/v2/analytics/users", status=500,
    )  # fmt: skip
    struck("Rate limited", "2026-11-17", kind="rate_limited", every=2, times=3)
    struck("The token is revoked in mid-flight", "2026-11-16", kind="revoke_token", after=1, times=1)
    with walk.scene("A workspace without data tables", "Slack answers `invalid_blocks`; the same stands as text."):
        walk.slack.refused_blocks.update({"data_table", "data_visualization"})
        walk.write("yesterday by team")
        walk.slack.refused_blocks.clear()


def rights(walk: Walk) -> None:
    """Who sees what, where."""
    slack, agent = walk.slack, walk.setting.person
    stranger = slack.add_person("sam", name="Sam Stranger", email="sam@example.net")
    guest = slack.add_person("gil", name="Gil Guest", email="gil@example.net", restricted=True)
    open_floor = slack.add_channel("all-hands", members=[agent, stranger, guest])
    partners = slack.add_channel("with-partners", members=[agent], shared=True)
    with walk.scene("Somebody without an agent or a grant"):
        walk.command("yesterday", person=stranger, channel=open_floor)
    with walk.scene("A guest"):
        walk.command("yesterday", person=guest, channel=open_floor)
    with walk.scene("A channel that nobody named", "Names are withheld; a mention there is seen by everybody."):
        walk.mention("yesterday", channel=open_floor)
        walk.mention("yesterday by team", channel=open_floor)
    with walk.scene("A channel shared with another organisation"):
        walk.mention("yesterday by team", channel=partners)
    with walk.scene("Somebody else's buttons"):
        walk.mention("yesterday by team")
        walk.press("Refresh", person=stranger)


def large(walk: Walk) -> None:
    """An organisation of four hundred."""
    for title, text in (
        ("More agents than a table holds", "yesterday"),
        ("Sorted", "yesterday by occupancy"),
        ("One of many", "yesterday top 10"),
    ):
        with walk.scene(title):
            walk.command(text)


AREAS: Mapping[str, Area] = {
    "answers": Area("Answers", answers),
    "drill": Area("Intervals and drilling", drill),
    "comparing": Area("Comparing", comparing),
    "pictures": Area("Pictures", pictures),
    "exports": Area("Exports", exports),
    "explain": Area("Explained and reconciled", taken_apart),
    "schedules": Area("Schedules", schedules),
    "refusals": Area("Refusals", refusals),
    "failures": Area("Failures", failures),
    "rights": Area("Rights", rights),
    "large": Area("Four hundred agents", large, agents=400),
}
