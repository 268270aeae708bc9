"""Formats that are known by name; an event takes one as it is, or changes what its own rules say otherwise.

Event guides disagree, so what they disagree on is a setting; each preset names where its values are from."""

from __future__ import annotations

from typing import NamedTuple

from pitboard.race.bodies.formats import DEFAULT_FORMAT, Format


class Preset(NamedTuple):
    """`source` is where the values were read."""

    rules: Format
    source: str


PRESETS: tuple[Preset, ...] = (
    Preset(DEFAULT_FORMAT, "RotorHazard, win condition Fastest Lap; today's races of Pitboard"),
    Preset(
        Format(name="DeepRacer, best lap", run_ms=180_000, off_track="limit", off_track_max_count=3),
        "DeepRacer League finals: slots of 3 minutes; DeepRacer Event Manager: number of resets per lap",
    ),
    Preset(
        Format(
            name="DeepRacer, best average",
            run_ms=180_000,
            off_track="limit",
            off_track_max_count=3,
            ranking="best-average",
            laps=3,
        ),
        "DeepRacer Event Manager: ranking by the average over a window of laps",
    ),
    Preset(
        Format(
            name="DeepRacer, live final",
            run_ms=180_000,
            off_track="seconds",
            off_track_ms=5_000,
            start_order="slowest-first",
        ),
        "DeepRacer League 2021, monthly finals: best lap of the slots, 5 seconds for each time off the track",
    ),
    Preset(
        Format(
            name="DeepRacer, total time",
            clock="go",
            ends="laps",
            run_laps=3,
            run_ms=600_000,
            time_up="cancel",
            off_track="seconds",
            off_track_ms=5_000,
            ranking="total-first",
            laps=3,
        ),
        "AWS DeepRacer League, rules and prizes: total time of 3 laps, 5 seconds for each reset",
    ),
    Preset(
        Format(
            name="Slot heats, lanes",
            clock="go",
            run_ms=180_000,
            time_up="stop",
            lap_min_ms=2_000,
            told_by="lane",
            lanes=4,
            ranking="sum-of-best-runs",
            runs=4,
            run_ranking="most-laps",
        ),
        "Club practice: each driver once on each lane, laps together, then the time",
    ),
    Preset(
        Format(
            name="RC heat, transponders",
            clock="go",
            run_ms=300_000,
            told_by="transponder",
            ranking="most-laps",
        ),
        "RC clubs such as nhrccc.org.nz: 5 minutes and the lap under way, most laps, then least time",
    ),
    Preset(
        Format(
            name="Pinewood derby, times",
            clock="start-gate",
            ends="laps",
            run_laps=1,
            run_ms=10_000,
            time_up="cancel",
            lap_min_ms=1_000,
            told_by="lane",
            lanes=4,
            ranking="sum-of-best-runs",
            runs=4,
        ),
        "Pack 862: the least combined time on all four lanes; DerbyNet ends a heat after 10 s",
    ),
    Preset(
        Format(
            name="Pinewood derby, points",
            clock="start-gate",
            ends="laps",
            run_laps=1,
            run_ms=10_000,
            time_up="cancel",
            lap_min_ms=1_000,
            told_by="lane",
            lanes=4,
            ranking="points",
            points=(4, 3, 2, 1),
        ),
        "Stan Pope's charts: 4 points for the first place, 3 for the second and so on",
    ),
    Preset(
        Format(
            name="Alpine, two runs",
            clock="start-gate",
            ends="laps",
            run_laps=1,
            run_ms=600_000,
            time_up="cancel",
            ranking="sum-of-best-runs",
            runs=2,
            resolution_ns=10_000_000,
            runs_max_count=2,
            runs_over="refuse",
            start_order="slowest-first",
            reverse_count=30,
        ),
        "FIS alpine rules: two runs together in hundredths, cut; the best 30 start in turned order",
    ),
    Preset(
        Format(
            name="Hill climb",
            clock="start-gate",
            ends="laps",
            run_laps=1,
            run_ms=1_800_000,
            time_up="cancel",
            ranking="net",
            ties="second-best",
            resolution_ns=10_000_000,
            start_order="class",
        ),
        "Hill climbs and slaloms: the best climb counts, a tie goes by the next best",
    ),
)
"""In the order in which people choose."""


def preset(name: str) -> Format | None:
    """Return the format of this name, None where there is none."""
    return next((one.rules for one in PRESETS if one.rules.name == name), None)
