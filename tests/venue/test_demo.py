"""The whole system as real processes: a short race in which the unit is killed and central is away."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from pitboard.errors import Refusal
from pitboard.program.program import LOCK_NAME, only_one
from venue.demo.command import clear_earlier_demo, refuse_other_things
from venue.demo.director import until_all_answer


def run_demo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pitboard", "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def test_a_race_survives_a_killed_unit_and_a_central_that_is_away(tmp_path: Path) -> None:
    out = tmp_path / "out"
    finished = run_demo(
        *("--headless", "--seconds", "26", "--seed", "5", "--out", str(out)),
        *("--kill", "trackside@9", "--kill", "bridge@14", "--cut-central", "5:17"),
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert summary["boards_equal"]
    assert summary["last_frame_shows_board"]
    assert summary["passings_sent"] == summary["passings_received"] > 0
    assert summary["laps_timed"] > 0
    assert summary["decisions_told"] > 0
    assert (summary["laps_lost"], summary["laps_doubled"], summary["decisions_lost"]) == (0, 0, 0)
    for picture in ("board.png", "touch.png"):
        assert (out / picture).read_bytes().startswith(b"\x89PNG")
    refuse_other_things(out)  # the next one may begin where this one ended
    clear_earlier_demo(out)
    assert [path.name for path in out.iterdir()] == [LOCK_NAME]


def test_a_program_that_does_not_answer_in_time_is_named_in_a_sentence(tmp_path: Path) -> None:
    """On a machine with much else to do the demo ended with a traceback of the time that was up."""
    with socket.create_server(("127.0.0.1", 0)) as listens, socket.create_server(("127.0.0.1", 0)) as gone:
        here, nobody = listens.getsockname()[1], gone.getsockname()[1]
        gone.close()
        for ports, named in (({"central": here, "display": nobody}, "display"), ({"central": here}, "touch")):
            answering = until_all_answer(ports, tmp_path / "socket", tmp_path, within_s=0.05)
            with pytest.raises(Refusal, match=f"^{named} does not answer .*{named}.log.*try again$"):
                asyncio.run(answering)


def test_a_second_demo_leaves_the_first_ones_folder_alone(tmp_path: Path) -> None:
    """Two in one folder wrote into each other's journals, and the first one's summary was the second's."""
    (tmp_path / "summary.json").write_text("of the first")
    with only_one(tmp_path, "demo"):
        finished = run_demo("--headless", "--seconds", "5", "--out", str(tmp_path))
    assert finished.returncode == 1
    assert f"another demo works in {tmp_path}; stop that one first" in finished.stderr
    assert "Traceback" not in finished.stderr
    assert (tmp_path / "summary.json").read_text() == "of the first"


def test_wrong_arguments_get_a_sentence_and_touch_nothing(tmp_path: Path) -> None:
    (tmp_path / "holiday.txt").write_text("keep me")
    for arguments, sentence in [
        (["--headless"], "--headless needs --seconds"),
        (["--headless", "--seconds", "5", "--kill", "moon@3"], "is not NAME@SECOND"),
        (["--headless", "--seconds", "5", "--cut-central", "9:3"], "is not FROM:TO"),
        (["--headless", "--seconds", "5", "--out", str(tmp_path)], "holds other things"),
    ]:
        finished = run_demo(*arguments)
        assert finished.returncode == 2
        assert sentence in finished.stderr
        assert "Traceback" not in finished.stderr
    assert (tmp_path / "holiday.txt").read_text() == "keep me"
