"""Modals and the Home tab."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.demo.fake_slack.methods.calling import text
from bot.demo.fake_slack.state import SlackError, View

if TYPE_CHECKING:
    from bot.core import limits
    from bot.demo.fake_slack.methods.calling import Calling
    from bot.demo.fake_slack.state import Json

STACK_MAX = 3
VIEW_BYTES_MAX = 250_000


def open_(calling: Calling, params: Json) -> Json:
    """A modal on the screen of the person whose trigger it is."""
    view = _checked(calling, params, kind="modal")
    return {"view": calling.world.show_view(calling.world.use_trigger(text(params, "trigger_id")), view).as_json()}


def push(calling: Calling, params: Json) -> Json:
    """A modal on top of the one from which the trigger came."""
    view = _checked(calling, params, kind="modal")
    person = calling.world.use_trigger(text(params, "trigger_id"))
    parent = calling.world.top_view(person)
    if parent is None:
        raise SlackError("not_found")
    if len(calling.world.stacks[person]) >= STACK_MAX:
        raise SlackError("push_limit_reached")
    return {"view": calling.world.show_view(person, view, parent=parent).as_json()}


def update(calling: Calling, params: Json) -> Json:
    """Another content for a modal that is open."""
    payload = _checked(calling, params, kind="modal", known=str(params.get("external_id") or ""))
    view = _found(calling, params)
    replace(calling, view, payload, expected_hash=params.get("hash"))
    return {"view": view.as_json()}


def publish(calling: Calling, params: Json) -> Json:
    """The Home tab of one person."""
    payload = _checked(calling, params, kind="home")
    person = calling.world.person(text(params, "user_id"))
    home = calling.world.homes.get(person.id)
    if home is None:
        view_id = f"V{calling.world.number():08d}"
        home = View(view_id, person.id, payload, calling.world.new_hash(), view_id)
        calling.world.homes[person.id] = home
        calling.world.views[view_id] = home
        calling.world.touch()
    else:
        replace(calling, home, payload, expected_hash=params.get("hash"))
    return {"view": home.as_json()}


def replace(calling: Calling, view: View, payload: Json, *, expected_hash: object = None) -> None:
    """Show another content in a view, unless somebody else was faster."""
    with calling.world.changed:  # an acknowledgement's view comes from outside of any call
        if expected_hash and expected_hash != view.hash:
            raise SlackError("hash_conflict")
        view.payload = payload
        view.hash = calling.world.new_hash()
        calling.world.touch()


def checked_view(calling: Calling, view: object, *, kind: limits.Surface) -> Json:
    """A view's payload, held against Slack's limits."""
    if not isinstance(view, dict) or view.get("type") != kind:
        raise SlackError("invalid_arguments", response_metadata={"messages": [f"[ERROR] view must be a {kind}"]})
    if len(json.dumps(view).encode()) > VIEW_BYTES_MAX:
        raise SlackError("view_too_large")
    calling.check_blocks(view, surface=kind)
    return view


def _checked(calling: Calling, params: Json, *, kind: limits.Surface, known: str = "") -> Json:
    view = checked_view(calling, params.get("view"), kind=kind)
    name = view.get("external_id")
    if (
        name
        and name != known
        and any(_is_open(calling, v) and v.payload.get("external_id") == name for v in calling.world.views.values())
    ):
        raise SlackError("duplicate_external_id")
    return view


def _is_open(calling: Calling, view: View) -> bool:
    return view.id in calling.world.stacks.get(view.person, ())


def _found(calling: Calling, params: Json) -> View:
    if view_id := params.get("view_id"):
        view = calling.world.views.get(str(view_id))
    else:
        name = text(params, "external_id")
        view = next((v for v in calling.world.views.values() if v.payload.get("external_id") == name), None)
    if view is None or not _is_open(calling, view):
        raise SlackError("not_found")
    return view
