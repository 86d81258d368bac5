"""What a person typed, out of what Slack made of it: entities, links and mentions back to plain words."""

from __future__ import annotations

import re

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|([^>]*))?>")
_CHANNEL = re.compile(r"<#([CG][A-Z0-9]+)(?:\|([^>]*))?>")
_LINK = re.compile(r"<(?:mailto:|tel:)?([^<>|@#!][^<>|]*)(?:\|([^<>]*))?>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def typed_text(text: str) -> str:
    """The text as the person sees it; mentions of people stay in Slack's form, without the name (`<@U123>`)."""
    text = _MENTION.sub(r"<@\1>", text)
    text = _GROUP.sub(lambda m: m[2] or m[1], text)
    text = _CHANNEL.sub(lambda m: f"#{m[2] or m[1]}", text)
    text = _LINK.sub(lambda m: m[2] or m[1], text)
    # The ampersand last: `&amp;lt;` is a typed `&lt;`.
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text.strip()


def without_mention(text: str, bot_user_id: str | None) -> str:
    """The text without the mention of the bot; where its id isn't known, without the first mention."""
    if bot_user_id:
        without = re.sub(rf"<@{re.escape(bot_user_id)}(?:\|[^>]*)?>[:,]?", " ", text)
        if without != text:
            return without
    return re.sub(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>[:,]?", " ", text, count=1)
