"""The append-only spool of all that the sensors sent: evidence, and what a restarted bridge builds on.

JSON lines, files of a day and of a bounded size, numbered because the date may jump. A line torn by a power
cut is skipped."""

from __future__ import annotations

import errno
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pitboard.clock import Clock
from pitboard.errors import NOT_UNDERSTOOD, RawLogLost

_FILE_NAME = re.compile(r"raw-(\d{6})-(\d{4}-\d\d-\d\d)\.jsonl")
RECENT_DATES_MAX_COUNT = 2
# So that the bound on the folder holds for today too: only whole files are deleted.
FILE_MAX_BYTES = 4_000_000
BRIDGE_STARTED = "bridge-started"
SENSOR_SET = "sensor-set"
START_NAMED = "start-named"
PORT_OPENED = "port-opened"
PORT_CLOSED = "port-closed"
HOST_SLEPT = "host-slept"


class RawRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Bytes as received (`raw`, a character a byte), or a mark with its sentence."""

    mono_ns: int
    boot_id: str
    sensor: str = ""
    raw: str | None = None
    mark: str | None = None
    detail: str = ""
    utc_ms: int | None = None

    @property
    def data(self) -> bytes:
        return (self.raw or "").encode("latin-1")


NamesStarts = Callable[[], Iterable[tuple[str, str]]]
"""Tells (sensor, how its device's start is named) now; each new file begins with it."""


class RawLog:
    """Appends; nothing is durable before `sync` returns. `sync` may run in another thread."""

    def __init__(self, *, folder: Path, clock: Clock) -> None:
        self.names_starts: NamesStarts = tuple
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._fd = -1
        self._path = folder
        self._date = ""
        self._size = 0
        self._is_torn = False
        self._settings: dict[str, RawRecord] = {}

    @classmethod
    @contextmanager
    def open(cls, folder: Path, *, clock: Clock) -> Iterator[RawLog]:
        """Open the spool in `folder`, made if missing. Raises RawLogLost."""
        raw_log = cls(folder=folder, clock=clock)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            raw_log._open_day(_date_of(clock.utc_ms()))
        except OSError as error:
            raise RawLogLost(path=folder, reason=error.strerror or str(error)) from error
        try:
            yield raw_log
        finally:
            raw_log._close()

    @property
    def path(self) -> Path:
        """The file that is written now."""
        return self._path

    def append_bytes(self, sensor: str, data: bytes, *, mono_ns: int) -> None:
        """Append what a port gave. Raises RawLogLost."""
        self._append(
            RawRecord(mono_ns=mono_ns, boot_id=self._clock.boot_id, sensor=sensor, raw=data.decode("latin-1"))
        )

    def append_mark(self, mark: str, *, sensor: str = "", detail: str = "") -> None:
        """Append that something happened around the bytes. Raises RawLogLost.

        Each new file begins with the latest SENSOR_SET of each sensor and a START_NAMED, so that it explains
        itself.
        """
        record = self._mark(mark, sensor, detail)
        self._append(record)
        if mark == SENSOR_SET:
            self._settings[sensor] = record

    def append_starts(self) -> None:
        """Append how the devices' starts are named now. Raises RawLogLost."""
        for sensor, detail in self.names_starts():
            self.append_mark(START_NAMED, sensor=sensor, detail=detail)

    def sync(self) -> None:
        """Return once all that was appended before is on the disk. Raises RawLogLost."""
        with self._lock:
            try:
                os.fdatasync(self._fd)
            except OSError as error:
                raise RawLogLost(path=self._path, reason=error.strerror or str(error)) from error

    def _append(self, record: RawRecord) -> None:
        try:
            date = _date_of(self._clock.utc_ms())
            if date != self._date or self._size >= FILE_MAX_BYTES:
                self._close()
                self._open_day(date)
                for setting in self._settings.values():
                    self._write(setting)
                for sensor, detail in self.names_starts():
                    self._write(self._mark(START_NAMED, sensor, detail))
            self._write(record)
        except OSError as error:
            raise RawLogLost(path=self._path, reason=error.strerror or str(error)) from error

    def _mark(self, mark: str, sensor: str, detail: str) -> RawRecord:
        return RawRecord(
            mono_ns=self._clock.mono_ns(),
            boot_id=self._clock.boot_id,
            sensor=sensor,
            mark=mark,
            detail=detail,
            utc_ms=self._clock.utc_ms(),
        )

    def _write(self, record: RawRecord) -> None:
        line = msgspec.json.encode(record) + b"\n"
        # What a full disk cut off must not swallow the line after it.
        line = b"\n" + line if self._is_torn else line
        written = os.write(self._fd, line)
        self._size += written
        self._is_torn = written < len(line)
        if self._is_torn:
            raise RawLogLost(path=self._path, reason=os.strerror(errno.ENOSPC))

    def _open_day(self, date: str) -> None:
        files = raw_files(self._folder)
        last = files[-1] if files else None
        if last is not None and date_in_name(last) == date and last.stat().st_size < FILE_MAX_BYTES:
            path = last
        else:
            number = int(last.name.split("-")[1]) + 1 if last is not None else 1
            path = self._folder / f"raw-{number:06}-{date}.jsonl"
        with self._lock:
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o640)
            self._path, self._date = path, date
            self._size = os.fstat(self._fd).st_size
            self._is_torn = self._size > 0 and os.pread(self._fd, 1, self._size - 1) != b"\n"
        _sync_folder(self._folder)

    def _close(self) -> None:
        with self._lock:
            if self._fd >= 0:
                os.fdatasync(self._fd)
                os.close(self._fd)
                self._fd = -1
                self._date = ""


def raw_files(folder: Path) -> list[Path]:
    """Return the spool's files, oldest first."""
    return sorted(path for path in folder.glob("raw-*.jsonl") if _FILE_NAME.fullmatch(path.name))


def recent_raw_files(folder: Path) -> list[Path]:
    """Return the files of the last two dates written, oldest first; what a start reads back."""
    recent: list[Path] = []
    dates: set[str] = set()
    for path in reversed(raw_files(folder)):
        dates.add(date_in_name(path))
        if len(dates) > RECENT_DATES_MAX_COUNT:
            break
        recent.append(path)
    return recent[::-1]


def read_raw_records(paths: Iterable[Path]) -> Iterator[RawRecord]:
    """Yield what the files hold, in order; lines that are no record are left out. Raises RawLogLost."""
    decoder = msgspec.json.Decoder(RawRecord)
    for path in paths:
        try:
            with path.open("rb") as file:
                for line in file:
                    try:
                        yield decoder.decode(line)
                    except NOT_UNDERSTOOD:
                        continue
        except OSError as error:
            raise RawLogLost(path=path, reason=error.strerror or str(error)) from error


def _date_of(utc_ms: int) -> str:
    return datetime.fromtimestamp(utc_ms // 1000, UTC).strftime("%Y-%m-%d")


def date_in_name(path: Path) -> str:
    """Return the date of a spool file."""
    match = _FILE_NAME.fullmatch(path.name)
    assert match is not None
    return match[2]


def _sync_folder(folder: Path) -> None:
    folder_fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder_fd)
    finally:
        os.close(folder_fd)
