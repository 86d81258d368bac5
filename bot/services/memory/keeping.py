"""Carries out the commands about what the bot keeps: `settings`, `save`, `saved`, `unsave`, `link`, `unlink`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.answer import TextAnswer
from bot.core.defaults import NOTHING_CHOSEN
from bot.core.grammar.choices import CHOICES, settings_words, with_setting, without_setting
from bot.core.query import SelectorKind, Verb
from bot.core.rendering.kept import saved_text, setting_text, settings_text
from bot.errors import CommandError, SourceError, UnknownAgentError

if TYPE_CHECKING:
    from bot.core.defaults import Defaults
    from bot.core.memos import Memo, Saved
    from bot.core.query import Query
    from bot.ports import Operation, Requester
    from bot.services.directory import Directory
    from bot.services.memory.linking import Linker
    from bot.services.memory.service import MemoryService

_OFFERED = 10
"""Saved questions with a button of their own."""


class Keeper:
    """Does what a memo says, and tells of it."""

    def __init__(self, memory: MemoryService, directory: Directory, linker: Linker) -> None:
        self._memory = memory
        self._directory = directory
        self._linker = linker

    def carry_out(
        self, query: Query, memo: Memo, requester: Requester, *, channel_id: str | None, operation: Operation
    ) -> TextAnswer:
        """What came of it.

        Args:
            channel_id: where it was asked; None: where nobody else reads along.
        Raises:
            CommandError: it can't be done, or not by her.
        """
        if memo.for_channel and channel_id is None:
            raise CommandError(
                "There is no channel here: that works where others read along.",
                hint="Type it in the channel, or leave `for this channel` out to keep it for yourself.",
                code="no_channel",
            )
        match memo.verb:
            case Verb.SETTINGS:
                return self._settings(query, memo, requester, operation)
            case Verb.SAVE:
                return self._save(query, memo, requester, channel_id)
            case Verb.UNSAVE:
                self._memory.unsave(requester, memo.name, channel_id=channel_id if memo.for_channel else None)
                return self._listed(query, requester, channel_id, title=f"“{memo.name}” is forgotten")
            case Verb.SAVED:
                return self._listed(query, requester, channel_id, title="Saved questions")
            case _:
                return self._linker.carry_out(query, memo, requester, operation)

    # --- settings ---

    def _settings(self, query: Query, memo: Memo, requester: Requester, operation: Operation) -> TextAnswer:
        before = self._memory.defaults(requester.id)
        after = self._changed(before, memo, requester, operation)
        if after != before:
            self._memory.set_defaults(requester.id, after)
        chosen = dict(settings_words(after))
        data = {"settings": {key: chosen.get(key) for key in CHOICES}}
        if memo.key:
            text = setting_text(after, memo.key)
            undo = [(f"Undo: {CHOICES[memo.key].label}", f"settings reset {memo.key}")] if memo.key in chosen else []
            return TextAnswer(query, "Your settings", text, data, (*undo, ("All settings", "settings")))
        undo = [("Undo all", "settings reset")] if chosen else []
        return TextAnswer(query, "Your settings", settings_text(after), data, tuple(undo))

    def _changed(self, before: Defaults, memo: Memo, requester: Requester, operation: Operation) -> Defaults:
        if memo.reset:
            return without_setting(before, memo.key) if memo.key else NOTHING_CHOSEN
        if not memo.value:
            return before
        after = with_setting(before, memo.key, memo.value)
        if after.team is not None and after.team != before.team and self._linker.sees_everyone(requester):
            # Which teams there are, is no answer to others: they hear of a wrong one when they ask about it.
            self._check_team(after.team, operation)
        return after

    def _check_team(self, team: str, operation: Operation) -> None:
        """Refuse a team that isn't there; while Genesys doesn't answer, any is taken."""
        try:
            found = self._directory.find_named(SelectorKind.TEAM, team, operation)
        except SourceError:
            return
        if found is None:
            close = self._directory.nearest_named(SelectorKind.TEAM, team, operation)
            raise UnknownAgentError(
                f"There is no team called “{team}”.",
                hint="Give its name as it stands in Genesys.",
                code="unknown_team",
                choices=tuple((item.name, f'settings team "{item.name}"') for item in close),
            )

    # --- saved questions ---

    def _save(self, query: Query, memo: Memo, requester: Requester, channel_id: str | None) -> TextAnswer:
        question = memo.question or self._memory.last_question(requester)
        saved = self._memory.save(requester, memo.name, question, channel_id=channel_id if memo.for_channel else None)
        whose = "everybody in this channel can ask it, each with her own rights" if saved.for_channel else "it is yours"
        text = f"`{saved.question}`\n\nAsk it with `saved {_typed(saved)}`: {whose}."
        offers = (("Ask it now", saved.run), ("Forget it", saved.delete), ("All saved questions", "saved"))
        return TextAnswer(query, f"Saved as “{saved.name}”", text, {"saved": [_as_json(saved)]}, offers)

    def _listed(self, query: Query, requester: Requester, channel_id: str | None, *, title: str) -> TextAnswer:
        saved = self._memory.saved(requester.id, channel_id)
        return TextAnswer(
            query,
            title,
            saved_text(saved),
            {"saved": [_as_json(one) for one in saved]},
            tuple((one.name, one.run) for one in saved[:_OFFERED]),
        )


def _typed(saved: Saved) -> str:
    """Its name as one types it."""
    return f'"{saved.name}"' if " " in saved.name else saved.name


def _as_json(saved: Saved) -> dict[str, object]:
    return {
        "name": saved.name,
        "question": saved.question,
        "for_channel": saved.for_channel,
        "by": saved.by,
        "at": saved.at.isoformat(),
        "run": saved.run,
        "delete": saved.delete,
    }
