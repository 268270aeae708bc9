"""The glass itself: dimmed where it has a backlight of its own, a television sent to sleep over HDMI.

What a screen cannot do is left to what is painted: darker colours, and black for off. HDMI-CEC goes through
`cec-ctl` of Debian's v4l-utils, where it is installed and the machine has a /dev/cec*."""

from __future__ import annotations

import logging
import shutil
import subprocess
from pathlib import Path

log = logging.getLogger(__name__)

CEC_MAX_S = 10.0
BRIGHTNESS_MIN_PERCENT = 10
_TELEVISION = "0"


class Glass:
    """Its calls wait for devices: make them in a thread."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root

    def dim(self, percent: int) -> bool:
        """Set the backlight; return False where there is none that we may set."""
        has_set = False
        for folder in sorted((self._root / "sys/class/backlight").glob("*")):
            try:
                most = int((folder / "max_brightness").read_text())
                (folder / "brightness").write_text(str(max(1, most * percent // 100)))
            except (OSError, ValueError) as error:
                log.warning("backlight not set: folder=%s reason=%s", folder.name, error)
                continue
            has_set = True
        return has_set

    def switch(self, *, is_on: bool) -> bool:
        """Wake the television or send it to sleep; return False where it cannot be told."""
        tool = shutil.which("cec-ctl")
        devices = sorted((self._root / "dev").glob("cec*"))
        if tool is None or not devices:
            return False
        told = False
        for device in devices:
            words = ["--image-view-on"] if is_on else ["--standby"]
            command = [tool, "--device", str(device), "--playback", "--to", _TELEVISION, *words]
            try:
                done = subprocess.run(command, capture_output=True, timeout=CEC_MAX_S, check=False)
            except (OSError, subprocess.TimeoutExpired) as error:
                log.warning("television not told: device=%s reason=%s", device, error)
                continue
            told = told or done.returncode == 0
        return told

    def temperature_mc(self) -> int | None:
        """Return how warm the machine is in thousandths of a degree; None where nothing tells."""
        try:
            return int((self._root / "sys/class/thermal/thermal_zone0/temp").read_text())
        except (OSError, ValueError):
            return None
