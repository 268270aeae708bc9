"""Blocking calls beside the loop: none is waited for while its thread starts, and threads serve again."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from sync.exchanging import daemon_threads
from sync.exchanging.daemon_threads import DaemonThreads, in_daemon_thread


def test_calls_one_after_the_other_share_a_thread_and_two_at_once_have_two() -> None:
    async def story() -> None:
        one_by_one = {await in_daemon_thread(threading.get_ident) for _ in range(20)}
        assert len(one_by_one) == 1
        together = threading.Barrier(2)

        def meet() -> int:
            together.wait(10)
            return threading.get_ident()

        assert len(set(await asyncio.gather(in_daemon_thread(meet), in_daemon_thread(meet)))) == 2

    asyncio.run(story())


def test_what_a_call_raises_is_raised_here_and_its_thread_goes_on() -> None:
    async def story() -> None:
        with pytest.raises(ZeroDivisionError):
            await in_daemon_thread(lambda: 1 // 0)
        assert await in_daemon_thread(lambda: 7) == 7

    asyncio.run(story())


def test_the_loop_never_waits_for_a_thread_to_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Thread.start` returns when the thread runs: on a busy machine that held an official's tap up."""
    started_by: set[int] = set()

    class Watched(threading.Thread):
        def start(self) -> None:
            started_by.add(threading.get_ident())
            super().start()

    threads, done = DaemonThreads(), threading.Barrier(4)

    def wait() -> Callable[[], object]:
        done.wait(10)
        return list

    threads.carry_out(lambda: list)  # the one that starts the others is there from the first call on
    monkeypatch.setattr(threading, "Thread", Watched)
    for _ in range(3):
        threads.carry_out(wait)
    done.wait(10)
    assert started_by
    assert threading.get_ident() not in started_by


def test_a_thread_without_work_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon_threads, "IDLE_MAX_S", 0.0)
    threads, served = DaemonThreads(), threading.Barrier(2)
    mine: list[threading.Thread] = []

    def serve() -> Callable[[], object]:
        mine.append(threading.current_thread())
        served.wait(10)
        return list

    for _ in range(2):
        threads.carry_out(serve)
        served.wait(10)
        mine[-1].join(10)
        assert not mine[-1].is_alive()
    assert mine[0] is not mine[1]


def test_the_loops_of_two_threads_share_no_thread() -> None:
    """A thread is born into its starter's network: shared, it asked on the network of another machine."""
    served: list[int] = []

    def program() -> None:
        async def story() -> None:
            served.append(await in_daemon_thread(threading.get_ident))

        asyncio.run(story())

    program()
    other = threading.Thread(target=program)
    other.start()
    other.join(10)
    program()
    assert served[0] == served[2]
    assert served[0] != served[1]
