"""The shapes in which the platform lists people and things, and how each is read to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from genesys_client import paging
from genesys_client.api import Api, decode
from genesys_client.models import User

if TYPE_CHECKING:
    from collections.abc import Callable

    from genesys_client.operation import Operation

T = TypeVar("T", bound="Reference")

Params = tuple[tuple[str, str], ...]


class Reference(msgspec.Struct, rename="camel"):
    """Anything of which the id and perhaps the name matter."""

    id: str | None = None
    name: str | None = None


class WireUser(Reference, rename="camel"):
    """A user as sent, with the references that we follow."""

    email: str | None = None
    state: str | None = None
    username: str | None = None
    title: str | None = None
    department: str | None = None
    division: Reference | None = None
    team: Reference | None = None
    manager: Reference | None = None


class Listing(msgspec.Struct, Generic[T], rename="camel"):
    """An entity listing; those without totals leave them out."""

    entities: list[T] | None = None
    total: float | None = None
    page_count: float | None = None
    page_size: float | None = None
    next_uri: str | None = None

    @property
    def items(self) -> list[T]:
        """What is on the page."""
        return self.entities or []


class SearchListing(msgspec.Struct, Generic[T], rename="camel"):
    """An answer of a search."""

    results: list[T] | None = None
    total: float | None = None
    page_count: float | None = None
    page_size: float | None = None
    next_uri: str | None = msgspec.field(name="nextPage", default=None)

    @property
    def items(self) -> list[T]:
        """What is on the page."""
        return self.results or []


def key(item: Reference) -> str | None:
    """What tells two entries apart."""
    return item.id


def numbered(
    api: Api, path: str, decoder: msgspec.json.Decoder[Listing[T]], params: Params, operation: Operation
) -> list[T]:
    """All entries of a listing paged by number, with totals where it has them."""
    fetch = _by_number(api, path, decoder, params)
    return paging.numbered(fetch, operation, path=path, key=key)


def onward(
    api: Api, path: str, decoder: msgspec.json.Decoder[Listing[T]], params: Params, operation: Operation
) -> list[T]:
    """All entries of a listing paged by number, without totals."""
    fetch = _by_number(api, path, decoder, params)
    return paging.onward(fetch, operation, path=path, key=key)


def by_cursor(
    api: Api, path: str, decoder: msgspec.json.Decoder[Listing[T]], params: Params, operation: Operation
) -> list[T]:
    """All entries of a listing paged by an `after` cursor."""

    def fetch(after: str | None, sibling: Operation) -> Listing[T]:
        extra = (("after", after),) if after is not None else ()
        return decode(decoder, api.get(path, sibling, (*params, *extra)), path)

    return paging.by_cursor(fetch, operation, path=path, key=key)


def user(wire: WireUser) -> User | None:
    """A user as a value; None for an entry without an id."""
    if not wire.id:
        return None
    return User(
        id=wire.id,
        name=wire.name or wire.id,
        email=wire.email,
        state=wire.state or "active",
        team_id=wire.team.id if wire.team else None,
        division_id=wire.division.id if wire.division else None,
        manager_id=wire.manager.id if wire.manager else None,
        username=wire.username,
        title=wire.title,
        department=wire.department,
    )


def _by_number(
    api: Api, path: str, decoder: msgspec.json.Decoder[Listing[T]], params: Params
) -> Callable[[int, Operation], Listing[T]]:
    def fetch(number: int, operation: Operation) -> Listing[T]:
        return decode(decoder, api.get(path, operation, (*params, ("pageNumber", str(number)))), path)

    return fetch
