"""The light behind a panel, as Linux lets it be set; a screen on HDMI has none that can be."""

from __future__ import annotations

from pathlib import Path

_FOLDER = Path("/sys/class/backlight")
LEAST_PERCENT = 10
"""Below that nobody could read how to make it brighter again."""


class Backlight:
    """Of the first panel that has one; `percent` is None where there is none, or it may not be set."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        panels = sorted(folder.glob("*/brightness"))
        self._brightness = panels[0] if panels else None

    @property
    def percent(self) -> int | None:
        if self._brightness is None:
            return None
        try:
            most = int((self._brightness.parent / "max_brightness").read_text())
            return int(self._brightness.read_text()) * 100 // max(1, most)
        except (OSError, ValueError):
            return None

    def set(self, percent: int) -> bool:
        """Return whether it could be set; never darker than can be read."""
        if self._brightness is None:
            return False
        percent = max(LEAST_PERCENT, min(100, percent))
        try:
            most = int((self._brightness.parent / "max_brightness").read_text())
            self._brightness.write_text(str(-(-most * percent // 100)))
        except (OSError, ValueError):
            return False
        return True
