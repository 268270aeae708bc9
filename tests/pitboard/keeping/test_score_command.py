"""`pitboard score`, from the files to what is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pitboard.errors import Refusal
from pitboard.keeping.scoring.score_command import score_command

HEAD = "competitor,run,lap_ms,counts\n"


def run(folder: Path, rules: str, laps: str | bytes, *options: str) -> str:
    (folder / "format.toml").write_text(rules, encoding="utf-8")
    (folder / "laps.csv").write_bytes(laps if isinstance(laps, bytes) else laps.encode())
    files = ["--format", str(folder / "format.toml"), "--laps", str(folder / "laps.csv")]
    done = CliRunner().invoke(score_command, [*files, *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def ranked(folder: Path, rules: str, laps: str | bytes) -> list[tuple[int | None, str, dict[str, Any]]]:
    board = json.loads(run(folder, rules, laps, "--json"))
    assert all(set(line) == {"competitor", "rank", "columns"} for line in board)
    return [(line["rank"], line["competitor"], line["columns"]) for line in board]


def ranks(folder: Path, rules: str, laps: str) -> list[tuple[int | None, str]]:
    return [(rank, name) for rank, name, _ in ranked(folder, rules, HEAD + laps)]


def test_the_best_of_a_competitors_runs_counts(tmp_path: Path) -> None:
    laps = "Ann,1,9500,1\nBob,1,9400,1\nAnn,2,9300,1\nAnn,2,9100,0\n"
    assert ranked(tmp_path, 'ranking = "best-lap"', HEAD + laps) == [
        (1, "Ann", {"best_ms": 9300, "laps": 1, "gap_ms": 0}),
        (2, "Bob", {"best_ms": 9400, "laps": 1, "gap_ms": 100}),
    ]


def test_ties_share_a_rank_and_who_has_nothing_that_counts_comes_last_without_one(tmp_path: Path) -> None:
    laps = "none,1,1,0\nd,1,9,1\nb,1,8,1\nc,1,8,1\na,1,7,1\n"
    assert ranks(tmp_path, 'ranking = "best-lap"', laps) == [
        (1, "a"),
        (2, "b"),
        (2, "c"),
        (4, "d"),
        (None, "none"),
    ]


def test_a_void_lap_breaks_a_row_and_runs_are_not_joined(tmp_path: Path) -> None:
    laps = (
        "broken,1,5000,1\nbroken,1,5000,1\nbroken,1,4000,0\nbroken,1,5000,1\n"
        "split,1,5000,1\nsplit,1,5000,1\nsplit,2,5000,1\n"
        "whole,1,9000,1\nwhole,1,9000,1\nwhole,1,9001,1\n"
    )
    rules = 'ranking = "best-average"\nlaps = 3\n'
    assert ranks(tmp_path, rules, laps) == [(1, "whole"), (None, "broken"), (None, "split")]
    assert ranked(tmp_path, rules, HEAD + laps)[0][2]["average_ms"] == 9000


def test_laps_of_several_runs_and_competitors_may_be_mixed(tmp_path: Path) -> None:
    laps = "A,1,9,1\nB,x,10,1\nA,2,3,1\nA,1,9,1\nB,x,10,1\nA,2,20,1\n"
    assert ranked(tmp_path, 'ranking = "total-first"\nlaps = 2', HEAD + laps) == [
        (1, "A", {"total_ms": 18, "best_ms": 9, "laps": 2, "gap_ms": 0}),
        (2, "B", {"total_ms": 20, "best_ms": 10, "laps": 2, "gap_ms": 2}),
    ]


def test_most_laps_is_tied_by_when_the_last_counting_lap_closed(tmp_path: Path) -> None:
    laps = (
        "slow,1,10,1\nslow,1,5,0\nslow,1,10,1\nquick,1,12,1\nquick,1,12,1\nquick,1,9,0\n"
        + 3 * "three,1,30,1\n"
    )
    assert [
        (rank, name, columns["elapsed_ms"])
        for rank, name, columns in ranked(tmp_path, 'ranking = "most-laps"', HEAD + laps)
    ] == [
        (1, "three", 90),
        (2, "quick", 24),
        (3, "slow", 25),
    ]


def test_sums_and_points(tmp_path: Path) -> None:
    laps = "A,1,50,1\nB,1,40,1\nC,1,45,1\nA,2,30,1\nB,2,60,1\n"
    assert [line[:2] for line in ranked(tmp_path, 'ranking = "sum-of-best-runs"\nruns = 2', HEAD + laps)] == [
        (1, "A"),
        (2, "B"),
        (None, "C"),
    ]
    points = ranked(tmp_path, 'ranking = "points"\npoints = [3, 2, 1]', HEAD + laps)
    assert [(rank, name, columns["points"]) for rank, name, columns in points] == [
        (1, "B", 5),
        (2, "A", 4),
        (3, "C", 2),
    ]
    alone = "A,a1,50,1\nB,b1,40,1\nC,c1,45,1\nA,a2,30,1\nB,b2,60,1\n"
    assert ranked(tmp_path, 'ranking = "points"\npoints = [3, 2, 1]', HEAD + alone) == points


def test_times_are_cut_before_they_are_ranked(tmp_path: Path) -> None:
    laps = "A,1,9509,1\nB,1,9501,1\nC,1,9511,1\n"
    assert ranks(tmp_path, "resolution_ns = 10000000", laps) == [(1, "A"), (1, "B"), (3, "C")]
    assert ranked(tmp_path, "resolution_ns = 1", HEAD + "A,1,9500.25,1\n")[0][2]["best_ms"] == 9500.25
    assert ranks(tmp_path, "", "A,1,9500.9,1\nB,1,9500.1,1\n") == [(1, "A"), (1, "B")]


@pytest.mark.parametrize(
    "laps",
    [
        b"\xef\xbb\xbfcompetitor,run,lap_ms,counts\r\nAnn,1,9500,1\r\n\r\n",
        b"competitor;run;lap_ms;counts\nAnn;1;9500,0;1\n;;;\n",
        b"\n counts, lap_ms ,competitor,run\n1, 9500 , Ann ,1",
        b'competitor,run,lap_ms,counts\n"Ann","1","9500.000","1"\n',
    ],
)
def test_tables_as_spreadsheets_write_them(tmp_path: Path, laps: bytes) -> None:
    assert [line[:2] for line in ranked(tmp_path, "", laps)] == [(1, "Ann")]


def test_names_of_any_script_stay_what_they_are(tmp_path: Path) -> None:
    names = ["Zoë", "Ольга", "李娜", "🚀 Team", 'O"Neil, jr.', "=1+1"]
    laps = "".join(
        f'"{name.replace(chr(34), chr(34) * 2)}",1,{9000 + index},1\n' for index, name in enumerate(names)
    )
    assert [name for _, name in ranks(tmp_path, "", laps)] == names
    decomposed = "Zoe\u0308,1,9000,1\nZo\u00eb,1,8000,1\n"
    assert len(ranks(tmp_path, "", decomposed)) == 1


def test_a_table_without_laps_is_an_empty_board(tmp_path: Path) -> None:
    assert run(tmp_path, "", HEAD, "--json") == "[]\n"
    assert "No laps" in run(tmp_path, "", HEAD)


@pytest.mark.parametrize(
    ("laps", "sentence"),
    [
        (b"", "is empty; its first line must be competitor,run,lap_ms,counts"),
        (b"competitor,run,lap,counts\n", "unknown column 'lap'"),
        (b"competitor,run,counts\n", "column 'lap_ms' is missing"),
        (b"competitor,run,run,lap_ms,counts\n", "column 'run' stands there twice"),
        (b"competitor,run,lap_ms,counts\nA,1,9,1\nA,1,-9,1\n", "line 3: lap_ms is '-9'"),
        (b"competitor,run,lap_ms,counts\nA,1,fast,1\n", "line 2: lap_ms is 'fast'"),
        (b"competitor,run,lap_ms,counts\nA,1,9e3,1\n", "line 2: lap_ms is '9e3'"),
        (b"competitor,run,lap_ms,counts\nA,1,,1\n", "line 2: lap_ms is ''"),
        (b"competitor,run,lap_ms,counts\nA,1,\xd9\xa3,1\n", "line 2: lap_ms is"),
        (b"competitor,run,lap_ms,counts\nA,1,0,1\n", "line 2: a lap that counts takes longer than 0 ms"),
        (b"competitor,run,lap_ms,counts\nA,1,9,yes\n", "line 2: counts is 'yes'; write 1 or 0"),
        (b"competitor,run,lap_ms,counts\nA,1,9\n", "line 2: has 3 values instead of 4"),
        (b"competitor,run,lap_ms,counts\n,1,9,1\n", "line 2: has no competitor"),
        (b"competitor,run,lap_ms,counts\nA,,9,1\n", "line 2: has no run"),
        (b'competitor,run,lap_ms,counts\n"A,1,9,1\n', "is not a CSV table"),
        (b"competitor,run,lap_ms,counts\nZo\xeb,1,9,1\n", "is not UTF-8 text"),
    ],
)
def test_a_table_that_cannot_be_read_says_where(tmp_path: Path, laps: bytes, sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        run(tmp_path, "", laps)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "laps.csv"))


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('ranking = "best-average"', "needs laps"),
        ('ranking = "fastest"', 'is none of "best-lap"'),
        ("lap = 3", "unknown key 'lap'"),
        ('laps = "3"', "key 'laps': expected a whole number"),
        ("ranking = best-lap", "is not valid TOML"),
        ("a = " + "[" * 5_000 + "]" * 5_000, "is nested too deeply"),
    ],
)
def test_a_format_that_cannot_be_read_says_which_key(tmp_path: Path, rules: str, sentence: str) -> None:
    with pytest.raises(Refusal) as refused:
        run(tmp_path, rules, HEAD)
    assert sentence in str(refused.value)


def test_the_table_for_people_lines_up(tmp_path: Path) -> None:
    laps = HEAD + "Ann,1,61500,1\nBob,1,9400,1\nEve\x1b[2J,1,1,0\n"
    assert run(tmp_path, "", laps).splitlines() == [
        "rank      best  laps     gap  competitor",
        "   1     9.400     1   0.000  Bob",
        "   2  1:01.500     1  52.100  Ann",
        "             –     0          Eve [2J",
    ]
