"""The device's end of a pseudo-terminal whose other end has a stable name, like /dev/serial/by-id/...

Writing never waits: what the host has not read when the buffer is full is dropped, as USB CDC does."""

from __future__ import annotations

import os
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pitboard.errors import Refusal

READ_MAX_BYTES = 4096


class PseudoTerminal:
    """An open pair; the host opens `path`."""

    def __init__(self, *, device_fd: int, path: str) -> None:
        self._device_fd = device_fd
        self.path = path

    @classmethod
    @contextmanager
    def open(cls, link: Path | None = None) -> Iterator[PseudoTerminal]:
        """Open a pair; `link` becomes a symbolic link to the host's end until closed."""
        device_fd, host_fd = os.openpty()
        try:
            # Our own descriptor of the host's end stays open: without any, reading ours fails with EIO.
            tty.setraw(host_fd)
            os.set_blocking(device_fd, False)
            terminal = cls(device_fd=device_fd, path=os.ttyname(host_fd))
            if link is not None:
                _place_link(link, terminal.path)
            try:
                yield terminal
            finally:
                if link is not None:
                    with suppress(OSError):
                        link.unlink()
        finally:
            os.close(device_fd)
            os.close(host_fd)

    def fileno(self) -> int:
        return self._device_fd

    def write(self, data: bytes) -> int:
        """Return how many bytes went in; the rest is lost."""
        try:
            return os.write(self._device_fd, data)
        except BlockingIOError:
            return 0

    def read(self) -> bytes:
        """Return what the host wrote, or nothing."""
        try:
            return os.read(self._device_fd, READ_MAX_BYTES)
        except BlockingIOError:
            return b""


def _place_link(link: Path, target: str) -> None:
    """Put the link there in one step, in place of one that an earlier run left; raises Refusal."""
    if link.exists() and not link.is_symlink():
        raise Refusal(f"{link}: another file is there; name a place for the simulated port")
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    try:
        link.parent.mkdir(parents=True, exist_ok=True)
        fresh.symlink_to(target)
        fresh.replace(link)
    except OSError as error:
        raise Refusal(f"{link}: the simulated port cannot be put there: {error.strerror}") from error
