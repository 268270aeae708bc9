"""A unit takes its doors before it writes that it started."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from pitboard.clock import SystemClock
from pitboard.errors import Refusal
from pitboard.journal.replica import Replica
from tests.race_story import ROOT
from trackside.config import TracksideConfig
from trackside.unit import run_unit

CONFIG = """
name = "Track A"
event_key = "{root}"
key_file = "unit.key"
journal = "unit.db"
[api]
socket = "api.sock"
[lan]
host = "127.0.0.1"
port = {port}
mdns = false
"""


def test_a_unit_whose_port_is_taken_writes_nothing(tmp_path: Path) -> None:
    """With `Restart=always` it wrote a stream each second, and no start succeeded after the 441st."""

    async def story() -> None:
        with socket.socket() as holder:
            holder.bind(("127.0.0.1", 0))
            holder.listen()
            path = tmp_path / "trackside.toml"
            path.write_text(CONFIG.format(root=ROOT.key, port=holder.getsockname()[1]))
            config = TracksideConfig.load(path)
            with pytest.raises(Refusal, match="stop what uses it"):
                await run_unit(config, asyncio.Event())
            async with Replica.open(config.journal, root_key=ROOT.key, clock=SystemClock()) as replica:
                assert replica.have() == {}
            assert not config.api.socket.exists()

    asyncio.run(story())
