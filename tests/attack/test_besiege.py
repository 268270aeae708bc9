"""The strangers of `make attack` begin and end as the program that starts them is used to."""

import signal
import socket
import subprocess
import sys
from pathlib import Path

import msgspec

from tests.attack.besiege import AtADoor, Job

LOOKS_MAX_COUNT = 400
LOOKED_EVERY_S = 0.05


def test_strangers_begin_where_their_program_leads_a_group_of_its_own(tmp_path: Path) -> None:
    told = tmp_path / "tries"
    asked = tmp_path / "jobs.json"
    with socket.create_server(("127.0.0.1", 0)) as door:
        jobs: list[Job] = [
            AtADoor(
                attack="silent_connections",
                port=door.getsockname()[1],
                tries=str(told),
                is_plain=True,
                count=1,
            )
        ]
        asked.write_bytes(msgspec.json.encode(jobs))
        strangers = subprocess.Popen(
            [sys.executable, "-m", "tests.attack.besiege", str(asked)], process_group=0
        )
        try:
            began = any(told.exists() or _ends(strangers) for _ in range(LOOKS_MAX_COUNT)) and told.exists()
        finally:
            strangers.send_signal(signal.SIGTERM)
            status = strangers.wait()
    assert began
    assert status == 0


def _ends(program: subprocess.Popen[bytes]) -> bool:
    """Return whether it ended while we waited a moment."""
    try:
        program.wait(LOOKED_EVERY_S)
    except subprocess.TimeoutExpired:
        return False
    return True
