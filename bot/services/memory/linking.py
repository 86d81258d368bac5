"""Who is who: a Slack user is linked to an agent by a confirmation; an equal address only proposes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.core.answer import TextAnswer
from bot.core.people import fold, shown_name
from bot.core.query import Verb
from bot.core.rendering.names import raw_text
from bot.core.rights import vision
from bot.errors import CommandError, NotAllowedError, UnknownAgentError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.core.memos import Memo
    from bot.core.query import Query
    from bot.core.rights import Grant
    from bot.ports import Agent, Operation, Requester
    from bot.services.directory import Directory
    from bot.services.memory.service import MemoryService

_OFFERED = 10


class Linker:
    """Links and unlinks.

    Args:
        grants: who sees everyone, and so may link others.
    """

    def __init__(self, memory: MemoryService, directory: Directory, grants: tuple[Grant, ...]) -> None:
        self._memory = memory
        self._directory = directory
        self._grants = grants

    def sees_everyone(self, requester: Requester) -> bool:
        """Whether nobody's name is kept from her."""
        return vision(requester, self._grants, None).everything

    def carry_out(self, query: Query, memo: Memo, requester: Requester, operation: Operation) -> TextAnswer:
        """What came of it.

        Raises:
            CommandError: it can't be done, or not by her; `choices` holds the agents to choose from.
        """
        person_id = memo.person or requester.id
        others = person_id != requester.id
        everything = self.sees_everyone(requester)
        if others and not everything:
            raise NotAllowedError(
                "Others are linked by those who may see everyone.", hint="`link` is about yourself; `whoami` shows it."
            )
        if requester.operator and not others:
            raise CommandError(
                "The command line is nobody in Slack.",
                hint="link <@U123> ana@example.com, or python -m bot link U123 ana@example.com",
                code="missing_object",
            )
        if memo.verb is Verb.UNLINK:
            return self._unlink(query, person_id, requester)
        if not memo.whom:
            return self._propose(query, requester, operation)
        return self._link(query, memo, requester, operation, freely=everything)

    def _propose(self, query: Query, requester: Requester, operation: Operation) -> TextAnswer:
        """The agents with her address, each with a button that confirms; what is confirmed already is said."""
        if requester.agent_id is not None:
            agent = self._directory.linked_agent(requester, operation)
            name = shown_name(agent) if agent else "an agent that Genesys doesn't know any more"
            text = f"You are linked to {raw_text(name)}.\n\n`unlink` undoes it."
            return TextAnswer(query, "Your agent", text, agent_as_json(agent), (("Unlink", "unlink"),))
        candidates = self._of_her_address(requester, operation)
        if len(candidates) > 1:
            raise _which(
                f"{len(candidates)} agents have your address {requester.email}: which one are you?", candidates
            )
        (agent,) = candidates
        text = f"{raw_text(shown_name(agent))} in Genesys has your address {requester.email}.\n\nIs that you?"
        offers = ((f"Yes, I am {agent.name}", _command("link", agent)), ("No", "unlink"))
        return TextAnswer(query, "Your agent", text, agent_as_json(agent), offers)

    def _of_her_address(self, requester: Requester, operation: Operation) -> Sequence[Agent]:
        if not requester.email:
            raise UnknownAgentError(
                "Slack doesn't tell me your e-mail address, so I can't find you in Genesys.",
                hint="Somebody who may see everyone can link you: link @you ana@example.com",
                code="no_own_agent",
            )
        found = self._directory.agents_with(requester.email, operation)
        if not found:
            raise UnknownAgentError(
                f"No agent in Genesys has your address {requester.email}.",
                hint="Somebody who may see everyone can link you all the same: link @you ana@example.com",
                code="no_own_agent",
            )
        return found

    def _link(
        self, query: Query, memo: Memo, requester: Requester, operation: Operation, *, freely: bool
    ) -> TextAnswer:
        typed = memo.whom
        candidates: Sequence[Agent]
        if freely:
            by_address = "@" in typed
            candidates = (self._directory.agents_with if by_address else self._directory.agents_called)(
                typed, operation
            )
        else:
            # Who else there is, is no answer: only agents with her own address are looked at.
            own = self._of_her_address(requester, operation)
            candidates = [a for a in own if typed == a.id or typed.casefold() == (a.email or "").casefold()]
            if not candidates:
                raise NotAllowedError(
                    f"You can link yourself to an agent with your own address only: {requester.email}.",
                    hint="link",
                )
        verb = f"link <@{memo.person}>" if memo.person else "link"
        if not candidates:
            raise UnknownAgentError(f"No agent fits “{typed}”.", hint=f"{verb} ana@example.com")
        if len(candidates) > 1:
            raise _which(f"{len(candidates)} agents fit “{typed}”: which one?", candidates, verb)
        (agent,) = candidates
        if not _is_whole(typed, agent):
            raise _which(f"Do you mean {agent.name}? “{typed}” is not her whole name.", candidates, verb)
        person_id = memo.person or requester.id
        self._memory.set_link(person_id, agent.id, by=requester.id)
        undo = f"unlink <@{memo.person}>" if memo.person else "unlink"
        who = f"{memo.person} is" if memo.person else "You are"
        text = f"{who} {raw_text(shown_name(agent))} in Genesys now.\n\n`{undo}` undoes it."
        return TextAnswer(query, "Linked", text, agent_as_json(agent), (("Undo", undo),))

    def _unlink(self, query: Query, person_id: str, requester: Requester) -> TextAnswer:
        self._memory.set_link(person_id, None, by=requester.id)
        who = "You are" if person_id == requester.id else f"{person_id} is"
        text = f"{who} nobody's agent now, whatever addresses say.\n\n`link` links again."
        return TextAnswer(query, "Unlinked", text, agent_as_json(None), (("Link again", "link"),))


def agent_as_json(agent: Agent | None) -> dict[str, object]:
    """The agent that somebody is, for programs."""
    if agent is None:
        return {"agent": None}
    return {"agent": {"id": agent.id, "name": agent.name, "email": agent.email, "state": agent.state}}


def _is_whole(typed: str, agent: Agent) -> bool:
    """Whether what was typed names the agent in full: a beginning or a slip of a name links nobody."""
    return typed == agent.id or typed.casefold() == (agent.email or "").casefold() or fold(typed) == fold(agent.name)


def _which(message: str, candidates: Sequence[Agent], verb: str = "link") -> UnknownAgentError:
    labels = [f"{shown_name(agent)} ({agent.email or agent.id})" for agent in candidates[:_OFFERED]]
    return UnknownAgentError(
        message,
        hint=", ".join(labels),
        code="ambiguous_agent",
        choices=tuple(
            (label, _command(verb, agent)) for label, agent in zip(labels, candidates[:_OFFERED], strict=True)
        ),
    )


def _command(verb: str, agent: Agent) -> str:
    """By id: names and addresses may be shared."""
    return f'{verb} "{agent.id}"'
