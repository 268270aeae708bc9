"""What a drill did: each step's name, seconds and figures, said as it ends and kept in summary.json."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from pitboard.errors import PitboardError
from venue.appliance.box import seconds

SUMMARY = "summary.html"


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
        """Keep the steps as data, and as a page with every picture that was taken, in the order of time."""
        (self.folder / "summary.json").write_text(json.dumps({"steps": self.done}, indent=1) + "\n")
        rows = "".join(_row(step) for step in self.done)
        taken = sorted(self.folder.glob("*.png"), key=lambda path: path.stat().st_mtime_ns)
        pictures = "".join(
            f'<figure><img src="{escape(path.name)}" width="640"><figcaption>{escape(path.stem)}</figcaption>'
            "</figure>"
            for path in taken
        )
        (self.folder / SUMMARY).write_text(
            f"<!doctype html><meta charset=utf-8><title>Drill</title><table>{rows}</table>{pictures}\n",
            encoding="utf-8",
        )


def _row(step: dict[str, Any]) -> str:
    more = ", ".join(f"{key} {value}" for key, value in step.items() if key not in ("step", "seconds"))
    return f"<tr><td>{step['seconds']} s<td>{escape(step['step'])}<td>{escape(more)}"
