"""No core dump of a process that holds what nobody else may read: a contact as it is typed, a passphrase."""

from __future__ import annotations

import ctypes
import logging
import resource

log = logging.getLogger(__name__)

PR_SET_DUMPABLE = 4  # prctl(2)


def forbid_core_dumps() -> None:
    """Let nobody write this process's memory to the disk, nor another program of its user read it."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    # A core pattern that is a pipe, as systemd-coredump's, does not look at the limit.
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        log.warning("core dumps not forbidden: errno=%d", ctypes.get_errno())
