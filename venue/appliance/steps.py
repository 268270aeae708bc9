"""What a drill did: each step's name, seconds and figures, said as it ends and kept in summary.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pitboard.errors import PitboardError
from venue.appliance.box import seconds


@dataclass(slots=True, kw_only=True)
class Steps:
    """The steps of one drill, in order."""

    folder: Path
    done: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[dict[str, Any]]:
        """Time what happens inside; the mapping takes figures that are said with it."""
        began = seconds()
        figures: dict[str, Any] = {}
        try:
            yield figures
        except (PitboardError, OSError) as error:
            self._tell(name, began, {**figures, "failed": str(error)})
            raise
        self._tell(name, began, figures)

    def _tell(self, name: str, began: float, figures: dict[str, Any]) -> None:
        told = {"step": name, "seconds": round(seconds() - began, 1), **figures}
        self.done.append(told)
        more = "".join(f", {key} {value}" for key, value in figures.items())
        print(f"{told['seconds']:7.1f} s  {name}{more}", flush=True)  # noqa: T201 - a report for people

    def write(self) -> None:
        (self.folder / "summary.json").write_text(json.dumps({"steps": self.done}, indent=1) + "\n")
