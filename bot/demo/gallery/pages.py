"""Scenes → pages that need nothing but themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.demo.gallery.html import Html, joined, tag

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.demo.gallery.walk import Act, Scene, Shown

_HERE = Path(__file__).parent


def page(name: str, title: str, scenes: Sequence[Scene], areas: Mapping[str, str]) -> str:
    """One area, with the way to the others.

    Args:
        name: the area's own.
        areas: name → title of every area that has a page.
    """
    links = [tag("a", text, href=f"{key}.html", class_="here" if key == name else None) for key, text in areas.items()]
    listed = [tag("li", tag("a", s.title, href=f"#{_anchor(n)}")) for n, s in enumerate(scenes, start=1)]
    switch = tag("button", "phone width", type="button", id="width")
    top = tag("nav", tag("a", "Gallery", href="index.html", class_="home-link"), *links, switch)
    body = [tag("h1", title), tag("ol", *listed, class_="contents"), *(_scene(n, s) for n, s in enumerate(scenes, 1))]
    return document(title, joined([top, tag("main", *body)]))


def index(counts: Mapping[str, tuple[str, int, int]]) -> str:
    """The page that leads to all others.

    Args:
        counts: area → its title, scenes, problems.
    """
    lines = [
        tag(
            "li",
            tag("a", title, href=f"{name}.html"),
            f" – {scenes} scenes",
            tag("b", f", {problems} problems", class_="red") if problems else "",
        )
        for name, (title, scenes, problems) in counts.items()
    ]
    told = "Every message is the bot's own, about a made-up organisation; what Slack would refuse stands in red."
    return document("Gallery", tag("main", tag("h1", "Gallery"), tag("p", told), tag("ul", *lines)))


def document(title: str, body: Html, *, script: str = "page.js", again_s: int | None = None) -> str:
    """A whole page with its style and script.

    Args:
        again_s: load it again after so many seconds.
    """
    style = Html((_HERE / "page.css").read_text(encoding="utf-8"))
    scripts = dict.fromkeys(["page.js", script])
    code = Html("".join((_HERE / name).read_text(encoding="utf-8") for name in scripts))
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{title} · Utilization Bot"),
        tag("style", style),
        tag("meta", http_equiv="refresh", content=again_s) if again_s else "",
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', body, tag('script', code)), lang='en')}\n"


def _anchor(number: int) -> str:
    return f"scene-{number}"


def _scene(number: int, scene: Scene) -> Html:
    heading = tag("h2", scene.title)
    note = tag("p", scene.note, class_="note") if scene.note else ""
    failure = _red([f"could not be shown: {scene.failure}"]) if scene.failure else ""
    return tag("section", heading, note, *map(_act, scene.acts), failure, id=_anchor(number))


def _act(act: Act) -> Html:
    return tag("div", tag("div", act.done, class_="done"), _red(act.troubles), *map(_shown, act.shown), class_="act")


def _shown(shown: Shown) -> Html:
    return joined([_red(shown.violations), shown.drawn])


def _red(problems: Sequence[str]) -> Html:
    return tag("ul", *(tag("li", problem) for problem in problems), class_="red") if problems else Html("")
