"""What keeps a program with a screen from starting stands on that screen until it is put right.

Only under systemd: a person at a terminal is told there, and the command ends. Meanwhile systemd sees a start
that goes on, so a machine that waits like this is never taken for one that works."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from pitboard.errors import PitboardError
from pitboard.program.service import SERVICE, Service

log = logging.getLogger(__name__)

LOOK_S = 0.5
HOLD_MAX_S = 10.0
"""Of a trouble that no file of ours tells the end of, such as a port that another program has."""
_WATCHED_SUFFIXES = frozenset((".toml", ".key", ".pem"))

Loaded = TypeVar("Loaded")


class NoticeScreen(Protocol):
    """A screen that has nothing to show but a sentence."""

    def show(self, error: PitboardError) -> None: ...

    def close(self) -> None: ...


def load_or_say(
    program: str,
    load: Callable[[], Loaded],
    screen: Callable[[], NoticeScreen],
    *,
    service: Service = SERVICE,
    rest: Callable[[float], None] = time.sleep,
) -> Loaded:
    """Return what is loaded; while it is refused the reason is on the screen, and what is put right is taken
    at the next look. Raises PitboardError at a terminal."""
    said, notice = "", None
    try:
        while True:
            try:
                return load()
            except PitboardError as error:
                if service.address is None:
                    raise
                notice = notice or screen()
                notice.show(error)
                if str(error) != said:
                    said = str(error)
                    log.error("%s waits: %s", program, said)
                service.say_waiting(program, said)
            rest(LOOK_S)
    finally:
        if notice is not None:
            notice.close()


def say_until_changed(
    program: str,
    error: PitboardError,
    screen: Callable[[], NoticeScreen],
    *,
    folders: Iterable[Path],
    service: Service = SERVICE,
    rest: Callable[[float], None] = time.sleep,
) -> None:
    """Show why the program ended until a config or key in the folders changes, or for some seconds; then the
    program ends, and systemd starts it anew."""
    if service.address is None:
        return
    folders = tuple(folders)
    before, notice = _marks(folders), screen()
    try:
        for _ in range(int(HOLD_MAX_S / LOOK_S)):
            notice.show(error)
            service.say_waiting(program, str(error))
            service.beat()
            rest(LOOK_S)
            if _marks(folders) != before:
                return
    finally:
        notice.close()


def _marks(folders: Iterable[Path]) -> dict[str, tuple[int, ...]]:
    """Return what changes with a config or key: content, rights, owner."""
    marks: dict[str, tuple[int, ...]] = {}
    for folder in folders:
        try:
            for path in folder.iterdir():
                if path.suffix in _WATCHED_SUFFIXES:
                    facts = path.stat()
                    marks[str(path)] = (facts.st_mtime_ns, facts.st_size, facts.st_mode, facts.st_uid)
        except OSError:
            continue
    return marks
