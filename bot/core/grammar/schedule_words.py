"""The words of schedules as data: their help, and the words that mean something inside a schedule alone."""

from __future__ import annotations

from bot.core.grammar.entries import Entry, Section

RULE_WORDS = ("daily", "weekdays", "workdays", "weekends", "weekly", "monthly", "every", "each", "at")
CLAUSE_WORDS = ("to", "for", "skip", "shift", "holidays", "except", "until", "times", "starting", "missed", "wait")

WORDS_OF_DAYS: dict[str, frozenset[int]] = {
    **dict.fromkeys(("day", "daily"), frozenset(range(7))),
    **dict.fromkeys(("weekday", "weekdays", "workday", "workdays"), frozenset(range(5))),
    **dict.fromkeys(("weekend", "weekends"), frozenset({5, 6})),
}

MOST_TIMES = 24
MOST_TARGETS = 20

_S = Section.SCHEDULES
SCHEDULE_ENTRIES = (
    Entry(
        _S,
        ("schedule <days> <times> <question>",),
        "Have a question answered again and again: first the days and times, then the question. Its range is read as "
        "of each time, so it is said in words such as yesterday. Without a place it is posted here.",
        (
            "schedule weekdays 8:00 yesterday team:Billing in #ops",
            "schedule mondays 9am last week by day to me",
            "schedule daily 8:00,14:00 today queue:Support",
        ),
        ("schedule",),
        ("at",),
    ),
    Entry(
        _S,
        ("daily", "weekdays", "weekends", "mon,wed,fri", "every monday", "weekly monday"),
        "On which days of the week.",
        (
            "schedule daily 17:30 today",
            "schedule weekends 9:00 yesterday",
            "schedule mon,wed,fri 8am yesterday",
            "schedule weekly monday 9:00 last week",
        ),
        (),
        ("daily", "weekdays", "workdays", "weekends", "weekly", "every", "each"),
    ),
    Entry(
        _S,
        ("first workday", "last workday", "last day", "15th", "monthly 1"),
        "On which day of each month; in shorter months the 31st is the last day.",
        (
            "schedule first workday 8:00 last month by team",
            "schedule last day 17:00 this month",
            "schedule monthly 1 8:00 last month",
        ),
        (),
        ("workday", "monthly"),
    ),
    Entry(
        _S,
        ("in #channel", "to @person", "to me", "to @person for team:Billing"),
        "Where it is posted: several, parted by commas; `for` gives each recipient a part of her own.",
        (
            "schedule weekdays 8:00 yesterday in #ops, #billing",
            "schedule weekdays 8:00 yesterday to @ana for team:Billing, @bob for team:Support",
        ),
        (),
        ("to", "for", "here"),
    ),
    Entry(
        _S,
        ("skip holidays GB", "shift holidays US", "except 2026-12-24"),
        "Public holidays of a country (or its part: GB-SCT) and days of your own: nothing is posted, or on the next "
        "workday.",
        (
            "schedule weekdays 8:00 yesterday skip holidays GB",
            "schedule mondays 8:00 last week shift holidays US",
            "schedule weekdays 8:00 yesterday except 2026-12-24, 2026-12-31",
        ),
        (),
        ("skip", "shift", "holidays", "except"),
    ),
    Entry(
        _S,
        ("starting 2026-12-01", "until 2026-12-31", "10 times"),
        "When it begins and ends; the last day is included.",
        (
            "schedule weekdays 8:00 yesterday until 2026-12-31",
            "schedule daily 8:00 yesterday starting 2026-12-01 10 times",
        ),
        (),
        ("starting", "until", "times"),
    ),
    Entry(
        _S,
        ("missed latest", "missed all", "missed none", "missed latest within 4h"),
        "What is posted late after an outage: the newest (so unless said otherwise), each, or nothing; within two "
        "hours unless said otherwise.",
        ("schedule daily 8:00,9:00 today missed all", "schedule weekdays 8:00 yesterday missed latest within 4h"),
        (),
        ("missed", "within"),
    ),
    Entry(
        _S,
        ("wait 15m", "wait 30m for 95%"),
        "How long incomplete data are waited for, and from which share of agents on they are complete.",
        ("schedule weekdays 8:00 yesterday wait 30m for 95%",),
        (),
        ("wait",),
    ),
    Entry(
        _S,
        ("schedules",),
        "Your schedules and those of this channel, with their numbers and next times.",
        ("schedules",),
        ("schedules",),
    ),
    Entry(
        _S,
        ("pause <number>", "pause <number> until <day>", "resume <number>"),
        "Stop posting for a while; with a day, that is the first one again.",
        ("pause 3", "pause 3 until 2026-12-27", "pause 3 until monday", "resume 3"),
        ("pause", "resume"),
    ),
    Entry(
        _S,
        ("run <number>", "test <number>"),
        "Post it now: `run` to all its recipients, `test` to you alone.",
        ("run 3", "test 3"),
        ("run", "test"),
    ),
    Entry(
        _S,
        ("edit <number> <days> <times> <question>",),
        "Say a schedule anew; without a place it keeps its recipients.",
        ("edit 3 weekdays 8:30 yesterday team:Billing",),
        ("edit",),
    ),
    Entry(
        _S,
        ("delete <number>", "log <number>"),
        "Stop it for good; what became of its last posts.",
        ("delete 3", "log 3"),
        ("delete", "log"),
    ),
)

INNER_WORDS = frozenset(word for entry in SCHEDULE_ENTRIES for word in entry.inner)
