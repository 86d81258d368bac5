"""One engine for all who only read from it: its days are played once."""

from __future__ import annotations

import pytest

from genesys_client.sandbox import Behaviour, Engine
from tests.genesys_client.sandbox.asking import NOW, Asker


@pytest.fixture(scope="session")
def shared_engine():
    return Engine(now=lambda: NOW, behaviour=Behaviour(requests_per_minute=100_000, tokens_per_minute=10_000))


@pytest.fixture
def engine(shared_engine):
    """The shared engine; switches, faults and clock are put back afterwards."""
    behaviour = shared_engine.behaviour
    yield shared_engine
    shared_engine.behaviour = behaviour
    shared_engine.faults = ()
    shared_engine.now = lambda: NOW


@pytest.fixture
def asker(engine):
    return Asker(engine)


@pytest.fixture
def new_engine(shared_engine):
    """Makes engines of one's own that share the days already played."""

    def make(**arguments):
        engine = Engine(**{"now": lambda: NOW, **arguments})
        engine.activity.cache = shared_engine.activity.cache
        return engine

    return make
