"""Real processes, killed, frozen and cut off in the midst of their work: nothing is lost, nothing stays twice."""

from __future__ import annotations

import signal
from functools import partial
from typing import TYPE_CHECKING

import pytest

from bot.core.scheduling import FireState
from bot.demo.fake_slack import Late, LostAck, Slow, Throttle
from tests.chaos.harness import percentile

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.chaos.harness import Storm

NOTHING_WRONG = {"lost": 0, "double": 0, "strange": 0}


def quick_on(kind: str) -> pytest.MarkDecorator:
    """In the quick tier on one database only; the long tier has both."""
    other = {"sqlite": "postgres", "postgres": "sqlite"}[kind]
    return pytest.mark.parametrize("url", [kind, pytest.param(other, marks=pytest.mark.long)], indirect=True)


def checked(world: Storm, owed: int) -> dict[str, int]:
    """The outcome, once it is certain that there is exactly one of everything."""
    outcome = world.outcome()
    assert {name: outcome[name] for name in NOTHING_WRONG} == NOTHING_WRONG, world.story()
    assert len(world.fires()) == owed
    assert {fire.state for fire in world.fires()} == {FireState.SENT}, world.story()
    return outcome


def with_faults(world: Storm, seed: int, *, late: bool = False) -> None:
    faults = world.slack.faults
    faults.share("chat.postMessage", Throttle(retry_after=1), 0.03, seed=seed)
    faults.share("chat.postMessage", LostAck(), 0.03, seed=seed + 1)
    if late:
        faults.share("chat.postMessage", Late(after_s=2), 0.02, seed=seed + 2)
        faults.always("chat.postMessage", Slow(0.1))  # so that there is something in hand to be frozen


def killed(
    world: Storm, seed: int, *, schedules: int, slots: int, timeout_s: float, late_s: float, ahead: bool = False
) -> None:
    """SIGKILL every 1.2 s, rejected posts, lost acknowledgements."""
    owed = world.owe(schedules, slots=slots, ahead=ahead)
    with_faults(world, seed)
    world.start(3)
    world.until_settled(owed, timeout_s, between=world.kill_and_replace)
    checked(world, owed)
    late = world.lateness_s()
    print(f"kills {world.done['SIGKILL']}, p50 {percentile(late, 0.5):.1f} s, p99 {percentile(late, 0.99):.1f} s")
    assert percentile(late, 0.99) <= late_s


def frozen(world: Storm, seed: int, *, schedules: int, slots: int, timeout_s: float) -> None:
    """Also frozen beyond the lease, and posts that Slack accepts two seconds after it cut the connection."""
    owed = world.owe(schedules, slots=slots)
    with_faults(world, seed, late=True)
    world.start(3)

    def freeze_or_kill() -> None:
        world.chance.choice([world.freeze, world.kill_and_replace])()

    world.until_settled(owed, timeout_s, between=freeze_or_kill)
    outcome = checked(world, owed)
    print(f"{dict(world.done)}, taken back {outcome['taken_back']} of {owed}")
    assert outcome["taken_back"] <= max(2, owed * 0.05)


@quick_on("postgres")
def test_nothing_is_lost_or_doubled_under_kills(storm: Callable[..., Storm]) -> None:
    killed(storm(1), 1, schedules=20, slots=2, timeout_s=90, late_s=20)  # beside other tests


@quick_on("sqlite")
def test_nothing_stays_doubled_under_freezes_and_late_posts(storm: Callable[..., Storm]) -> None:
    frozen(storm(1), 1, schedules=20, slots=1, timeout_s=90)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(20))
def test_six_hundred_posts_under_kills(storm: Callable[..., Storm], seed: int) -> None:
    killed(storm(seed), seed, schedules=200, slots=3, timeout_s=500, late_s=10, ahead=True)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(10))
def test_six_hundred_posts_under_freezes_and_late_posts(storm: Callable[..., Storm], seed: int) -> None:
    frozen(storm(seed), seed, schedules=200, slots=3, timeout_s=500)


def cut_off(world: Storm, *, schedules: int, locked_s: float, timeout_s: float) -> None:
    """Postgres connections cut every two seconds; SQLite locked; nobody is killed, and everybody recovers."""
    owed = world.owe(schedules, slots=1)
    world.slack.faults.always("chat.postMessage", Slow(0.1))
    workers = world.start(3)
    if world.database.is_postgres:

        def break_it() -> None:
            world.cut()
            world.pause(2)

    else:
        break_it = partial(world.lock, locked_s)
    break_it()
    world.until_settled(owed, timeout_s, between=break_it if world.database.is_postgres else None)
    checked(world, owed)
    assert all(worker.alive for worker in workers)
    before = max(world.ledger.beats().values())
    world.pause(1.5)
    assert max(world.ledger.beats().values()) > before


def test_a_database_that_is_away_for_a_while_costs_nothing(storm: Callable[..., Storm]) -> None:
    cut_off(storm(), schedules=30, locked_s=3, timeout_s=60)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_a_database_that_is_away_for_long_costs_nothing(storm: Callable[..., Storm]) -> None:
    cut_off(storm(), schedules=200, locked_s=10, timeout_s=200)


def stopped(world: Storm, *, schedules: int, timeout_s: float) -> None:
    """SIGTERM in the midst of posts: each process finishes what it has in hand, and ends well."""
    owed = world.owe(schedules, slots=1)
    world.slack.faults.always("chat.postMessage", Slow(0.1))
    world.start(2)

    def stop_and_replace() -> None:
        worker = world.kill(signal.SIGTERM)
        assert worker.process.returncode == 0, worker.lines
        world.start()

    world.until_settled(owed, timeout_s, between=stop_and_replace)
    outcome = checked(world, owed)
    assert outcome["taken_back"] == 0
    assert {fire.attempt for fire in world.fires()} <= {1, 2}
    assert world.done["SIGTERM"] >= 1


@quick_on("sqlite")
def test_processes_that_are_told_to_stop_finish_what_they_have_in_hand(storm: Callable[..., Storm]) -> None:
    stopped(storm(), schedules=40, timeout_s=60)


@pytest.mark.long
@pytest.mark.timeout(300)
def test_processes_that_are_told_to_stop_during_two_hundred_posts(storm: Callable[..., Storm]) -> None:
    stopped(storm(), schedules=200, timeout_s=200)


POINTS = ["opened", "claimed", "computed", "frozen", "stamped", "posted", "recorded"]


@quick_on("postgres")
def test_processes_killed_at_every_step_leave_one_post_each(storm: Callable[..., Storm]) -> None:
    world = storm()
    owed = world.owe(24, slots=1)
    for points in (POINTS[:1], POINTS[1:]):  # what was opened once is opened by nobody else
        dead = [worker for point in points for worker in world.start(die_at=point, wait=False)]
        for worker in dead:
            worker.process.wait(40)
            assert worker.process.returncode == -signal.SIGKILL, world.story()

    world.start()
    world.until_settled(owed, 40)

    checked(world, owed)


@pytest.mark.long
@pytest.mark.parametrize("point", POINTS)
def test_a_process_killed_at_any_step_leaves_one_post_to_the_next(storm: Callable[..., Storm], point: str) -> None:
    world = storm()
    owed = world.owe(2, slots=1)
    (first,) = world.start(die_at=point)
    first.process.wait(30)
    assert first.process.returncode == -signal.SIGKILL

    world.start()
    world.until_settled(owed, 40)

    outcome = checked(world, owed)
    assert outcome["taken_back"] == 0


AFTER_A_FAULT = ["looked", "put back", "recorded"]


@pytest.mark.parametrize("fault", [LostAck(), Late(after_s=2), Throttle(retry_after=1)], ids=lambda f: type(f).__name__)
@pytest.mark.parametrize("point", AFTER_A_FAULT)
@pytest.mark.long
def test_a_process_killed_after_a_fault_leaves_one_post_to_the_next(
    storm: Callable[..., Storm], point: str, fault: LostAck | Late | Throttle
) -> None:
    world = storm()
    owed = world.owe(1, slots=1)
    world.slack.faults.next("chat.postMessage", fault)
    (first,) = world.start(die_at=point)
    if not (point == "looked" and isinstance(fault, Throttle)):  # nothing was sent: nobody looks
        first.process.wait(30)

    world.start()
    world.until_settled(owed, 60)

    checked(world, owed)
