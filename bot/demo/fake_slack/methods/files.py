"""Uploads in three steps: ask for a url, send the bytes there, say where the file belongs."""

from __future__ import annotations

from mimetypes import guess_type
from typing import TYPE_CHECKING

from bot.demo.fake_slack.methods.calling import number, text
from bot.demo.fake_slack.methods.chat import postable
from bot.demo.fake_slack.state import BOT_USER_ID, File, SlackError

if TYPE_CHECKING:
    from bot.demo.fake_slack.methods.calling import Calling
    from bot.demo.fake_slack.state import Json

ALT_TEXT_MAX = 1_000
CHANNELS_MAX = 100


def get_upload_url(calling: Calling, params: Json) -> Json:
    """The url that takes the bytes of one file."""
    alt_text = str(params.get("alt_txt") or "")
    if len(alt_text) > ALT_TEXT_MAX:
        raise SlackError("alt_txt_too_large")
    file = File(
        id=f"F{calling.world.number():08d}",
        name=text(params, "filename"),
        length=number(params, "length", 0),
        alt_text=alt_text,
    )
    if file.length <= 0:
        raise SlackError("invalid_arguments")
    calling.world.files[file.id] = file
    return {"upload_url": f"{calling.origin}/upload/v1/{file.id}", "file_id": file.id}


def complete_upload(calling: Calling, params: Json) -> Json:
    """Finish the uploads, and share them where the caller says; without a channel they stay private."""
    wanted = params.get("files")
    if not isinstance(wanted, list) or not wanted:
        raise SlackError("invalid_arguments")
    files = [_uploaded(calling, entry) for entry in wanted]
    several = params.get("channels") or params.get("channel_id") or []
    names = [n for n in several.split(",") if n] if isinstance(several, str) else list(several)
    if len(names) > CHANNELS_MAX:
        raise SlackError("invalid_arguments")
    channels = [postable(calling, name) for name in names]
    if any(BOT_USER_ID not in channel.members for channel in channels):
        raise SlackError("not_in_channel")
    for file, entry in zip(files, wanted, strict=True):
        file.title = str(entry.get("title") or file.name)
        file.complete = True
        file.channels = [channel.id for channel in channels]
        file.thread_ts = params.get("thread_ts")
    for channel in channels:
        payload = {"text": params.get("initial_comment") or "", "thread_ts": params.get("thread_ts")}
        calling.world.post(channel=channel.id, user=BOT_USER_ID, via="file", payload=payload, files=files)
    return {"files": [{"id": file.id, "title": file.title} for file in files]}


def info(calling: Calling, params: Json) -> Json:
    """One file."""
    file = calling.world.files.get(text(params, "file"))
    if file is None or not file.complete:
        raise SlackError("file_not_found")
    return {
        "file": {
            "id": file.id,
            "name": file.name,
            "title": file.title,
            "size": len(file.content),
            "mimetype": guess_type(file.name)[0] or "application/octet-stream",
            "channels": file.channels,
            "alt_txt": file.alt_text,
        }
    }


def _uploaded(calling: Calling, entry: object) -> File:
    file = calling.world.files.get(str(entry.get("id"))) if isinstance(entry, dict) else None
    if file is None:
        raise SlackError("file_not_found")
    if len(file.content) != file.length:
        raise SlackError("file_upload_size_restricted")
    return file
