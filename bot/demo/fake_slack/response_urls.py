"""What happens to a payload that is posted to a response_url."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.demo.fake_slack.methods.calling import flag
from bot.demo.fake_slack.state import BOT_USER_ID, RESPONSE_URL_LIFE_S, RESPONSE_URL_USES, SlackError

if TYPE_CHECKING:
    from bot.demo.fake_slack.methods.calling import Calling
    from bot.demo.fake_slack.state import Json, Message, ResponseUrl

GONE = {"expired_url", "used_url"}
"""Errors that are answered with 404; all others with 400."""


def answer(calling: Calling, url: ResponseUrl, payload: Json) -> Message | None:
    """Show, replace or delete a message by way of the url; None where one was deleted.

    Neither a token nor membership is needed. A refused payload uses the url up too: Slack doesn't say, and a
    caller who counts so is safe either way.
    """
    world = calling.world
    if world.clock() - url.born_at > RESPONSE_URL_LIFE_S:
        raise SlackError("expired_url")
    if url.uses >= RESPONSE_URL_USES:
        raise SlackError("used_url")
    url.uses += 1
    if flag(payload, "delete_original"):
        if url.source is not None:
            world.take_back(url.source)
        return None
    checked = calling.checked(payload)
    if flag(payload, "replace_original") and url.source is not None:
        url.source.replace(checked)
        url.produced.append(url.source)
        world.touch()
        return url.source
    to_all = payload.get("response_type") == "in_channel"
    if not to_all:
        checked.pop("thread_ts", None)
    return world.post(
        channel=url.channel,
        user=BOT_USER_ID,
        via="response_url",
        payload=checked,
        to=None if to_all else url.person,
        response_url=url.id,
        into=url.produced,
    )
