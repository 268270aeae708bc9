"""Simulated lane timers: a FastTrack that echoes each command, and a Champ that ends commands by CR.

They answer the commands that find a timer and watch its start gate, and print a heat when it is run."""

from collections.abc import Sequence
from typing import ClassVar

from firmware_bridge.decoders.lane_timers import LaneTime, encode_result


class SimulatedFastTrack:
    """Commands have no end: one is taken as soon as its letters are there."""

    _answers: ClassVar[dict[bytes, bytes]] = {
        b"RV": b"Copyright (c) Micro Wizard 2002-2008\r\nK3 Version 1.09A  Serial Number 15985\r\n",
        b"RE": b"",
        b"N1": b"",
        b"N2": b"",
        b"MG": b"",
        b"LR": b"",
        b"LG": b"",
    }

    def __init__(self) -> None:
        self.is_gate_closed = True
        self._received = b""
        self._last_heat = b""

    def run_heat(self, lanes: Sequence[LaneTime]) -> bytes:
        self._last_heat = encode_result(lanes)
        return self._last_heat

    def receive(self, data: bytes) -> bytes:
        """Return echo and answer of each command that these bytes complete."""
        self._received += data.replace(b"\r", b"").replace(b"\n", b"")
        sent = b""
        while len(self._received) >= 2:
            command, self._received = self._received[:2], self._received[2:]
            sent += command + b"*\r\n" + self._answer(command)
        return sent

    def _answer(self, command: bytes) -> bytes:
        if command == b"RG":
            return b"RG1\r\n" if self.is_gate_closed else b"RG0\r\n"
        if command == b"RA":
            return self._last_heat
        return self._answers.get(command, b"")


class SimulatedChamp:
    def __init__(self, *, lanes_count: int = 4) -> None:
        self.is_gate_closed = True
        self._lanes_count = lanes_count
        self._received = b""
        self._last_heat = b""

    def run_heat(self, lanes: Sequence[LaneTime]) -> bytes:
        self._last_heat = encode_result(lanes, decimals=4)
        return self._last_heat

    def receive(self, data: bytes) -> bytes:
        *commands, self._received = (self._received + data).split(b"\r")
        return b"".join(self._answer(command) for command in commands)

    def _answer(self, command: bytes) -> bytes:
        match command:
            case b"":
                return b""
            case b"v":
                return b"eTekGadget SmartLine Timer v20.06 (B0007)\r\n"
            case b"rs":
                return b"0\r\n" if self.is_gate_closed else b"1\r\n"
            case b"on":
                return b"%d\r\n" % self._lanes_count
            case b"rp" | b"ra":
                return self._last_heat
            case b"r" | b"rg" | b"ol0" | b"op3" | b"om0":
                return b"\r\n"
            case _:
                return b"?\r\n"
