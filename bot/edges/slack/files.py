"""Files that go with an answer. Slack shows none to one person in a channel, so they go where she alone reads.

A file of an answer that the whole channel reads may go there too: it holds what that audience may see, no more.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.core.query import Output
from bot.core.rendering import pictures
from bot.core.rendering.blocks import render_reading
from bot.core.rendering.exporting import FILE_OUTPUTS, files_of
from bot.core.rendering.pictures import Picture
from bot.edges.slack.api import SlackCallError
from bot.edges.slack.drawing import plain
from bot.errors import DeliveryError, SourceError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.core.answer import Answer
    from bot.core.rendering.exporting import File
    from bot.edges.slack.api import SlackApi
    from bot.edges.slack.reply import Reply
    from bot.ports import Operation

TELL_AFTER_S = 10.0
"""How long a big file is written before its reader hears how far it is."""

_NOT_THERE = frozenset({"not_in_channel", "channel_not_found", "is_archived"})
_WHY = {
    "file_uploads_disabled": ("uploads are switched off in this workspace", "An administrator can switch them on."),
    "file_uploads_except_images_disabled": (
        "only pictures may be uploaded in this workspace",
        "An administrator can allow other files.",
    ),
    "file_type_not_allowed": ("this workspace takes no files of that kind", "Ask for another: csv or xlsx."),
    "storage_limit_reached": ("the workspace has no room left for files", "An administrator can make some."),
    "file_upload_size_restricted": ("it is too big for this workspace", "Ask for fewer days or agents."),
}


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation that takes a file, and what to say of it elsewhere."""

    channel: str
    thread_ts: str | None = None
    elsewhere: bool = False
    """Not where the question was asked."""


@dataclass(frozen=True, slots=True)
class Files:
    """Makes the files that a question asked for, and hands them over."""

    api: SlackApi
    clock: Callable[[], float] = time.monotonic
    _drawing: threading.Lock = field(default_factory=threading.Lock)
    """Pictures are drawn one at a time: each takes a processor and much memory for a while."""

    def send(self, answer: Answer, reply: Reply, operation: Operation, *, public: bool) -> tuple[str, ...]:
        """The files that the answer's question asks for.

        Args:
            public: the answer is for everybody in the channel.
        Returns:
            What is left to say of them to the asker: where they are, or why a picture is missing.
        Raises:
            CommandError: a file would be too big.
            DeliveryError: Slack did not take a table.
        """
        outputs = answer.query.outputs
        said: list[str] = []
        if outputs & FILE_OUTPUTS:
            for file in files_of(answer, told=_Teller(reply, operation, self.clock)):
                said += self._share(file, answer, reply, public=public)
        if Output.HEATMAP in outputs:
            said += self._picture(answer, reply, public=public)
        return tuple(said)

    def _picture(self, answer: Answer, reply: Reply, *, public: bool) -> tuple[str, ...]:
        """The heat map; its message has the same figures as text, so that its failure is a remark."""
        with self._drawing:
            picture = pictures.heat_map(answer)
        if picture is None:
            return ()
        try:
            return self._share(picture, answer, reply, public=public)
        except DeliveryError as error:
            refusal = error.__cause__
            needed = refusal.needed if isinstance(refusal, SlackCallError) else None
            return (pictures.refused(error.code, needed),)

    def _share(self, file: File | Picture, answer: Answer, reply: Reply, *, public: bool) -> tuple[str, ...]:
        moved: tuple[str, ...] = ()
        try:
            place = _place(reply, public=public)
            try:
                self._upload(file, answer, place)
            except SlackCallError as refusal:
                if not public or refusal.error not in _NOT_THERE:
                    raise
                place = Place(reply.direct_channel(), elsewhere=True)
                moved = ("Invite me to this channel (`/invite`) to have files posted here.",)
                self._upload(file, answer, place)
        except SlackCallError as refusal:
            raise _not_taken(refusal, reply.address.user_id) from refusal
        return (f"{_called(file)} is in our direct messages.", *moved) if place.elsewhere else ()

    def _upload(self, file: File | Picture, answer: Answer, place: Place) -> None:
        self.api.upload(
            channel=place.channel,
            thread_ts=place.thread_ts,
            filename=file.filename,
            content=file.content,
            title=file.title,
            alt_text=file.alt_text if isinstance(file, Picture) else None,
            comment=file.comment if isinstance(file, Picture) else render_reading(answer.query),
        )


class _Teller:
    """Says once how far a big file is, and ends the writing of one that nobody waits for any more."""

    def __init__(self, reply: Reply, operation: Operation, clock: Callable[[], float]) -> None:
        self._reply = reply
        self._operation = operation
        self._clock = clock
        self._due = clock() + TELL_AFTER_S

    def __call__(self, done: int, rows: int) -> None:
        if self._operation.cancelled.is_set():
            raise SourceError("The question was cancelled.", code="cancelled")
        if self._clock() >= self._due:
            self._due = float("inf")
            self._reply.progress(plain(f"Writing the file: {done:,} of {rows:,} rows so far."))


def _place(reply: Reply, *, public: bool) -> Place:
    """Where a file may go: the channel that reads the answer, else where the asker alone does."""
    address = reply.address
    if public and address.channel_id is not None:
        return Place(address.channel_id, address.thread_ts)
    direct = reply.direct_channel()
    here = direct == address.channel_id
    return Place(direct, address.thread_ts if here else None, elsewhere=not here)


def _called(file: File | Picture) -> str:
    return "The picture" if isinstance(file, Picture) else f"The {file.title}"


def _not_taken(refusal: SlackCallError, user_id: str) -> DeliveryError:
    why, hint = _WHY.get(refusal.error, ("", "Ask again in a minute."))
    if refusal.error == "missing_scope":
        hint = f"An operator has to reinstall the app: the scope {refusal.needed} is missing."
    sentence = f"Slack did not take the file{f': {why}' if why else ''}."
    return DeliveryError(sentence, channel=user_id, hint=hint, code=refusal.error)
