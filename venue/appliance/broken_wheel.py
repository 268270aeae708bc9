"""A version of ours that cannot start: what an upgrade must go back from by itself."""

from __future__ import annotations

import zipfile
from pathlib import Path


def break_wheel(wheel: Path, out: Path) -> None:
    """Copy our wheel with a fault that ends every program at its start."""
    with zipfile.ZipFile(wheel) as whole, zipfile.ZipFile(out, "w") as broken:
        for entry in whole.infolist():
            content = whole.read(entry)
            if entry.filename == "pitboard/program/program.py":
                content += b'\nraise RuntimeError("a version that cannot start")\n'
            broken.writestr(entry, content)
