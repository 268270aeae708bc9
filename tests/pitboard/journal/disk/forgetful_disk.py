"""A disk that may forget what was not synced: follows recorded steps and shows what a power cut could leave.

Of a file, the synced content is there; each later write is there, or gone, or torn at 512-byte sectors, each
on its own. Of a folder, the names as they were synced, and some of the later changes in their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Literal

from tests.pitboard.journal.disk.recorded_files import (
    Acknowledged,
    DiskStep,
    Opened,
    Renamed,
    Synced,
    Truncated,
    Unlinked,
    Written,
)

SECTOR_BYTES = 512
Fate = Literal["kept", "gone", "torn"]
FATES: tuple[Fate, ...] = ("kept", "gone", "torn")


@dataclass(slots=True)
class _File:
    """`synced` is safe; `loose` is what the system was told since."""

    synced: bytearray = field(default_factory=bytearray)
    loose: list[Written | Truncated] = field(default_factory=list)
    size: int = 0

    def tell(self, step: Written | Truncated) -> None:
        if isinstance(step, Written):
            offset = self.size if step.offset is None else step.offset
            step = Written(step.path, offset, step.data)
            self.size = max(self.size, offset + len(step.data))
        else:
            self.size = step.size
        self.loose.append(step)

    def sync(self) -> None:
        for step in self.loose:
            _apply(self.synced, step)
        self.loose.clear()

    def after_cut(self, random: Random) -> bytes:
        content = bytearray(self.synced)
        fates = random.choice((("kept",), ("gone",), FATES, ("torn",)))
        for step in self.loose:
            fate = random.choice(fates)
            if fate == "kept":
                _apply(content, step)
            elif fate == "torn" and isinstance(step, Written):
                for part in _sectors(step):
                    if random.random() < 0.5:
                        _apply(content, part)
        return bytes(content)


class ForgetfulDisk:
    """`take` one step after the other; `cut` may be asked at any time and changes nothing."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self._names: dict[str, _File] = {}
        self._synced_names: dict[str, _File] = {}
        self._loose_names: list[dict[str, _File]] = []

    def take(self, step: DiskStep) -> None:
        match step:
            case Acknowledged():
                self.acknowledged += step.text.splitlines()
            case Synced() if step.path in self._names:
                self._names[step.path].sync()
            case Synced():  # a folder
                self._synced_names = self._names
                self._loose_names.clear()
            case Opened():
                self._file(step.path)
            case Written() | Truncated():
                self._file(step.path).tell(step)
            case Unlinked():
                self._rename({path: file for path, file in self._names.items() if path != step.path})
            case Renamed():
                moved = self._names[step.path]
                others = {path: file for path, file in self._names.items() if path != step.path}
                self._rename({**others, step.to: moved})

    def cut(self, folder: Path, random: Random) -> None:
        """Write into `folder` what may be left, under the files' own names."""
        names = random.choice([self._synced_names, *self._loose_names])
        for path, file in names.items():
            left = folder / Path(path).name
            left.touch(mode=0o600)
            left.write_bytes(file.after_cut(random))

    def _file(self, path: str) -> _File:
        if path not in self._names:
            self._rename({**self._names, path: _File()})
        return self._names[path]

    def _rename(self, names: dict[str, _File]) -> None:
        self._names = names
        self._loose_names.append(names)


def _apply(content: bytearray, step: Written | Truncated) -> None:
    if isinstance(step, Truncated):
        del content[step.size :]
        content.extend(bytes(step.size - len(content)))
        return
    assert step.offset is not None
    content.extend(bytes(max(0, step.offset - len(content))))
    content[step.offset : step.offset + len(step.data)] = step.data


def _sectors(step: Written) -> list[Written]:
    """Return the write in pieces that end at the disk's sectors."""
    assert step.offset is not None
    pieces = []
    start = 0
    while start < len(step.data):
        end = start + SECTOR_BYTES - (step.offset + start) % SECTOR_BYTES
        pieces.append(Written(step.path, step.offset + start, step.data[start:end]))
        start = end
    return pieces
