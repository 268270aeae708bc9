"""What answers on a pseudo-terminal is found; what cannot be asked is not guessed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from firmware_bridge.decoders.amb_text import AmbTextStatus, encode_status
from firmware_bridge.decoders.p3_frame import RecordType, encode_frame
from firmware_bridge.simulated.lane_timer_simulator import SimulatedChamp, SimulatedFastTrack
from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.simulated.simulated_sensor import SimulatedSensor
from firmware_bridge.watch.port_names import serial_ports
from firmware_bridge.watch.port_probe import PortFinding, probe_port
from pitboard.clock import SystemClock

Receive = Callable[[bytes], bytes]


def beamline() -> Receive:
    clock = SystemClock()
    sensor = SimulatedSensor(random=Random(1), now_mono_ns=clock.mono_ns())

    def receive(data: bytes) -> bytes:
        sensor.receive(data)
        return b"".join(line.data for line in sensor.lines_due(clock.mono_ns()))

    return receive


def p3(data: bytes) -> bytes:
    """Answers nothing but the version request, somehow."""
    is_asked = b"\x03\x00\x01\x00\x02\x00" in data
    return encode_frame(RecordType.VERSION, [(0x02, b"decoder")]) if is_asked else b""


def amb_text(data: bytes) -> bytes:
    return encode_status(AmbTextStatus(seq=1, noise=40))


@contextmanager
def living(path: Path, receive: Receive) -> Iterator[None]:
    stop = threading.Event()

    def live() -> None:
        while not stop.wait(0.005):
            if answer := receive(terminal.read()):
                terminal.write(answer)

    with PseudoTerminal.open(path) as terminal:
        thread = threading.Thread(target=live)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def probed(path: Path) -> PortFinding:
    return probe_port(path, SystemClock(), settle_ms=50, probe_ms=50)


@pytest.mark.parametrize(
    ("kind", "baud", "receive"),
    [
        ("beamline", 115_200, beamline()),
        ("p3", 115_200, p3),
        ("amb-text", 115_200, amb_text),
        ("fasttrack", 9_600, SimulatedFastTrack().receive),
        ("champ", 9_600, SimulatedChamp().receive),
    ],
)
def test_each_kind_that_can_be_asked_is_found(tmp_path: Path, kind: str, baud: int, receive: Receive) -> None:
    with living(tmp_path / "tty", receive):
        finding = probed(tmp_path / "tty")
    assert (finding.kind, finding.baud) == (kind, baud), finding.detail


def test_silence_and_noise_are_not_called_a_device(tmp_path: Path) -> None:
    with living(tmp_path / "mute", lambda data: b""):
        assert probed(tmp_path / "mute").detail.startswith("nothing answers")
    noise = Random(2).randbytes
    with living(tmp_path / "noise", lambda data: noise(20)):
        finding = probed(tmp_path / "noise")
    assert finding.kind is None
    assert "fit no device" in finding.detail


def test_a_port_in_use_or_missing_is_said_so(tmp_path: Path) -> None:
    assert "plugged in" in probed(tmp_path / "none").detail
    with PseudoTerminal.open(tmp_path / "tty"), pytest.MonkeyPatch.context() as patch:
        patch.setattr("firmware_bridge.watch.port_probe.open_device", _busy)
        assert probed(tmp_path / "tty").detail.startswith("another program has it open")


def _busy(*_: object) -> None:
    raise BlockingIOError(11, "Resource temporarily unavailable")


def test_a_port_with_two_names_is_one_port(tmp_path: Path) -> None:
    with PseudoTerminal.open(tmp_path / "a") as terminal:
        ports = [names.port for names in serial_ports([tmp_path / "a", Path(terminal.path)])]
    assert tmp_path / "a" in ports
    assert Path(terminal.path) not in ports
