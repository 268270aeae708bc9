"""`pitboard score` with people, teams, sectors and stages: what the field asked for, from files to print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pitboard.errors import ConfigRefused, Refusal
from pitboard.keeping.scoring.score_command import score_command

LAPS = "competitor,run,lap_ms,counts\n"
FOUR = "Ann,q,9100,1\nBob,q,9200,1\nCy,q,9300,1\nDi,q,9400,1\n"
KNOCKOUT = 'kind = "knockout"\ncount = 4\n'


def run(
    folder: Path, laps: str, *options: str, rules: str = "", people: str = "", stage: str = "", day: str = ""
) -> str:
    files = {
        "format.toml": rules,
        "laps.csv": laps,
        "people.csv": people,
        "stage.toml": stage,
        "day.toml": day,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    words = ["--format", str(folder / "format.toml"), "--laps", str(folder / "laps.csv"), *options]
    words += ["--people", str(folder / "people.csv")] if people else []
    words += ["--stage", str(folder / "stage.toml")] if stage else []
    words += ["--day", str(folder / "day.toml")] if day else []
    done = CliRunner().invoke(score_command, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def told(folder: Path, laps: str, *options: str, **files: str) -> Any:
    return json.loads(run(folder, laps, "--json", *options, **files))


def test_who_drives_outside_the_awards_takes_nobodys_rank_and_a_class_is_a_board_of_its_own(
    tmp_path: Path,
) -> None:
    people = "competitor,class,awards\nAnn,pro,0\nBob,kids,1\nCy,pro,1\nDi,kids,\n"
    board = told(tmp_path, LAPS + FOUR, people=people)
    assert [(one["competitor"], one["rank"]) for one in board] == [
        ("Ann", None),
        ("Bob", 1),
        ("Cy", 2),
        ("Di", 3),
    ]
    kids = told(tmp_path, LAPS + FOUR, "--class", "kids", people=people)
    assert [(one["competitor"], one["rank"], one["columns"]["gap_ms"]) for one in kids] == [
        ("Bob", 1, 0),
        ("Di", 2, 200),
    ]
    with pytest.raises(Refusal, match="nobody is in the class 'old'"):
        run(tmp_path, LAPS + FOUR, "--class", "old", people=people)


def test_a_team_has_the_time_of_its_second_member(tmp_path: Path) -> None:
    people = "competitor,team,awards\nAnn,Red,1\nBob,Blue,1\nCy,Blue,1\nDi,Red,1\nEd,Star,1\nFlo,Blue,0\n"
    laps = LAPS + FOUR + "Ed,q,8000,1\nFlo,q,8100,1\n"
    teams = told(tmp_path, laps, "--teams", people=people, rules="team_member = 2")
    assert [(one["rank"], one["team"], one["members"], one["columns"]["best_ms"]) for one in teams] == [
        (1, "Blue", ["Bob", "Cy"], 9300),
        (2, "Red", ["Ann", "Di"], 9400),
    ]
    shown = run(tmp_path, laps, "--teams", people=people, rules="team_member = 2").splitlines()
    assert shown[1].split() == ["1", "9.300", "Blue", "Bob,", "Cy"]
    with pytest.raises(Refusal, match="team_member is missing"):
        run(tmp_path, laps, "--teams", people=people)


def test_the_best_sectors_make_the_ideal_lap_and_void_laps_make_none(tmp_path: Path) -> None:
    laps = (
        "competitor,run,lap_ms,counts,sectors_ms\n"
        "Ann,1,10000,1,3000/7000\nAnn,1,9900,1,4000/6000\nAnn,2,5000,0,1000/2000\nAnn,2,9800,1,/6100\n"
        "Bob,1,10100,1,\n"
    )
    [ann] = told(tmp_path, laps, "--sectors")
    assert ann == {"competitor": "Ann", "sectors_ms": [3000, 2000, 3000], "ideal_ms": 8000}
    shown = run(tmp_path, laps, "--sectors").splitlines()
    assert shown[1].split() == ["3.000", "2.000", "3.000", "8.000", "Ann"]
    assert "No lap" in run(tmp_path, LAPS + FOUR, "--sectors")
    for wrong in ("7000/3000", "3000/20000", "x"):
        with pytest.raises(Refusal, match=f"sectors_ms is '{wrong}'"):
            run(tmp_path, f"competitor,run,lap_ms,counts,sectors_ms\nAnn,1,10000,1,{wrong}\n", "--sectors")


def test_finalists_come_from_the_qualifying_and_each_result_moves_them_on(tmp_path: Path) -> None:
    drawn = told(tmp_path, LAPS + FOUR, stage=KNOCKOUT)
    assert [(one["heat"], one["drivers"], one["waits"]) for one in drawn["heats"]] == [
        ("r1-1", ["Ann", "Di"], False),
        ("r1-2", ["Bob", "Cy"], False),
        ("small-final", [], True),
        ("final", [], True),
    ]
    heats = "Ann,r1-1,9500,1\nDi,r1-1,9000,1\nBob,r1-2,9000,1\nCy,r1-2,9500,1\n"
    finals = "Di,final,9000,1\nBob,final,9100,1\nAnn,small-final,9000,1\nCy,small-final,9100,1\n"
    assert told(tmp_path, LAPS + FOUR + heats + finals, stage=KNOCKOUT)["podium"] == [
        "Di",
        "Bob",
        "Ann",
        "Cy",
    ]
    shown = run(tmp_path, LAPS + FOUR + heats, stage=KNOCKOUT).splitlines()
    assert shown[-1] == "Podium: ?, ?, ?, ?"
    assert shown[-2].split() == ["2", "final", "ready", "Di,", "Bob"]


def test_finalists_picked_by_hand_and_a_tie_at_the_border(tmp_path: Path) -> None:
    picked = 'kind = "knockout"\npicked = ["Di", "Ann"]\n'
    assert told(tmp_path, LAPS + FOUR, stage=picked)["heats"][0]["drivers"] == ["Di", "Ann"]
    tie = LAPS + "Ann,q,9100,1\nBob,q,9200,1\nCy,q,9200,1\n"
    stage = 'kind = "knockout"\ncount = 2\n'
    assert told(tmp_path, tie, stage=stage)["undecided"] == ["Bob", "Cy"]
    assert "Equal at the border, one more run decides: Bob, Cy" in run(tmp_path, tie, stage=stage)
    with pytest.raises(Refusal, match="nobody is called Zed"):
        run(tmp_path, LAPS + FOUR, stage='kind = "knockout"\npicked = ["Di", "Zed"]\n')
    with pytest.raises(ConfigRefused, match="none of"):
        run(tmp_path, LAPS + FOUR, stage='kind = "swiss"\n')


@pytest.mark.parametrize("kind", ["knockout", "double-elimination", "heat-knockout", "ladder"])
def test_one_who_is_picked_alone_has_won(kind: str, tmp_path: Path) -> None:
    drawn = told(tmp_path, LAPS + FOUR, stage=f'kind = "{kind}"\npicked = ["Di"]\n')
    assert (drawn["heats"], drawn["podium"]) == ([], ["Di"])
    assert run(tmp_path, LAPS + FOUR, stage=f'kind = "{kind}"\npicked = ["Di"]\n').endswith("Podium: Di\n")


THREE_RUNS = "Ann,h1,9000,1\nAnn,h1,11000,0\nBob,h1,15000,1\nCy,h2,30000,1\n"
PLAN = 'turns = ["h1", "h2", "h3"]\ngap_ms = 60000\n'


@pytest.mark.parametrize(
    ("moved", "begins"),
    [
        ("", [0, 80_000, 170_000]),  # each run as long as its longest drive, then the gap
        ("[[moved]]\nat_ms = 30000\nshift_ms = 15000", [0, 95_000, 185_000]),
        ("[[moved]]\nat_ms = 30000\nshift_ms = -15000", [0, 65_000, 155_000]),
        ("[[moved]]\nat_ms = 30000\nshift_ms = -90000", [0, 30_000, 120_000]),  # never before now
        ("[[moved]]\nat_ms = 5000\nshift_ms = 15000", [0, 80_000, 170_000]),  # nothing waits in a run
        ("[[moved]]\nat_ms = 40000\nis_paused = true", [0, None, None]),
        (
            "[[moved]]\nat_ms = 40000\nis_paused = true\n[[moved]]\nat_ms = 100000\nis_paused = false",
            [0, 140_000, 230_000],
        ),
        (  # paused in the run, and put forward while it stands still
            "[[moved]]\nat_ms = 10000\nis_paused = true\n[[moved]]\nat_ms = 50000\nshift_ms = 15000\n"
            "[[moved]]\nat_ms = 90000\nis_paused = false",
            [0, 165_000, 255_000],
        ),
    ],
)
def test_a_day_that_drives_itself_begins_each_run_when_the_plan_and_the_taps_say(
    moved: str, begins: list[int | None], tmp_path: Path
) -> None:
    rules = "run_ms = 45000"
    turns = told(tmp_path, LAPS + THREE_RUNS, rules=rules, day=PLAN + moved)
    assert [one["begins_ms"] for one in turns] == begins
    lengths = [20_000, 30_000, 45_000]  # nobody drove the last one: it takes its time
    ends = [None if at is None else at + length for at, length in zip(begins, lengths, strict=True)]
    assert [one["ends_ms"] for one in turns] == ends


def test_a_day_by_hand_waits_for_a_person_and_a_wrong_plan_says_so(tmp_path: Path) -> None:
    by_hand = "is_automatic = false\n" + PLAN
    shown = run(tmp_path, LAPS + THREE_RUNS, day=by_hand).splitlines()
    assert [line.split() for line in shown] == [
        ["begins", "ends", "run"],
        ["0.000", "20.000", "h1"],
        ["by", "hand", "by", "hand", "h2"],
        ["by", "hand", "by", "hand", "h3"],
    ]
    with pytest.raises(ConfigRefused, match="gap_ms"):
        run(tmp_path, LAPS + THREE_RUNS, day=PLAN.replace("60000", "-1"))
    with pytest.raises(ConfigRefused, match="turns"):
        run(tmp_path, LAPS, day="gap_ms = 5")


def test_a_run_by_laps_counts_its_laps_and_one_by_time_all_of_them(tmp_path: Path) -> None:
    laps = LAPS + "Ann,1,9000,1\nAnn,1,9000,1\nAnn,1,5000,1\nBob,1,8000,1\nBob,1,9500,1\nBob,1,9500,1\n"
    first_two = 'ends = "laps"\nrun_laps = 2\nranking = "total-first"\nlaps = 2\n'
    assert [one["competitor"] for one in told(tmp_path, laps, rules=first_two)] == ["Bob", "Ann"]
    by_time = 'ends = "time"\nrun_ms = 30000\nranking = "most-laps"\n'
    assert [one["competitor"] for one in told(tmp_path, laps, rules=by_time)] == ["Ann", "Bob"]
    with pytest.raises(ConfigRefused, match="needs run_laps"):
        told(tmp_path, laps, rules='ends = "laps"')


def test_heats_by_lane_are_fair_and_a_late_entry_is_rolled_in(tmp_path: Path) -> None:
    rules = 'told_by = "lane"\nlanes = 2\n'
    fair = told(tmp_path, LAPS + FOUR, rules=rules, stage='kind = "heats"\n')
    lanes = [one["lanes"] for one in fair]
    assert (
        sorted(heat[0] for heat in lanes) == sorted(heat[1] for heat in lanes) == ["Ann", "Bob", "Cy", "Di"]
    )
    assert {frozenset(heat) for heat in lanes} == {frozenset(("Ann", "Bob")), frozenset(("Cy", "Di"))}
    driven = (
        "competitor,run,lap_ms,counts,lane\nAnn,q,9100,1,\nBob,q,9200,1,\n"
        "Ann,heat-1,9000,1,1\nBob,heat-1,9000,1,2\n"
    )
    rest = told(
        tmp_path, driven, rules=rules, stage='kind = "heats"\n', people="competitor\nAnn\nBob\nLate\n"
    )
    seats = sorted((driver, lane) for one in rest for lane, driver in enumerate(one["lanes"]) if driver)
    assert seats == [("Ann", 1), ("Bob", 0), ("Late", 0), ("Late", 1)]
    with pytest.raises(Refusal, match="need lanes"):
        run(tmp_path, LAPS + FOUR, stage='kind = "heats"\n')


@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        ("name\nAnn\n", "unknown column 'name'"),
        ("competitor\nAnn\nAnn\n", "line 3: stands there twice"),
        ("competitor,awards\nAnn,yes\n", "awards is 'yes'"),
    ],
)
def test_a_wrong_table_of_people_is_told_with_its_line(people: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=sentence):
        run(tmp_path, LAPS + FOUR, people=people)


def test_a_lane_that_no_track_has_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="lane is '65'; write a number from 1 to 64"):
        run(tmp_path, "competitor,run,lap_ms,counts,lane\nAnn,q,9100,1,65\n")
