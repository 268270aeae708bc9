"""One switch closed twice for both systems, as the running bridge tells of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from firmware_bridge.watch.bridge_reporter import BridgeStatus
from firmware_bridge.watch.sync_check import check_synchronisation
from pitboard.errors import NoSwitch
from pitboard.unit_api.unit_status import SystemsStatus

SECOND_NS = 1_000_000_000


def status(pairs: int, *, a_s: float = 0.0, difference_ms: float = 0.0) -> BridgeStatus:
    a_ns = round(a_s * SECOND_NS)
    view = SystemsStatus(
        gate="finish",
        pairs=pairs,
        median_ns=0,
        spread_ns=0,
        missed_by_a=0,
        missed_by_b=0,
        latest_a_mono_ns=a_ns,
        latest_b_mono_ns=a_ns + round(difference_ms * 1e6),
    )
    return BridgeStatus(boot_id="b", mono_ns=0, sensors=[], systems=[view] if pairs else [])


def checked(*statuses: BridgeStatus) -> tuple[bool, str, list[str]]:
    said: list[str] = []
    told: Iterator[BridgeStatus] = iter(statuses)
    last = statuses[-1]
    result = check_synchronisation(
        "finish", read=lambda: next(told, last), say=said.append, sleep=lambda _: None
    )
    return result.is_synchronised, result.sentence, said


def test_a_switch_seen_alike_twice_says_that_they_are_synchronised() -> None:
    first, second = status(1, a_s=10, difference_ms=0.4), status(2, a_s=71, difference_ms=0.6)
    is_synchronised, sentence, said = checked(status(0), status(0), first, first, second)
    assert is_synchronised
    assert "0.400 ms and 0.600 ms" in sentence
    assert said == [
        "Close the switch for both systems at finish now.",
        "Both saw it. Close it again in 60 s.",
    ]


def test_clocks_that_run_apart_are_named() -> None:
    first, second = status(5, a_s=10, difference_ms=0.1), status(6, a_s=75, difference_ms=2.1)
    is_synchronised, sentence, _ = checked(status(4), first, first, second)
    assert not is_synchronised
    assert "run apart by 2.000 ms in 65 s" in sentence


def test_a_switch_closed_too_soon_does_not_count() -> None:
    first, bounce = status(1, a_s=10), status(2, a_s=12)
    is_synchronised, _, _ = checked(status(0), first, first, bounce, status(3, a_s=80))
    assert is_synchronised


def test_a_gate_where_nothing_comes_gets_a_sentence() -> None:
    with pytest.raises(NoSwitch, match="only one system"):
        checked(status(0))
