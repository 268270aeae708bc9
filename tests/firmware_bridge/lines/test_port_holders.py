"""A second reader of a port is named, on a real pseudo-terminal, and in the status that people see."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from firmware_bridge.lines.port_holders import ALL_EVERY_COUNT, NEW_LOOKS_COUNT, HolderWatch, other_holders
from firmware_bridge.lines.serial_port import claim_alone, open_trouble
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from pitboard.errors import PortCode, PortTrouble
from pitboard.unit_api.sensor_sentences import note_sentence
from pitboard.unit_api.unit_status import SensorNote
from tests.firmware_bridge.device_stage import bridge_with, until
from tests.firmware_bridge.test_bridge_process import answering

_READER = (
    "import os, sys; fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY); print(); sys.stdout.flush(); input()"
)
_TIOCGEXCL = 0x8004_5440


@contextmanager
def second_reader(port: str) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-c", _READER, port], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdout.readline()
        yield process.pid
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def test_who_else_holds_a_port_is_named_but_neither_we_nor_the_device(tmp_path: Path) -> None:
    with PseudoTerminal.open(tmp_path / "tty") as terminal:
        assert other_holders(tmp_path / "tty") == []
        with second_reader(terminal.path) as pid:
            (holder,) = other_holders(tmp_path / "tty")
            assert holder.endswith(f" ({pid})")
            trouble = open_trouble(BlockingIOError(11, "busy"), tmp_path / "tty")
            assert trouble == PortTrouble(PortCode.HELD, {"holders": holder})
        assert other_holders(tmp_path / "tty") == []
    assert other_holders(tmp_path / "tty") == []


def test_the_program_that_plays_the_device_is_not_a_second_reader(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal\n"
        "with PseudoTerminal.open(Path(sys.argv[1])): print(); sys.stdout.flush(); input()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "tty")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdout.readline()
        assert other_holders(tmp_path / "tty") == []
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def test_looking_again_finds_new_programs_at_once_and_old_ones_within_a_minute(tmp_path: Path) -> None:
    with PseudoTerminal.open(tmp_path / "tty") as terminal:
        watch = HolderWatch(tmp_path / "tty")
        assert watch.look() == []
        with second_reader(terminal.path) as pid:  # begun since the last look
            assert [holder.endswith(f" ({pid})") for holder in watch.look()] == [True]
            for _ in range(2 * ALL_EVERY_COUNT):  # and it stays named
                assert len(watch.look()) == 1
        assert watch.look() == []


def test_a_program_that_has_run_for_long_and_opens_the_port_is_found_at_the_next_look_at_all(
    tmp_path: Path,
) -> None:
    with PseudoTerminal.open(tmp_path / "tty") as terminal:
        device = os.stat(terminal.path).st_rdev
        number = (os.minor(device) & 0xFF) | os.major(device) << 8 | (os.minor(device) & ~0xFF) << 12
        folder = tmp_path / "proc" / "712"
        folder.mkdir(parents=True)
        (folder / "comm").write_text("monitor\n")
        (folder / "stat").write_text("712 (monitor) S 1 712 712 0 712 0 0\n")
        watch = HolderWatch(tmp_path / "tty", proc=tmp_path / "proc")
        for _ in range(NEW_LOOKS_COUNT + 1):
            assert watch.look() == []
        (folder / "stat").write_text(f"712 (monitor) S 1 712 712 {number} 712 0 0\n")
        assert ["monitor (712)"] in [watch.look() for _ in range(ALL_EVERY_COUNT)]


def test_a_console_of_another_user_is_known_by_its_terminal(tmp_path: Path) -> None:
    """Its open files are not ours to see, so /proc is written by hand."""
    with PseudoTerminal.open(tmp_path / "tty") as terminal:
        device = os.stat(terminal.path).st_rdev
        number = (os.minor(device) & 0xFF) | os.major(device) << 8 | (os.minor(device) & ~0xFF) << 12
        folder = tmp_path / "proc" / "712"
        folder.mkdir(parents=True)
        (folder / "comm").write_text("agetty\n")
        (folder / "stat").write_text(f"712 (a (getty) b) S 1 712 712 {number} 712 0 0\n")
        assert other_holders(tmp_path / "tty", proc=tmp_path / "proc") == ["agetty (712)"]
        (folder / "stat").write_text("712 (agetty) S 1 712 712 0 712 0 0\n")
        assert other_holders(tmp_path / "tty", proc=tmp_path / "proc") == []


def test_a_console_is_named_where_a_sandbox_hides_other_programs(tmp_path: Path) -> None:
    with PseudoTerminal.open(tmp_path / "tty") as terminal:
        proc, consoles = tmp_path / "proc", tmp_path / "consoles"
        proc.mkdir()
        unit = f"serial-getty@{Path(os.path.realpath(terminal.path)).name}.service"
        (consoles / unit).mkdir(parents=True)
        processes = consoles / unit / "cgroup.procs"
        processes.write_text("712\n")
        port = tmp_path / "tty"
        assert other_holders(port, proc=proc, consoles=consoles) == [f"{unit} (712)"]
        assert HolderWatch(port, proc=proc, consoles=consoles).look() == [f"{unit} (712)"]
        processes.write_text("")  # stopped
        assert other_holders(port, proc=proc, consoles=consoles) == []


def test_a_console_that_is_seen_is_named_once(tmp_path: Path) -> None:
    with PseudoTerminal.open(tmp_path / "tty") as terminal:
        device = os.stat(terminal.path).st_rdev
        number = (os.minor(device) & 0xFF) | os.major(device) << 8 | (os.minor(device) & ~0xFF) << 12
        folder, consoles = tmp_path / "proc" / "712", tmp_path / "consoles"
        folder.mkdir(parents=True)
        (folder / "comm").write_text("agetty\n")
        (folder / "stat").write_text(f"712 (agetty) S 1 712 712 {number} 712 0 0\n")
        unit = f"serial-getty@{Path(os.path.realpath(terminal.path)).name}.service"
        (consoles / unit).mkdir(parents=True)
        (consoles / unit / "cgroup.procs").write_text("712\n")
        assert other_holders(tmp_path / "tty", proc=tmp_path / "proc", consoles=consoles) == ["agetty (712)"]


def test_a_claimed_port_is_in_the_kernels_exclusive_mode() -> None:
    with PseudoTerminal.open() as terminal:
        fd = os.open(terminal.path, os.O_RDWR | os.O_NOCTTY)
        try:
            claim_alone(fd)
            answer = fcntl.ioctl(fd, _TIOCGEXCL, struct.pack("i", 0))
            assert struct.unpack("i", answer) == (1,)
        finally:
            fcntl.ioctl(fd, termios.TIOCNXCL)
            os.close(fd)


def test_a_second_reader_makes_the_sensor_red_by_name_until_it_is_gone(tmp_path: Path) -> None:
    async def story() -> None:
        with PseudoTerminal.open(tmp_path / "tty") as terminal, second_reader(terminal.path) as pid:
            async with bridge_with(tmp_path, 'port = "tty"') as trackside, answering(terminal):
                await until(lambda: "port-shared" in trackside.states)
                assert f"({pid})" in trackside.details[-1]

    asyncio.run(story())


def test_the_sentence_says_what_to_do() -> None:
    note = SensorNote(code="port-shared", fields={"holders": "ModemManager (412)"})
    assert note_sentence(note) == (
        "Another program reads this port too and takes lines away: ModemManager (412). Stop it."
    )
