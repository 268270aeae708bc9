"""Whom a display follows."""

from __future__ import annotations

from display.following.display_presence import units_of
from display.following.source_choice import REST_MAX_NS, Candidate, Rank, SourceChoice
from pitboard.presence.venue_mdns import FoundNode

A = Candidate(url="http://a", name="Track A")
B = Candidate(url="http://b", name="Track B")
CENTRAL = Candidate(url="http://central", name="central", rank=Rank.CENTRAL)
ALL = [CENTRAL, A, B]


def test_a_unit_is_chosen_before_central_and_the_first_one_listed() -> None:
    assert SourceChoice().choose(ALL, now_mono_ns=0) == A
    assert SourceChoice().choose([CENTRAL], now_mono_ns=0) == CENTRAL
    assert SourceChoice().choose([], now_mono_ns=0) is None


def test_a_unit_that_failed_gives_way_to_another_then_to_central() -> None:
    choice = SourceChoice()
    choice.take_failure(A.url, now_mono_ns=0)
    assert choice.choose(ALL, now_mono_ns=1) == B
    choice.take_failure(B.url, now_mono_ns=1)
    assert choice.choose(ALL, now_mono_ns=2) == CENTRAL
    choice.take_failure(CENTRAL.url, now_mono_ns=2)
    assert choice.choose(ALL, now_mono_ns=3) is None


def test_a_node_that_keeps_failing_is_tried_at_least_every_two_seconds() -> None:
    choice = SourceChoice()
    now_mono_ns = 0
    pauses = []
    for _ in range(8):
        choice.take_failure(A.url, now_mono_ns=now_mono_ns)
        ready_mono_ns = choice.next_ready_mono_ns([A])
        assert ready_mono_ns is not None
        assert choice.choose([A], now_mono_ns=ready_mono_ns - 1) is None
        assert choice.choose([A], now_mono_ns=ready_mono_ns) == A
        pauses.append(ready_mono_ns - now_mono_ns)
        now_mono_ns = ready_mono_ns
    assert pauses == sorted(pauses)
    assert pauses[-1] == REST_MAX_NS


def test_after_an_answer_a_node_is_as_good_as_new() -> None:
    choice = SourceChoice()
    for _ in range(4):
        choice.take_failure(A.url, now_mono_ns=0)
    choice.take_success(A.url)
    assert choice.choose(ALL, now_mono_ns=0) == A


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
