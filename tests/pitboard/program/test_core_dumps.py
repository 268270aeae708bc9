"""A process that holds a contact leaves no image of its memory, however it ends."""

from __future__ import annotations

import ctypes
import os
import resource
import subprocess
import sys

from pitboard.program.core_dumps import forbid_core_dumps

PR_GET_DUMPABLE = 3


def test_a_process_that_forbade_it_is_not_dumped() -> None:
    child = os.fork()
    if child == 0:
        forbid_core_dumps()
        is_kept = resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
        os._exit(0 if is_kept and ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_touchscreen_forbids_it_before_it_reads_anything() -> None:
    script = (
        "import ctypes, sys\n"
        "from trackside.touch.command import touch\n"
        "try:\n    touch(['--config', '/nowhere'], standalone_mode=False)\n"
        "except Exception:\n    sys.exit(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
