"""Help, the README's table and completion, made from the words."""

from __future__ import annotations

from functools import cache

from bot.core.grammar.entries import Entry, Section
from bot.core.grammar.suggestions import nearest, nearest_keyword
from bot.core.grammar.words import ENTRIES, NOT_BUILT, PHRASES, SECTION_TITLES
from bot.errors import UnknownCommandError

_SECTIONS = {section.value: section for section in Section}
_SECTION_ALIASES = {"who": Section.WHAT, "commands": Section.VERBS, "time": Section.WHEN, "times": Section.WHEN}


@cache
def _entries_by_topic() -> dict[str, tuple[Entry, ...]]:
    """Entries by each word and form of theirs, in lower case."""
    found: dict[str, list[Entry]] = {}
    for entry in ENTRIES:
        names = {*entry.words, *entry.inner, *entry.forms, *(w.removesuffix(":") for w in entry.words)}
        for name in names | {form.split(" <")[0].split(" [")[0] for form in entry.forms}:
            listed = found.setdefault(name.lower(), [])
            if entry not in listed:
                listed.append(entry)
    return {name: tuple(entries) for name, entries in found.items()}


def find_topic(text: str) -> str:
    """The topic of `help <text>`: a section, a phrase or a word, in lower case; empty for all of it.

    Raises:
        UnknownCommandError: there is no help on that.
    """
    topic = " ".join(text.lower().replace('"', "").split())
    if not topic or topic == "help":
        return topic
    if topic in _SECTIONS or topic in _entries_by_topic():
        return topic
    if topic in _SECTION_ALIASES:
        return _SECTION_ALIASES[topic].value
    if topic in NOT_BUILT:
        raise UnknownCommandError(
            f"`{topic}` isn't built into this version yet.", hint=f"This works: {NOT_BUILT[topic]}", code="not_built"
        )
    known = (*_SECTIONS, *_entries_by_topic())
    likely = nearest_keyword(topic) or nearest(topic, known)
    raise UnknownCommandError(
        f"There is no help on `{topic}`.",
        hint=f"help {likely}" if likely else f"help {', help '.join(_SECTIONS)}",
        code="unknown_topic",
    )


def help_text(topic: str = "") -> str:
    """Plain text: how to ask, or one part of it.

    Raises:
        UnknownCommandError: there is no help on that topic.
    """
    topic = find_topic(topic)
    if not topic:
        return _overview()
    if topic in _SECTIONS:
        section = _SECTIONS[topic]
        return "\n".join((f"{SECTION_TITLES[section]}", *(_lines(e) for e in ENTRIES if e.section is section)))
    return "\n\n".join(_details(entry) for entry in _entries_by_topic()[topic])


def _overview() -> str:
    parts = [
        "Say who, when and how, in any order: yesterday team:Billing by interval",
        "Words that aren't listed are names; quotes make a name of anything.",
    ]
    for section in Section:
        shown = [", ".join(entry.forms) for entry in ENTRIES if entry.section is section]
        parts.append("\n".join((f"{SECTION_TITLES[section]} (help {section.value})", *(f"  {line}" for line in shown))))
    parts.append("Try: yesterday · last week by day · intervals me yesterday · define utilization")
    return "\n\n".join(parts)


def _lines(entry: Entry) -> str:
    return f"  {', '.join(entry.forms)}\n      {entry.meaning}\n      e.g. {entry.examples[0]}"


def _details(entry: Entry) -> str:
    return "\n".join((", ".join(entry.forms), entry.meaning, *(f"  {example}" for example in entry.examples)))


def readme_table() -> str:
    """The grammar as a Markdown table: phrases, what they mean, commands that show them."""

    def code(texts: tuple[str, ...]) -> str:
        return ", ".join(f"`{text}`" for text in texts).replace("|", "\\|")

    lines = ["| | say | it means | for example |", "|---|---|---|---|"]
    for section in Section:
        for number, entry in enumerate(e for e in ENTRIES if e.section is section):
            title = f"**{SECTION_TITLES[section]}**" if number == 0 else ""
            meaning = entry.meaning.replace("|", "\\|")
            lines.append(f"| {title} | {code(entry.forms)} | {meaning} | {code(entry.examples)} |")
    return "\n".join(lines) + "\n"


@cache
def _completions() -> tuple[str, ...]:
    """What completion offers: phrases first as one types them, then single words and examples."""
    offered: dict[str, None] = {}
    for entry in ENTRIES:
        for form in entry.forms:
            if "<" not in form and "A" not in form.split():
                offered.setdefault(form.split(" [")[0])
    for phrase in PHRASES:
        offered.setdefault(phrase)
    for entry in ENTRIES:
        for word in entry.words:
            offered.setdefault(word)
    return tuple(offered)


def complete(prefix: str, *, limit: int = 10) -> tuple[str, ...]:
    """Whole texts that begin with the typed one, its last phrase completed; the likeliest first.

    Empty where the last word is complete or unknown.
    """
    words = prefix.split(" ")
    for count in range(min(4, len(words)), 0, -1):  # the longest tail that begins a phrase: `last w`
        head, tail = " ".join(words[:-count]), " ".join(words[-count:]).lower()
        if not tail:
            continue
        found = [p for p in _completions() if p.lower().startswith(tail) and p.lower() != tail]
        if found:
            return tuple(f"{head} {p}".strip() for p in found[:limit])
    return ()
