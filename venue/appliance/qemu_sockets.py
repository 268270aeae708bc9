"""Two sockets of a virtual machine that speak JSON lines: QEMU's monitor, and the agent inside the guest.

The monitor sees and touches what a person at the machine would: the screen, a finger, the power. The agent
runs commands as root inside; it is the rig's, no part of Pitboard."""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

from pitboard.errors import PeerLost, Refusal
from venue.appliance.box import seconds

ANSWER_MAX_S = 20.0
BUSY_MAX_S = 300.0
"""A guest with much to do answers late; one that is cut off hangs up, which is seen at once."""
COMMAND_MAX_S = 3_000.0
_POLL_S = 0.1
_TABLET_SPAN = 0x7FFF


class JsonLines:
    """One connection: a question, and the lines until its answer."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_MAX_S)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise PeerLost(peer=str(path), reason=str(error)) from error
        self._rest = b""
        self._path = path

    def ask(self, execute: str, arguments: dict[str, Any] | None = None) -> Any:
        """Return its answer; raises PeerLost where there is none, Refusal where it is an error."""
        question = {"execute": execute, **({"arguments": arguments} if arguments else {})}
        try:
            self._socket.sendall(json.dumps(question).encode() + b"\n")
        except OSError as error:
            raise PeerLost(peer=str(self._path), reason=str(error)) from error
        while True:
            told = self.next_line()
            if "error" in told:
                raise Refusal(f"{execute}: {told['error'].get('desc', told['error'])}")
            if "return" in told:
                return told["return"]

    def be_patient(self, seconds_max: float) -> None:
        """Wait so long for each line from here on."""
        self._socket.settimeout(seconds_max)

    def next_line(self) -> dict[str, Any]:
        while b"\n" not in self._rest:
            try:
                received = self._socket.recv(1 << 20)
            except OSError as error:
                raise PeerLost(peer=str(self._path), reason=str(error) or "no answer") from error
            if not received:
                raise PeerLost(peer=str(self._path), reason="it hung up")
            self._rest += received
        line, _, self._rest = self._rest.partition(b"\n")
        told = json.loads(line.lstrip(b"\xff"))
        return told if isinstance(told, dict) else {}

    def close(self) -> None:
        self._socket.close()


class Monitor:
    """QEMU's monitor of one machine."""

    def __init__(self, path: Path) -> None:
        self._lines = JsonLines(path)
        self._lines.next_line()  # its greeting
        self._lines.ask("qmp_capabilities")

    def photograph(self, out: Path) -> None:
        """Write what the screen shows as PNG."""
        self._lines.ask("screendump", {"filename": str(out), "format": "png"})

    def touch(self, x: float, y: float, *, down: bool) -> None:
        """Put a finger there, or take it away; x and y are parts of the screen, from 0 to 1."""
        place = [
            {"type": "abs", "data": {"axis": axis, "value": int(part * _TABLET_SPAN)}}
            for axis, part in (("x", x), ("y", y))
        ]
        button = {"type": "btn", "data": {"button": "left", "down": down}}
        self._lines.ask("input-send-event", {"events": place})
        self._lines.ask("input-send-event", {"events": [button]})

    def pull(self, device: str) -> None:
        """Pull a device's plug."""
        self._lines.ask("device_del", {"id": device})

    def plug(self, driver: str, device: str, **properties: str) -> None:
        self._lines.ask("device_add", {"driver": driver, "id": device, **properties})

    def close(self) -> None:
        self._lines.close()


class GuestAgent:
    """Commands inside the guest, as root."""

    def __init__(self, path: Path) -> None:
        self._lines = JsonLines(path)

    def ping(self) -> bool:
        """Return whether it answers: the guest is up so far."""
        number = int(seconds() * 1_000)
        try:
            answer = self._lines.ask("guest-sync", {"id": number})
            while answer != number:  # what it still had to say to somebody who waited no longer
                answer = self._lines.next_line().get("return")
        except (PeerLost, Refusal):
            return False
        return True

    def run(self, *command: str, within_s: float = COMMAND_MAX_S) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; raises PeerLost where the machine went away or it takes longer."""
        self._lines.be_patient(min(within_s, BUSY_MAX_S))
        asked = {"path": "/usr/bin/env", "arg": list(command), "capture-output": True}
        pid = self._lines.ask("guest-exec", asked)["pid"]
        ends = seconds() + within_s
        pause = threading.Event()
        while True:
            try:
                told = self._lines.ask("guest-exec-status", {"pid": pid})
            except Refusal as error:  # another agent than the one that was asked
                raise PeerLost(peer="guest", reason="it started anew in mid-command") from error
            if told["exited"]:
                output = [
                    base64.b64decode(told.get(f"{name}-data", "")).decode(errors="replace")
                    for name in ("out", "err")
                ]
                return subprocess.CompletedProcess(command, told.get("exitcode", -1), *output)
            if seconds() > ends:
                raise PeerLost(
                    peer="guest", reason=f"'{' '.join(command)}' took longer than {within_s:.0f} s"
                )
            pause.wait(_POLL_S)

    def close(self) -> None:
        self._lines.close()
