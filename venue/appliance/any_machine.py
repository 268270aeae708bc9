"""What every machine of a drill can be asked, a container or a virtual one."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod

from pitboard.errors import Refusal

NETWORK = "10.77.0"
_SERVES = "Every program serves."


class Machine(ABC):
    """One machine, by its host name; `number` is the last part of its address."""

    __slots__ = ()
    host: str
    number: int

    @property
    def address(self) -> str:
        return f"{NETWORK}.{self.number}"

    @abstractmethod
    def ask(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command inside and return how it ended."""

    def do(self, *command: str) -> str:
        """Run a command inside; raises Refusal with what it said where it fails."""
        done = self.ask(*command)
        if done.returncode:
            raise Refusal(
                f"{self.host}: '{' '.join(command)}' ended with {done.returncode}: {done.stdout}{done.stderr}"
            )
        return done.stdout

    def is_up(self) -> bool:
        """Return whether systemd says so."""
        return self.ask("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    def has_a_way_out(self) -> bool:
        return bool(self.ask("ip", "route", "show", "default").stdout.strip())

    def install(self, script: str) -> str:
        """Run the stick's script as a venue does, and return what it said; raises Refusal with the journal's
        end where not every program serves afterwards."""
        done = self.ask("sh", script, self.host)
        said = done.stdout + done.stderr
        if _SERVES not in said:
            why = self.ask("journalctl", "--no-pager", "--lines=40", "--unit=pitboard-*").stdout
            raise Refusal(f"{self.host}: {said}{why}")
        return said

    def programs_running(self) -> int:
        running = ("--state=running", "--plain", "--no-legend", "pitboard-*.service")
        return len(self.do("systemctl", "list-units", *running).splitlines())
