"""Whom a display follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from display.following.display_presence import units_of
from display.following.source_choice import (
    REMEMBERED_MAX_COUNT,
    REST_FIRST_NS,
    REST_MAX_NS,
    STRANGER_REST_MAX_NS,
    Candidate,
    Claim,
    Rank,
    SourceChoice,
)
from pitboard.presence.heard_nodes import FoundNode

A = Candidate(url="http://a", name="Track A")
B = Candidate(url="http://b", name="Track B")
CENTRAL = Candidate(url="http://central", name="central", rank=Rank.CENTRAL)
ALL = [CENTRAL, A, B]


def names(choice: SourceChoice, candidates: list[Candidate], *, now_mono_ns: int = 0) -> list[str]:
    return [one.name for one in choice.in_order(candidates, now_mono_ns=now_mono_ns)]


def test_a_unit_is_asked_before_central_and_the_first_one_listed() -> None:
    assert names(SourceChoice(), ALL) == ["Track A", "Track B", "central"]
    assert names(SourceChoice(), []) == []


def test_who_proved_itself_comes_first_also_after_its_own_failure() -> None:
    choice = SourceChoice()
    choice.take_success(B.url)
    assert names(choice, ALL) == ["Track B", "Track A", "central"]
    choice.take_failure(B, now_mono_ns=0)
    assert names(choice, ALL) == ["Track A", "central"]
    assert names(choice, ALL, now_mono_ns=REST_FIRST_NS) == ["Track B", "Track A", "central"]


def test_who_proved_itself_before_a_restart_comes_first() -> None:
    choice = SourceChoice()
    choice.remember([B.url])
    assert names(choice, ALL) == ["Track B", "Track A", "central"]


def test_after_the_proven_come_signed_adverts_then_names_of_the_roster_then_anybody() -> None:
    signed, named = (
        replace(A, url="http://c", claim=Claim.SIGNED),
        replace(A, url="http://d", claim=Claim.NAMED),
    )
    choice = SourceChoice()
    choice.take_success(B.url)
    in_order = choice.in_order([A, named, signed, B], now_mono_ns=0)
    assert in_order == [B, signed, named, A]


@pytest.mark.parametrize(
    ("candidate", "longest_ns"),
    [(CENTRAL, REST_MAX_NS), (replace(A, claim=Claim.NAMED), REST_MAX_NS), (A, STRANGER_REST_MAX_NS)],
    ids=["central", "in the config", "a stranger"],
)
def test_a_node_that_keeps_failing_is_tried_less_often_but_for_ever(
    candidate: Candidate, longest_ns: int
) -> None:
    choice = SourceChoice()
    now_mono_ns = 0
    pauses = []
    for _ in range(12):
        choice.take_failure(candidate, now_mono_ns=now_mono_ns)
        ready_mono_ns = choice.next_ready_mono_ns([candidate], now_mono_ns=now_mono_ns)
        assert ready_mono_ns is not None
        assert choice.in_order([candidate], now_mono_ns=ready_mono_ns - 1) == []
        assert choice.in_order([candidate], now_mono_ns=ready_mono_ns) == [candidate]
        pauses.append(ready_mono_ns - now_mono_ns)
        now_mono_ns = ready_mono_ns
    assert pauses == sorted(pauses)
    assert pauses[-1] == longest_ns


def test_however_many_fail_what_is_remembered_of_them_is_bounded() -> None:
    choice = SourceChoice()
    for number in range(20_000):
        choice.take_failure(replace(A, url=f"http://{number}"), now_mono_ns=0)
    assert len(choice._rests) == REMEMBERED_MAX_COUNT


def test_central_is_left_for_a_unit_and_a_unit_never_for_central() -> None:
    choice = SourceChoice()
    assert choice.is_better(A, CENTRAL, others_have={}, have={"s": 3})
    assert not choice.is_better(CENTRAL, A, others_have={"s": 9}, have={"s": 3})


def test_a_unit_with_records_we_lack_is_better_once_for_the_same_promise() -> None:
    choice = SourceChoice()
    assert not choice.is_better(B, A, others_have={"s": 3}, have={"s": 3})
    assert choice.is_better(B, A, others_have={"s": 4}, have={"s": 3})
    assert not choice.is_better(B, A, others_have={"s": 4}, have={"s": 3})
    assert choice.is_better(B, A, others_have={"s": 5}, have={"s": 3})


def test_only_units_of_this_event_are_candidates_by_their_own_names() -> None:
    def node(name: str, host: str, event: str) -> FoundNode:
        return FoundNode(name=name, host=host, port=8441, properties={"event": event, "unit": "Track A"})

    found = {
        "2": node("Track A-2", "192.0.2.8", "ours"),
        "1": node("Track A", "192.0.2.7", "another event"),
        "3": FoundNode(name="Printer", host="192.0.2.9", port=631, properties={}),
    }
    assert units_of("ours", found) == [Candidate(url="https://192.0.2.8:8441", name="Track A")]


def test_a_signed_new_place_comes_before_the_dead_ones_that_a_moving_unit_left_behind() -> None:
    choice = SourceChoice()
    old = [Candidate(url=f"https://192.0.2.{number}:8441", name="Track A") for number in range(12)]
    for one in old:
        choice.take_success(one.url)
        choice.take_failure(one, now_mono_ns=0)
    new = Candidate(url="https://192.0.2.99:8441", name="Track A", claim=Claim.SIGNED)
    named = Candidate(url="https://192.0.2.98:8441", name="Track A", claim=Claim.NAMED)
    order = choice.in_order([*old, named, new], now_mono_ns=60_000_000_000)
    assert order[0] == new
    assert order[-1] == named, "whoever repeats a key without its signature comes after who proved itself"
