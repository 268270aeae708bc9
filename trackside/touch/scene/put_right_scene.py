"""What can be put right about a run, as large buttons: what stands here the run's phase allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pitboard.drawing.time_text import format_lap_ns
from pitboard.race.runs.run_parts import Offer
from pitboard.unit_api.official_acts import (
    ContinueRun,
    Go,
    InsertPassing,
    JudgePlace,
    MoveStart,
    NoteOffTrack,
    PauseRun,
    Penalize,
    Withdraw,
)
from pitboard.unit_api.screen_state import DoneAct, Run, ScreenState, Stray
from trackside.touch.scene.choice_grid import Choice, lay_grid
from trackside.touch.scene.person_scene import renaming
from trackside.touch.widgets.view import Page, SendAct, ShowPage, ShowPassing, View
from trackside.touch.widgets.widgets import Layout, Measures, Tone

_NS_PER_S = 1_000_000_000
PENALTIES_S = (1, 2, 5, 10, 20)
Status = Literal["did-not-finish", "did-not-start", "disqualified", "finished"]
OFFERS_SHOWN_MAX_COUNT = 2
STATUSES: tuple[Status, ...] = ("did-not-finish", "did-not-start", "disqualified", "finished")


def lay_put_right(screen: ScreenState, run: Run, view: View, measures: Measures) -> Layout:
    choices = [_back(view), *_choices(screen, run, view)]
    return Layout(widgets=tuple(lay_grid(choices, view, measures)))


def lay_penalties(run: Run, view: View, measures: Measures) -> Layout:
    """Time, a lap, a false start, or how the place ended."""
    place = view.place
    choices = [_back(view)]
    choices += [
        Choice(
            f"penalty:{seconds}",
            f"+{seconds} s",
            SendAct(Penalize(run_id=run.run_id, place=place, penalty_ns=seconds * _NS_PER_S)),
        )
        for seconds in PENALTIES_S
    ]
    choices.append(
        Choice(
            "penalty:lap",
            view.say("touch.minus-a-lap"),
            SendAct(Penalize(run_id=run.run_id, place=place, laps=1)),
        )
    )
    choices.append(
        Choice(
            "penalty:false-start",
            view.say("touch.false-start"),
            SendAct(Penalize(run_id=run.run_id, place=place, penalty_ns=5 * _NS_PER_S, code="false-start")),
            "+5 s",
        )
    )
    choices += [
        Choice(
            f"status:{status}",
            view.say(f"touch.status-{status}"),
            SendAct(JudgePlace(run_id=run.run_id, place=place, status=status)),
        )
        for status in STATUSES
    ]
    return Layout(widgets=tuple(lay_grid(choices, view, measures)))


def late_start(screen: ScreenState, run: Run) -> Stray | None:
    """Return the last car that crossed before START was pressed and that is nobody's."""
    before = [
        one for one in screen.strays if run.armed_mono_ns is not None and one.mono_ns < run.armed_mono_ns
    ]
    return before[-1] if before and "move-start" in run.acts else None


def seconds_before(stray: Stray, mono_ns: int) -> int:
    return max(1, (mono_ns - stray.mono_ns + _NS_PER_S // 2) // _NS_PER_S)


def _choices(screen: ScreenState, run: Run, view: View) -> Iterator[Choice]:
    at = run.run_id
    yield Choice(
        "fix:passings",
        view.say("touch.passings"),
        ShowPassing(""),
        view.say("touch.passings-note"),
    )
    if "hand-over" in run.acts:
        yield Choice(
            "fix:hand-over",
            view.say("touch.other-driver"),
            ShowPage(Page.HAND_OVER),
            view.say("touch.other-driver-note"),
        )
    if "insert-passing" in run.acts:
        yield from _offers(run, view)
    yield from _choices_of_time(screen, run, view)
    if "penalize" in run.acts:
        yield Choice(
            "fix:penalty", view.say("touch.penalty"), ShowPage(Page.PENALTY), view.say("touch.penalty-note")
        )
    if "note-off-track" in run.acts and run.phase == "review":
        yield Choice(
            "fix:off-track",
            view.say("touch.off-track"),
            SendAct(NoteOffTrack(run_id=at, mono_ns=0, place=view.place)),
        )
    driver = screen.competitor_named(run.competitor_id)
    if driver is not None:
        yield Choice(
            "fix:rename",
            view.say("touch.rename"),
            renaming(driver),
            driver.name,
        )
    yield Choice("fix:acts", view.say("touch.all-acts"), ShowPage(Page.ACTS))


def _choices_of_time(screen: ScreenState, run: Run, view: View) -> Iterator[Choice]:
    """What can be done to the run's time: begin it elsewhere, let it go on, hold it."""
    at = run.run_id
    stray = late_start(screen, run)
    if stray is not None and run.armed_mono_ns is not None:
        yield Choice(
            "fix:begin-there",
            view.say("touch.begin-there"),
            SendAct(MoveStart(run_id=at, passing_id=stray.passing_id)),
            view.say("touch.begin-there-note", seconds=seconds_before(stray, run.armed_mono_ns)),
        )
    stopped = _said_last(screen, run, "run-finished")
    if stopped is not None and run.phase == "review":
        yield Choice(
            "fix:go-on",
            view.say("touch.go-on-timing"),
            SendAct(Withdraw(stream=stopped.stream, seq=stopped.seq)),
            view.say("touch.go-on-timing-note"),
        )
    if "continue" in run.acts:
        yield Choice("fix:continue", view.say("touch.continue"), SendAct(ContinueRun(run_id=at, mono_ns=0)))
    elif "pause" in run.acts and run.phase == "running":
        yield Choice("fix:pause", view.say("touch.pause"), SendAct(PauseRun(run_id=at, mono_ns=0)))
    if "go" in run.acts:
        yield Choice(
            "fix:go",
            view.say("touch.go"),
            SendAct(Go(run_id=at, mono_ns=0)),
            view.say("touch.go-note"),
        )


def _offers(run: Run, view: View) -> Iterator[Choice]:
    """Yield what the first system missed and another saw, each with its calculated time."""
    for offer in run.offers[:OFFERS_SHOWN_MAX_COUNT]:
        yield taking(offer, run, view)


def taking(offer: Offer, run: Run, view: View) -> Choice:
    """Return the way to put in what the first system missed, with its calculated time."""
    mark = offer.mark
    act = InsertPassing(
        run_id=run.run_id,
        place=offer.place or view.place,
        gate=offer.gate,
        from_passing_id=mark.from_passing_id,
    )
    began_mono_ns = run.started_mono_ns or offer.mono_ns
    return Choice(
        f"fix:offer:{mark.from_passing_id}",
        view.say("touch.take-missed", time=format_lap_ns(offer.mono_ns - began_mono_ns)),
        SendAct(act),
        view.say(
            "touch.take-missed-note", system=mark.from_system, count=mark.before_count + mark.after_count
        ),
        tone=Tone.WARNING,
    )


def _said_last(screen: ScreenState, run: Run, kind: str) -> DoneAct | None:
    return next(
        (
            one
            for one in screen.acts
            if one.kind == kind and one.run_id == run.run_id and not one.is_withdrawn
        ),
        None,
    )


def _back(view: View) -> Choice:
    there = Page.PUT_RIGHT if view.page is Page.PENALTY else Page.MAIN
    return Choice("back", view.say("touch.back"), ShowPage(there), icon="back")
