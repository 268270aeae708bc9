"""A sensor of ours at the other end of a virtual machine's USB serial adapter, driven as by cars."""

from __future__ import annotations

import random
import socket
import threading
from pathlib import Path

from firmware_bridge.simulated.simulated_sensor import SimulatedSensor
from pitboard.clock import SystemClock
from pitboard.errors import Refusal

_ROUND_S = 0.02
WAITING_MAX_BYTES = 16_384
_CLOCK = SystemClock()


class SerialSensor(threading.Thread):
    """Sends what the firmware would; QEMU drops what nobody in the guest reads. `passed` counts cars."""

    def __init__(self, path: Path, *, seed: int) -> None:
        super().__init__(daemon=True, name="serial-sensor")
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            raise Refusal(f"{path}: the machine's serial port is not there: {error}") from error
        self._socket.settimeout(_ROUND_S)
        self._device = SimulatedSensor(random=random.Random(seed), now_mono_ns=_CLOCK.mono_ns())
        self._lock = threading.Lock()
        self.passed = 0

    def cross(self) -> None:
        """Let a car through the beam now."""
        with self._lock:
            self._device.cross(_CLOCK.mono_ns())
        self.passed += 1

    def run(self) -> None:
        """Read and send until the machine's power is cut; whoever stopped reading would stop all of QEMU."""
        waiting = b""
        while True:
            try:
                received = self._socket.recv(4_096)
            except TimeoutError:
                received = None
            except OSError:
                return
            if received == b"":
                return  # the machine's power was cut
            with self._lock:
                if received:
                    self._device.receive(received)
                lines = self._device.lines_due(_CLOCK.mono_ns())
            waiting = (waiting + b"".join(line.data for line in lines))[-WAITING_MAX_BYTES:]
            try:
                waiting = waiting[self._socket.send(waiting) :]
            except TimeoutError:
                continue  # a machine with much to do takes it later
            except OSError:
                return

    def close(self) -> None:
        self._socket.close()
