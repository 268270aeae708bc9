"""What happened in a day, line by line: the same bytes whenever the same seed is run."""

from __future__ import annotations

from venue.simulator.world.virtual_loop import VirtualLoop


class Trace:
    """Collects lines `microseconds  node  what`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.lines: list[str] = []

    def say(self, node: str, what: str) -> None:
        self.lines.append(f"{self._loop.now_ns // 1_000:>10} {node:<10} {what}")

    def encode(self) -> bytes:
        """Return the trace as text, one line for each event."""
        return ("\n".join(self.lines) + "\n").encode()
