"""A simulated decoder of the P3 protocol on the wire: a bridge dials it as it would dial a real one."""

from __future__ import annotations

import contextlib
import random
import socket
import threading

from firmware_bridge.simulated.p3_simulator import SimulatedP3
from pitboard.clock import SystemClock
from venue.appliance.box import seconds

STATUS_EVERY_S = 4.0
LAP_S = (4.0, 5.0)
_CLOCK = SystemClock()


class Decoder(threading.Thread):
    """Listens at `address`; while `drive` is set, one car passes every few seconds. `passed` counts them."""

    def __init__(self, address: str, port: int, *, transponder: int, seed: int) -> None:
        super().__init__(daemon=True, name=f"decoder-{port}")
        self._server = socket.create_server((address, port))
        self._device = SimulatedP3(decoder=port)
        self._transponder = transponder
        self._dice = random.Random(seed)
        self._next_car_mono = 0.0
        self.drive = threading.Event()
        self.passed = 0

    def run(self) -> None:
        while True:
            connection, _ = self._server.accept()
            with connection, contextlib.suppress(OSError):
                self._serve(connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        next_status = 0.0
        while True:
            now = seconds()
            if now >= next_status:
                connection.sendall(self._device.status())
                next_status = now + STATUS_EVERY_S
            if self.drive.is_set() and now >= self._next_car_mono:
                connection.sendall(self._car())
                self._next_car_mono = now + self._dice.uniform(*LAP_S)
            try:
                received = connection.recv(4_096)
            except TimeoutError:
                continue
            if not received:
                return
            self._device.rtc_us = _CLOCK.mono_ns() // 1_000
            connection.sendall(self._device.receive(received))

    def _car(self) -> bytes:
        self.passed += 1
        return self._device.passing(transponder=self._transponder, rtc_us=_CLOCK.mono_ns() // 1_000)
