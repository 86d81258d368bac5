"""Messages and views with what Slack puts round their blocks: who says it, who sees it, the frame of a window."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from bot.demo.gallery.blocks import Drawing
from bot.demo.gallery.html import Html, joined, tag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.demo.fake_slack import File, Message, View

_PREVIEW_LINES = 12


def drawn_message(message: Message, names: Mapping[str, str], drawing: Drawing | None = None) -> Html:
    """A message as its readers see it, and the text that stands for it where blocks aren't shown."""
    drawing = drawing or Drawing(names)
    marks = [
        f"Only visible to {names.get(message.to or '', 'you')}" if message.ephemeral else _place(message, names),
        "in a thread" if message.thread_ts and message.thread_ts != message.ts else "",
        "edited" if message.edits else "",
    ]
    who = tag(
        "div",
        tag("span", "U", class_="avatar"),
        tag("b", names.get(message.user, message.user)),
        tag("span", "APP", class_="app"),
        tag("small", " · ".join(filter(None, marks))),
        class_="who",
    )
    said = [drawing.blocks(message.blocks)]
    if not message.blocks and message.text:
        said = [tag("div", drawing.markup.mrkdwn(message.text), class_="block section")]
    said += [drawing.blocks(attachment.get("blocks") or ()) for attachment in message.attachments]
    said += [_file(file) for file in message.files]
    spoken = [_spoken(message.text)] if message.blocks else []
    threaded = " thread" if marks[1] else ""
    return tag("article", who, *said, *spoken, class_=f"message{' ephemeral' if message.ephemeral else ''}{threaded}")


def drawn_view(view: View, drawing: Drawing) -> Html:
    """A window with its title and buttons, or a Home tab."""
    blocks = drawing.blocks(view.blocks)
    if view.kind != "modal":
        return tag("article", tag("div", "Home", class_="title"), blocks, class_="home")
    title = tag("div", drawing.markup.object(view.payload.get("title")), tag("span", "✕", class_="x"), class_="title")
    close, submit = view.payload.get("close") or "Close", view.payload.get("submit")
    buttons = [tag("button", drawing.markup.object(close), type=drawing.pressed, name="close", value="1")]
    if submit:
        name = drawing.markup.object(submit)
        buttons.append(tag("button", name, type=drawing.pressed, name="submit", value="1", class_="primary"))
    return tag("article", title, blocks, tag("div", *buttons, class_="foot"), class_="modal")


def _place(message: Message, names: Mapping[str, str]) -> str:
    """Where everybody who may look sees it."""
    name = names.get(message.channel, message.channel)
    return "direct message" if message.channel.startswith("D") else f"in #{name}"


def _spoken(text: str) -> Html:
    return tag(
        "details", tag("summary", "as notifications and screen readers have it"), tag("pre", text), class_="spoken"
    )


def _file(file: File) -> Html:
    name = tag(
        "div",
        tag("span", "FILE", class_="app"),
        " ",
        tag("b", file.name),
        f" · {len(file.content):,} bytes",
        class_="name",
    )
    inside: list[Html] = []
    if file.content.startswith(b"\x89PNG"):
        picture = base64.b64encode(file.content).decode()
        inside.append(tag("img", src=f"data:image/png;base64,{picture}", alt=file.alt_text))
        inside.append(tag("small", f"alt text: {file.alt_text}"))
    elif file.name.endswith(".csv"):
        lines = file.content.decode("utf-8", "replace").splitlines()
        more = f"\n… {len(lines) - _PREVIEW_LINES} more lines" if len(lines) > _PREVIEW_LINES else ""
        inside.append(tag("pre", "\n".join(lines[:_PREVIEW_LINES]) + more))
    return tag("div", name, joined(inside), class_="file")
