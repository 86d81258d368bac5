"""The grammar as data: each phrase with its words, its meaning and commands that show it.

Help, the README's table, completion and "did you mean" are made from `ENTRIES`; the readers take their
words from the tables above it. A word that a reader knows and no entry lists fails a test.
"""

from __future__ import annotations

from bot.core.grammar.entries import Entry, Section
from bot.core.grammar.memo_words import MEMO_ENTRIES
from bot.core.grammar.schedule_words import SCHEDULE_ENTRIES
from bot.core.query import SelectorKind

WEEKDAYS = {
    word: number
    for number, words in enumerate(
        (
            ("monday", "mon"),
            ("tuesday", "tue", "tues"),
            ("wednesday", "wed"),
            ("thursday", "thu", "thur", "thurs"),
            ("friday", "fri"),
            ("saturday", "sat"),
            ("sunday", "sun"),
        )
    )
    for word in words
}
"""Weekday by word, Monday = 0; the full name comes first."""

WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

MONTHS = {
    word: number
    for number, words in enumerate(
        (
            ("january", "jan"),
            ("february", "feb"),
            ("march", "mar"),
            ("april", "apr"),
            ("may",),
            ("june", "jun"),
            ("july", "jul"),
            ("august", "aug"),
            ("september", "sep", "sept"),
            ("october", "oct"),
            ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for word in words
}
MONTH_NAMES = ("", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

UNITS = {
    word: unit
    for unit, words in {
        "m": ("m", "min", "mins", "minute", "minutes"),
        "h": ("h", "hr", "hrs", "hour", "hours"),
        "d": ("d", "day", "days"),
        "w": ("w", "week", "weeks"),
    }.items()
    for word in words
}
"""Units after a number: `past 90m`, `last 2 weeks`."""

CLOCK_WORDS = {"midnight": 0, "midday": 12 * 60, "noon": 12 * 60}

CONNECTORS = ("to", "through", "until", "till")

FILTER_KINDS = {
    kind.value: kind
    for kind in (
        SelectorKind.TEAM,
        SelectorKind.QUEUE,
        SelectorKind.GROUP,
        SelectorKind.DIVISION,
        SelectorKind.MANAGER,
    )
}
MEDIA = ("voice", "chat", "email", "message", "callback")
DIRECTIONS = ("inbound", "outbound")
OUTPUTS = ("csv", "xlsx", "chart", "heatmap")
BOOKINGS = ("posted", "clock")

EXPORT_WORDS: dict[str, tuple[str, str]] = {
    "comma": ("separator", ","),
    "semicolon": ("separator", ";"),
    "tab": ("separator", "\t"),
    "decimal point": ("decimal", "."),
    "decimal comma": ("decimal", ","),
    "seconds": ("durations", "s"),
    "hours": ("durations", "h"),
    "h:mm:ss": ("durations", "hms"),
    "bom": ("mark", "bom"),
}
"""What may stand after `csv`: each word with what of the file it decides, and how."""

STEPS = {
    word: unit
    for unit, words in {
        "previous": ("previous", "previous period", "period before", "the period before"),
        "day": ("day before", "the day before", "previous day", "same time yesterday"),
        "week": (
            *("same day last week", "same weekday", "same weekday last week", "same time last week"),
            *("week before", "the week before", "previous week", "a week before", "a week earlier"),
        ),
        "month": ("month before", "the month before", "previous month", "a month before", "a month earlier"),
    }.items()
    for word in words
}
"""What may stand after `vs` beside a range, and how far back it goes from the time asked for."""

ABBREVIATIONS: dict[str, tuple[str, ...]] = {
    "acdt": ("Australia/Adelaide",),
    "acst": ("Australia/Adelaide", "Australia/Darwin"),
    "adt": ("America/Halifax",),
    "aedt": ("Australia/Sydney",),
    "aest": ("Australia/Sydney", "Australia/Brisbane"),
    "akdt": ("America/Anchorage",),
    "akst": ("America/Anchorage",),
    "ast": ("America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"),
    "awst": ("Australia/Perth",),
    "brt": ("America/Sao_Paulo",),
    "bst": ("Europe/London", "Asia/Dhaka"),
    "cat": ("Africa/Harare",),
    "cdt": ("America/Chicago", "America/Havana"),
    "cest": ("Europe/Paris", "Europe/Berlin"),
    "cet": ("Europe/Paris", "Europe/Berlin", "Africa/Algiers"),
    "clt": ("America/Santiago",),
    "cst": ("America/Chicago", "America/Costa_Rica", "Asia/Shanghai"),
    "ct": ("America/Chicago",),
    "eat": ("Africa/Nairobi",),
    "edt": ("America/New_York",),
    "eest": ("Europe/Athens", "Africa/Cairo"),
    "eet": ("Europe/Athens", "Africa/Cairo"),
    "est": ("America/New_York", "America/Panama"),
    "et": ("America/New_York",),
    "gst": ("Asia/Dubai",),
    "hkt": ("Asia/Hong_Kong",),
    "hst": ("Pacific/Honolulu",),
    "ist": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "jst": ("Asia/Tokyo",),
    "kst": ("Asia/Seoul",),
    "mdt": ("America/Denver",),
    "mest": ("Europe/Berlin",),
    "met": ("Europe/Berlin",),
    "msk": ("Europe/Moscow",),
    "mst": ("America/Denver", "America/Phoenix"),
    "mt": ("America/Denver",),
    "ndt": ("America/St_Johns",),
    "npt": ("Asia/Kathmandu",),
    "nst": ("America/St_Johns",),
    "nzdt": ("Pacific/Auckland",),
    "nzst": ("Pacific/Auckland",),
    "pdt": ("America/Los_Angeles",),
    "pht": ("Asia/Manila",),
    "pkt": ("Asia/Karachi",),
    "pst": ("America/Los_Angeles", "Asia/Manila"),
    "pt": ("America/Los_Angeles",),
    "sast": ("Africa/Johannesburg",),
    "sgt": ("Asia/Singapore",),
    "wat": ("Africa/Lagos",),
    "west": ("Europe/Lisbon",),
    "wet": ("Europe/Lisbon",),
    "wib": ("Asia/Jakarta",),
}
"""Abbreviations that are asked back: most mean two places, and none says when its clocks change."""

CITIES = {
    "amsterdam": "Europe/Amsterdam",
    "atlanta": "America/New_York",
    "bangalore": "Asia/Kolkata",
    "barcelona": "Europe/Madrid",
    "beijing": "Asia/Shanghai",
    "bengaluru": "Asia/Kolkata",
    "boston": "America/New_York",
    "canberra": "Australia/Sydney",
    "cape town": "Africa/Johannesburg",
    "chennai": "Asia/Kolkata",
    "dallas": "America/Chicago",
    "delhi": "Asia/Kolkata",
    "edinburgh": "Europe/London",
    "frankfurt": "Europe/Berlin",
    "geneva": "Europe/Zurich",
    "houston": "America/Chicago",
    "hyderabad": "Asia/Kolkata",
    "istanbul": "Europe/Istanbul",
    "manchester": "Europe/London",
    "miami": "America/New_York",
    "milan": "Europe/Rome",
    "mumbai": "Asia/Kolkata",
    "munich": "Europe/Berlin",
    "new delhi": "Asia/Kolkata",
    "nicosia": "Asia/Nicosia",
    "osaka": "Asia/Tokyo",
    "pune": "Asia/Kolkata",
    "rio de janeiro": "America/Sao_Paulo",
    "san francisco": "America/Los_Angeles",
    "seattle": "America/Los_Angeles",
    "st petersburg": "Europe/Moscow",
    "washington": "America/New_York",
    "wellington": "Pacific/Auckland",
}
"""Big cities whose name is no last part of a zone's name, or of two zones' names."""

REFUSED_TIME_WORDS: dict[str, str] = {
    **dict.fromkeys(("tomorrow", "tonight", "next", "upcoming", "coming", "soon", "later"), "today"),
    **dict.fromkeys(("ago", "before", "earlier", "prior", "day", "days"), "last 7 days"),
    **dict.fromkeys(("previous", "preceding", "recent", "recently", "latest", "current", "currently"), "last week"),
    **dict.fromkeys(("fortnight", "fortnights", "fortnightly", "biweekly", "weeks"), "last 2 weeks"),
    **dict.fromkeys(
        ("quarter", "quarters", "quarterly", "year", "years", "yearly", "annual", "annually"), "last month"
    ),
    **dict.fromkeys(("ytd", "qtd", "decade", "century", "month", "months", "monthly", "eom"), "this month"),
    **dict.fromkeys(("hour", "hours", "hourly", "minute", "minutes", "second", "seconds", "mins", "hrs"), "past 90m"),
    **dict.fromkeys(("weekend", "weekends"), "saturday to sunday"),
    **dict.fromkeys(("weekday", "weekdays", "workday", "workdays"), "monday to friday"),
    **dict.fromkeys(("week", "weekly", "eow"), "last week"),
    **dict.fromkeys(("daily", "date", "dates", "time", "during", "between", "after"), "yesterday 9-17"),
    **dict.fromkeys(("morning", "mornings", "dawn"), "yesterday 6-12"),
    **dict.fromkeys(("afternoon", "afternoons"), "yesterday 12-18"),
    **dict.fromkeys(("evening", "evenings", "dusk"), "yesterday 18-22"),
    **dict.fromkeys(("night", "nights", "overnight", "nightly"), "yesterday 22:00-06:00"),
    "lunchtime": "yesterday 12-14",
}
"""Words of time that no phrase uses on their own, each with a phrase that works."""

NOT_BUILT: dict[str, str] = {
    **dict.fromkeys(("alert", "alerts", "mute"), "today above 85%"),
}
"""Verbs of later versions, each with a command that works in this one."""


_WHEN, _WHAT, _HOW, _VERBS = Section.WHEN, Section.WHAT, Section.HOW, Section.VERBS
ENTRIES = (
    Entry(
        _WHEN,
        ("today", "yesterday"),
        "The local day. `today` ends now, and so does a command without a time.",
        ("yesterday", "yesterday team:Billing", "today by interval"),
        ("today", "yesterday"),
    ),
    Entry(
        _WHEN,
        ("monday", "last monday"),
        "The most recent such day that is over.",
        ("monday", "last friday team:Billing", "tue 9-17"),
        tuple(WEEKDAYS),
    ),
    Entry(
        _WHEN,
        ("this week", "last week", "this month", "last month", "week to date", "wtd", "month to date", "mtd"),
        "Calendar weeks and months; the running one ends now.",
        ("last week by day", "this week by day", "this month", "last month by team", "week to date", "wtd", "mtd"),
        ("this", "last", "week", "month", "wtd", "mtd"),
    ),
    Entry(
        _WHEN,
        ("last 7 days", "last 2 weeks"),
        "Complete days before today; complete weeks before this one.",
        ("last 7 days", "last 2 weeks by day"),
        ("last", "days", "weeks"),
    ),
    Entry(
        _WHEN,
        ("past 48h", "past 90m", "past 2 hours", "past 45 minutes", "past 7 days"),
        "A rolling stretch that ends now; `last 48h` reads the same.",
        ("past 48h", "past 90m by 15m", "past 7 days"),
        ("past", "hours", "minutes"),
    ),
    Entry(
        _WHEN,
        ("2026-11-20", "20 nov", "nov 20 2026", "20/11"),
        "A date; without its year the most recent such day. Where 5/11 could be two days the bot asks.",
        ("2026-11-20", "20 nov", "nov 20 2026", "20th november", "20/11"),
        tuple(MONTHS),
    ),
    Entry(
        _WHEN,
        ("A..B", "A to B", "A through B", "A until B", "A till B", "from A to B"),
        "From A to B; a day at the end is included, a moment ends there.",
        (
            "2026-11-16..2026-11-20",
            "monday to friday",
            "16 nov through 20 nov",
            "16 nov until 20 nov",
            "today till 10am",
            "from 2026-11-16 9am to 2026-11-17 5pm",
            "2026-11-16/2026-11-20",
            "2026-11-20T09:00Z/2026-11-20T17:00Z",
        ),
        ("to", "through", "until", "till", "from"),
    ),
    Entry(
        _WHEN,
        ("since monday", "since 10am", "monday to now"),
        "From then to now. Times of day: 10am, 17:30, midday or noon, midnight.",
        ("since monday", "since midnight", "monday to now", "since yesterday midday"),
        ("since", "now", "midday", "noon", "midnight"),
    ),
    Entry(
        _WHEN,
        ("9-17", "9am-5:30pm", "22:00-06:00", "shift:night"),
        "These hours of each day; past midnight they belong to the day on which they start. "
        "Shifts have their hours from the settings.",
        ("yesterday 9-17", "last week 9am-5:30pm", "yesterday 22:00-06:00", "yesterday shift:night"),
        ("shift:",),
    ),
    Entry(
        _WHEN,
        ("in Europe/London", "in new york"),
        "The zone whose midnights and clocks count.",
        ("yesterday in Europe/London", "yesterday in new york", "yesterday in UTC"),
        ("in",),
    ),
    Entry(
        _WHAT,
        ("me", "my team"),
        "You; the agents of your team. Without a choice: everyone whose figures you may see.",
        ("me yesterday", "my team last week"),
        ("me", "my"),
    ),
    Entry(
        _WHAT,
        ("@ana", "ana diaz", '"May June"', "ana@example.com"),
        "One agent: a mention, a name (in quotes where it looks like a word of a command), an e-mail address.",
        ("@ana yesterday", "ana diaz yesterday", '"May June" yesterday', "ana@example.com yesterday"),
        (),
    ),
    Entry(
        _WHAT,
        ("team:Billing", "queue:", "group:", "division:", "manager:"),
        "The agents of a team, group, division or manager; the conversations of a queue.",
        (
            "yesterday team:Billing",
            'yesterday queue:"Billing North"',
            "yesterday group:Seniors",
            "yesterday division:Home",
            "yesterday manager:ana",
        ),
        tuple(f"{word}:" for word in FILTER_KINDS),
    ),
    Entry(
        _WHAT,
        ("A, B", "-A"),
        "A comma makes a list, a minus leaves somebody out.",
        ("yesterday team:Billing,Support", "yesterday ana diaz, bob", "yesterday team:Billing -@ana"),
        (),
    ),
    Entry(
        _WHAT,
        (*MEDIA, *DIRECTIONS, "acd"),
        "Only such conversations; `acd` only work that was routed.",
        (
            "yesterday voice",
            "yesterday chat,email",
            "yesterday message",
            "yesterday callback outbound",
            "yesterday inbound acd",
        ),
        (*MEDIA, *DIRECTIONS, "acd"),
    ),
    Entry(
        _WHAT,
        ("active",),
        "Leave out rows without activity.",
        ("yesterday by interval active",),
        ("active",),
    ),
    Entry(
        _HOW,
        ("by interval", "by 15m", "by 30m", "by 1h", "by day", "by week"),
        "One row for each piece of time; `interval` is the half-hour.",
        ("yesterday by interval", "yesterday by 15m", "yesterday by 1h", "last week by day", "last 2 weeks by week"),
        ("by", "interval", "hour", "day", "week"),
    ),
    Entry(
        _HOW,
        ("by agent", "by team", "by queue", "by media"),
        "What a row stands for; joins with a piece of time.",
        ("yesterday by team", "last week by team by day", "yesterday by agent by queue", "yesterday by media"),
        ("by", "agent", "team", "queue", "media"),
    ),
    Entry(
        _HOW,
        ("top 10", "bottom 5"),
        "Only the first or the last of the order.",
        ("yesterday top 10", "last week bottom 5 sort occupancy"),
        ("top", "bottom"),
    ),
    Entry(
        _HOW, ("sort <metric>",), "Order by a metric.", ("yesterday sort handle", "yesterday sort occupancy"), ("sort",)
    ),
    Entry(
        _HOW,
        ("below 60%", "above 85%"),
        "Only rows whose sorted metric, else the headline, is so low or so high.",
        ("yesterday below 60%", "last week above 85%"),
        ("below", "above"),
    ),
    Entry(
        _HOW,
        ("vs previous", "vs last week", "vs same day last week", "versus <range>"),
        "Compare with as much time before, with the same days a week earlier, or with any other time. Hours such as "
        "9-17 count on both sides, and a time that still runs is compared with the same part of the other.",
        (
            "yesterday vs previous",
            "yesterday vs last week",
            "yesterday vs same day last week",
            "this week vs last week",
            "today 9-17 vs yesterday",
            "this month vs the month before",
            "yesterday vs 2026-11-16",
        ),
        ("vs", "versus"),
    ),
    Entry(
        _HOW,
        ("posted", "clock"),
        "By which rule time falls into half-hours: as Genesys reports it, or as it happened.",
        ("yesterday by interval posted", "intervals me yesterday clock"),
        BOOKINGS,
    ),
    Entry(
        _HOW,
        ("complete",),
        "By the clock, with conversations however long ago they began: Genesys prepares them, which takes a minute.",
        ("yesterday complete", "intervals me yesterday complete"),
        ("complete",),
    ),
    Entry(
        _HOW,
        ("anyway",),
        "Go on although it takes many requests and some minutes.",
        ("last week by interval clock anyway", "reconcile last week anyway"),
        ("anyway",),
    ),
    Entry(
        _HOW,
        OUTPUTS[:2],
        "The answer as a file too.",
        ("last week csv", "last week xlsx"),
        OUTPUTS[:2],
    ),
    Entry(
        _HOW,
        OUTPUTS[2:],
        "The answer as a picture too: charts in the message, or a heat map of agents and half-hours as a file.",
        ("yesterday by team chart", "yesterday heatmap", "last week me heatmap"),
        OUTPUTS[2:],
    ),
    Entry(
        _HOW,
        ("csv semicolon", "csv tab", "csv decimal comma", "csv hours", "csv h:mm:ss", "csv bom"),
        "How a CSV file is written: what parts its columns, the decimal sign, durations in seconds, hours or h:mm:ss, "
        "Excel's mark. Files with semicolons or decimal commas get that mark by themselves.",
        ("last week csv semicolon", "last week csv decimal comma h:mm:ss", "yesterday csv tab hours"),
        ("csv",),
        tuple(EXPORT_WORDS),
    ),
    Entry(
        _HOW,
        ("share",),
        "Post the answer in the channel; otherwise only you see it.",
        ("yesterday team:Billing share",),
        ("share",),
    ),
    Entry(
        _VERBS,
        ("help [topic]",),
        "This text, or one part of it.",
        ("help", "help when", "help vs"),
        ("help",),
    ),
    Entry(
        _VERBS,
        ("define <metric>",),
        "What a metric is: its formula and where it comes from.",
        ("define utilization", "define occupancy"),
        ("define",),
    ),
    Entry(
        _VERBS,
        ("intervals <agent>",),
        "One agent's half-hours; without a name, yours.",
        ("intervals yesterday", "intervals ana diaz yesterday", "intervals @ana yesterday by 15m"),
        ("intervals",),
    ),
    Entry(
        _VERBS,
        ("explain <agent> <time> <day>",),
        "What one half-hour of an agent's is made of: the conversations, what was cut, what overlaps.",
        ("explain @ana 10:30 yesterday", "explain ana diaz 10:30 yesterday posted", "explain 9am today by 15m"),
        ("explain",),
    ),
    Entry(
        _VERBS,
        ("reconcile [what] [when]",),
        "Posted time, sessions, segments and status time side by side, and the cause of each difference.",
        ("reconcile yesterday", "reconcile yesterday team:Billing", "reconcile @ana last week"),
        ("reconcile",),
    ),
    Entry(_VERBS, ("again",), "Your last question once more.", ("again",), ("again",)),
    Entry(_VERBS, ("status",), "How the bot and the platform are.", ("status",), ("status",)),
    Entry(_VERBS, ("whoami",), "Who the bot thinks you are, and whose figures you may see.", ("whoami",), ("whoami",)),
    *SCHEDULE_ENTRIES,
    *MEMO_ENTRIES,
)

PHRASES = (
    "last week",
    "this week",
    "last month",
    "this month",
    "week to date",
    "month to date",
    "my team",
    "by interval",
)
"""Phrases that people also type without their space; "did you mean" compares with them too."""

KEYWORDS = frozenset(word.removesuffix(":") for entry in ENTRIES for word in entry.words)
"""Words that are never taken for names unless quoted."""

SECTION_TITLES = {
    Section.WHEN: "When",
    Section.WHAT: "Who and what",
    Section.HOW: "How",
    Section.VERBS: "Other commands",
    Section.SCHEDULES: "Schedules",
    Section.KEPT: "What I keep for you",
}
