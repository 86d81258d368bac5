"""The words of commands about what the bot keeps of people, and who looked at whom."""

from __future__ import annotations

from bot.core.grammar.entries import Entry, Section

_K = Section.KEPT

MEMO_ENTRIES = (
    Entry(
        _K,
        ("settings", "settings <key> <value>", "settings reset <key>"),
        "Your own zone, team, columns, headline, order of dates, durations, week and CSV; alone it lists them.",
        (
            "settings",
            "settings zone Europe/London",
            "settings team Billing",
            "settings columns handle acw occupancy",
            "settings headline occupancy",
            "settings dates DMY",
            "settings durations 06:32:00",
            "settings week sunday",
            "settings separator semicolon",
            "settings decimal comma",
            "settings reset columns",
            "settings reset",
        ),
        ("settings",),
        ("zone", "columns", "headline", "dates", "durations", "separator", "decimal", "reset"),
    ),
    Entry(
        _K,
        ("save <name> <question>", "save <name>", "save <name> for this channel <question>"),
        "Keep a question under a name: the one that follows, else your last; `for this channel` lets everybody here "
        "ask it, each with her own rights. Words such as yesterday stay what they are.",
        (
            "save morning yesterday team:Billing",
            'save "last week" last week by day team:Billing',
            "save standup for this channel yesterday team:Billing",
            "save morning",
        ),
        ("save",),
    ),
    Entry(
        _K,
        ("saved", "saved <name>", "unsave <name>"),
        "List saved questions, ask one, forget one; a channel's are listed in the channel.",
        ("saved", "saved morning", "saved standup for this channel", "unsave morning"),
        ("saved", "unsave"),
    ),
    Entry(
        _K,
        ("link", "link <address>", "link @person <agent>", "unlink", "unlink @person"),
        "Confirm which agent in Genesys you are; others are linked by those who may see everyone.",
        ("link", "link ana@example.com", "link <@U123> ana@example.com", "unlink", "unlink <@U123>"),
        ("link", "unlink"),
    ),
    Entry(
        _K,
        ("audit [whom] [when]",),
        "Who looked at whose figures, the last seven days unless said otherwise: `audit me` for you, the rest for "
        "auditors.",
        ("audit me", "audit", "audit @ana yesterday", "audit team:Billing last week"),
        ("audit",),
    ),
)
