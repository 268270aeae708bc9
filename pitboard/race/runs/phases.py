"""The phases of a run, and who may do what in each: all that touches them lives here.

Refusals, the touchscreen's buttons and the picture in docs/run-phases.md come from these tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, get_args

Phase = Literal["armed", "running", "paused", "time-up", "review", "confirmed", "discarded"]
Role = Literal["official", "admin"]
ActName = Literal[
    "arm",
    "go",
    "move-start",
    "pause",
    "continue",
    "manual-passing",
    "stop",
    "insert-passing",
    "attribute-passing",
    "ignore-passing",
    "note-off-track",
    "judge",
    "penalize",
    "judge-place",
    "hand-over",
    "confirm",
    "keep-published",
    "discard",
    "reopen",
    "correct",
]

PHASES: tuple[Phase, ...] = get_args(Phase)
UNDECIDED: tuple[Phase, ...] = ("armed", "running", "paused", "time-up", "review")
TIMING: tuple[Phase, ...] = ("armed", "running", "paused", "time-up")
"""The sensors' passings may still belong to the run."""
DRIVEN: tuple[Phase, ...] = ("running", "paused", "time-up", "review")


class Move(NamedTuple):
    """An act: in which phases each role may do it, and to which phase it leads, None where it stays."""

    act: ActName
    official: tuple[Phase, ...]
    admin: tuple[Phase, ...]
    to: Phase | None = None


MOVES: tuple[Move, ...] = (
    Move("arm", (), ()),
    Move("go", ("armed",), ("armed",), "running"),
    Move("move-start", UNDECIDED, UNDECIDED),
    Move("pause", ("running", "armed"), ("running", "armed"), "paused"),
    Move("continue", ("paused",), ("paused",), "running"),
    Move("manual-passing", TIMING, TIMING),
    Move("stop", TIMING, TIMING, "review"),
    Move("insert-passing", UNDECIDED, PHASES),
    Move("attribute-passing", UNDECIDED, PHASES),
    Move("ignore-passing", UNDECIDED, PHASES),
    Move("note-off-track", DRIVEN, PHASES),
    Move("judge", UNDECIDED, PHASES),
    Move("penalize", UNDECIDED, PHASES),
    Move("judge-place", UNDECIDED, PHASES),
    Move("hand-over", UNDECIDED, PHASES),
    Move("confirm", ("review", "confirmed"), ("review", "confirmed", "discarded"), "confirmed"),
    Move("keep-published", ("confirmed",), ("confirmed",), "confirmed"),
    Move("discard", UNDECIDED, PHASES, "discarded"),
    Move("reopen", ("confirmed",), ("confirmed", "discarded"), "review"),
    Move("correct", (), PHASES),
)
"""Every act on a run. A run is armed where there is none under way on its track, so no phase allows it."""
_MOVE: dict[str, Move] = {move.act: move for move in MOVES}

Happening = Literal["first passing or start", "time is up", "last lap closed"]
HAPPENINGS: tuple[tuple[Phase, Happening, Phase], ...] = (
    ("armed", "first passing or start", "running"),
    ("running", "time is up", "time-up"),
    ("time-up", "last lap closed", "review"),
    ("running", "last lap closed", "review"),
)
"""What leads from phase to phase though nobody did anything."""


def may(act: ActName, phase: Phase, role: Role) -> bool:
    """Return whether the role may do this to a run in this phase."""
    move = _MOVE[act]
    return phase in (move.official if role == "official" else move.admin)


def acts_in(phase: Phase, role: Role) -> tuple[ActName, ...]:
    """Return what the role may do to a run in this phase, in the order of the table."""
    return tuple(move.act for move in MOVES if may(move.act, phase, role))


def phase_of(
    *,
    decision: Literal["confirmed", "discarded"] | None,
    is_finished: bool,
    is_paused: bool,
    is_timed_up: bool,
    has_begun: bool,
) -> Phase:
    """Return the phase of an armed run from what is known of it."""
    if decision is not None:
        return decision
    if is_finished:
        return "review"
    if is_paused:
        return "paused"
    if is_timed_up:
        return "time-up"
    return "running" if has_begun else "armed"


def as_page() -> str:
    """Return docs/run-phases.md."""
    lines = [
        "# The phases of a run",
        "",
        "Made from the tables of `pitboard/race/runs/phases.py`; a test compares.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> armed: arm",
        *_arrows(),
        "```",
        "",
        "An official may do this:",
        "",
        *_grid("official"),
        "",
        "An admin may do this:",
        "",
        *_grid("admin"),
    ]
    return "\n".join(lines) + "\n"


def _arrows() -> Iterator[str]:
    for here, happening, there in HAPPENINGS:
        yield f"    {here} --> {there}: {happening}"
    for move in MOVES:
        for here in move.official:
            if move.to is not None and move.to != here:
                yield f"    {here} --> {move.to}: {move.act}"


def _grid(role: Role) -> Iterator[str]:
    yield "| act | " + " | ".join(PHASES) + " |"
    yield "|---|" + "---|" * len(PHASES)
    for move in MOVES[1:]:
        yield (
            f"| {move.act} | "
            + " | ".join("yes" if may(move.act, one, role) else "" for one in PHASES)
            + " |"
        )
