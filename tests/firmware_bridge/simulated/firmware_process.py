"""The reference firmware as a process of its own: MicroPython's unix port, on a board that is not there."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal

ROOT = Path(__file__).resolve().parents[3]
FIRMWARE = ROOT / "firmware_bridge" / "firmware"
UNPACKED = ROOT / "build" / "micropython" / "micropython"
COUNTER_SPAN_US = 1 << 30
PINS = {1: 2, 2: 3}  # channel: pin, as in the firmware's settings.py


@dataclass(frozen=True, slots=True, kw_only=True)
class TruePassing:
    """A beam is interrupted so long after the board's start."""

    at_us: int
    channel: int = 1
    blocked_us: int = 20_000


def find_micropython() -> str:
    """Return the interpreter; leaves the test out where there is none, except in CI."""
    found = shutil.which("micropython") or (str(UNPACKED) if UNPACKED.exists() else None)
    if found is None:
        sentence = "MicroPython is missing: type 'make micropython'"
        if os.environ.get("CI"):
            pytest.fail(sentence)
        pytest.skip(sentence)
    return found


def script_of(true_passings: Iterable[TruePassing], *, chatter_us: int = 0) -> str:
    """Return the board's script; with chatter each edge is followed by a bounce."""
    lines = []
    for true_passing in true_passings:
        for at_us, level in ((true_passing.at_us, 1), (true_passing.at_us + true_passing.blocked_us, 0)):
            lines.append(f"{at_us} {PINS[true_passing.channel]} {level}")
            if chatter_us:
                lines.append(f"{at_us + chatter_us} {PINS[true_passing.channel]} {1 - level}")
                lines.append(f"{at_us + 2 * chatter_us} {PINS[true_passing.channel]} {level}")
    return "".join(line + "\n" for line in lines)


@contextmanager
def running_firmware(
    terminal: PseudoTerminal, folder: Path, script: str, *, start_us: int = COUNTER_SPAN_US - 1_500_000
) -> Iterator[None]:
    """Run the firmware on the device's end of the terminal; its counter starts at `start_us`."""
    path = folder / "board-script"
    path.write_text(script)
    with (folder / "firmware.log").open("wb") as log:
        process = subprocess.Popen(
            [find_micropython(), str(FIRMWARE / "main.py")],
            stdin=terminal.fileno(),
            stdout=terminal.fileno(),
            stderr=log,
            env={
                **os.environ,
                "MICROPYPATH": f"{FIRMWARE / 'stand_in'}:{FIRMWARE}:.frozen",
                "BOARD_SCRIPT": str(path),
                "BOARD_START_US": str(start_us),
            },
        )
    try:
        yield
        assert process.poll() is None, (folder / "firmware.log").read_text()
    finally:
        process.kill()
        process.wait()
