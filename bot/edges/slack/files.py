"""Files that go with an answer. Slack shares none with one person in a channel, so they go where she alone reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.core.query import Output
from bot.core.rendering.blocks import render_reading
from bot.core.rendering.csv_out import answer_as_csv, csv_filename
from bot.edges.slack.api import SlackCallError
from bot.errors import DeliveryError

if TYPE_CHECKING:
    from bot.core.answer import Answer
    from bot.edges.slack.api import SlackApi
    from bot.edges.slack.reply import Reply

FILE_OUTPUTS = frozenset({Output.CSV})


@dataclass(frozen=True, slots=True)
class Files:
    """Makes the files that a question asked for, and hands them over."""

    api: SlackApi

    def send(self, answer: Answer, reply: Reply) -> None:
        """The files, to the asker's direct messages.

        Raises:
            DeliveryError: Slack did not take one.
        """
        try:
            self.api.upload(
                channel=reply.direct_channel(),
                filename=csv_filename(answer.query),
                content=answer_as_csv(answer),
                comment=render_reading(answer.query),
            )
        except SlackCallError as refusal:
            hint = "Ask again in a minute."
            if refusal.error == "missing_scope":
                hint = f"An operator has to reinstall the app: the scope {refusal.needed} is missing."
            raise DeliveryError(
                "Slack did not take the file.", channel=reply.address.user_id, hint=hint, code=refusal.error
            ) from refusal
