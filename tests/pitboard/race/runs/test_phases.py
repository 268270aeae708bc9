"""One table of phases and acts: the picture in the docs is its picture, and no phase is a dead end.

Run this file as a module to write the picture anew."""

from __future__ import annotations

from pathlib import Path

from pitboard.race.runs.phases import HAPPENINGS, MOVES, PHASES, UNDECIDED, acts_in, as_page, may, phase_of

PAGE = Path(__file__).parents[4] / "docs" / "run-phases.md"


def test_the_picture_in_the_docs_is_the_tables() -> None:
    assert PAGE.read_text(encoding="utf-8") == as_page()


def test_every_phase_is_reached_from_armed_and_a_decision_from_every_phase() -> None:
    arrows = {(here, there) for here, _, there in HAPPENINGS}
    arrows |= {(here, move.to) for move in MOVES if move.to is not None for here in move.official}

    def reached(start: str) -> set[str]:
        found = {start}
        while new := {there for here, there in arrows if here in found} - found:
            found |= new
        return found

    assert reached("armed") == set(PHASES)
    for phase in UNDECIDED:
        assert {"confirmed", "discarded"} <= reached(phase)


def test_what_an_official_may_do_an_admin_may_too() -> None:
    for phase in PHASES:
        assert set(acts_in(phase, "official")) <= set(acts_in(phase, "admin"))


def test_acts_by_phase() -> None:
    assert "go" in acts_in("armed", "official")
    assert not may("confirm", "running", "official")
    assert not may("judge", "confirmed", "official")
    assert may("judge", "confirmed", "admin")
    assert not may("correct", "review", "official")


def test_the_phase_follows_from_what_is_known() -> None:
    def phase(**known: bool) -> str:
        facts = dict.fromkeys(("is_finished", "is_paused", "is_timed_up", "has_begun"), False)
        return phase_of(decision=None, **{**facts, **known})

    assert phase() == "armed"
    assert phase(has_begun=True) == "running"
    assert phase(has_begun=True, is_paused=True) == "paused"
    assert phase(has_begun=True, is_timed_up=True) == "time-up"
    assert phase(has_begun=True, is_timed_up=True, is_paused=True, is_finished=True) == "review"
    assert (
        phase_of(decision="confirmed", is_finished=False, is_paused=False, is_timed_up=False, has_begun=False)
        == "confirmed"
    )


if __name__ == "__main__":
    PAGE.write_text(as_page(), encoding="utf-8")
