"""A machine whose files lie in a folder and whose commands are written down instead of run."""

from __future__ import annotations

from dataclasses import dataclass, field

from pitboard.errors import Refusal
from venue.set_up.machine import RealMachine


@dataclass(slots=True, kw_only=True)
class RecordedMachine(RealMachine):
    """Knows which units are enabled and active; `broken` names virtual environments whose programs fail."""

    commands: list[tuple[str, ...]] = field(default_factory=list)
    enabled: set[str] = field(default_factory=set)
    refused: str = ""
    broken: set[str] = field(default_factory=set)

    def run(self, *command: str) -> bool:
        self.commands.append(command)
        if self.refused and self.refused in command:
            raise Refusal(f"'{' '.join(command)}' did not work: no")
        plain = [word for word in command if not word.startswith("-")]
        if plain[:2] == ["systemctl", "enable"]:
            self.enabled.update(plain[2:])
        if "--now" in command and any("@." in word for word in command):
            raise Refusal("a template cannot be stopped")  # as the real one says
        if plain[:2] == ["systemctl", "disable"]:
            self.enabled.difference_update(plain[2:])
        return True

    def asks(self, *command: str) -> bool:
        plain = [word for word in command if not word.startswith("-")]
        if plain[:2] == ["systemctl", "is-enabled"]:
            return plain[2] in self.enabled
        if plain[:2] == ["systemctl", "is-active"]:
            in_use = (self.root / "opt" / "pitboard").readlink()
            return str(in_use) not in self.broken
        return command[0] != "dpkg-query"
