"""A sync program that was given a wrong socket says so itself, once, and takes it back."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from pitboard.clock import ScriptedClock
from pitboard.errors import LossCode, PeerLost
from pitboard.program.service import SERVICE, read_last_words
from sync.relay import UNIT_SILENT_NS, CentralLink


def test_a_wrong_unit_socket_is_said_once_where_people_look(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SERVICE, "folder", tmp_path)
    clock = ScriptedClock()
    link = CentralLink(tmp_path / "api.sock", "https://central:1", clock)
    lost = PeerLost(peer="this unit", code=LossCode.NOT_RUNNING)
    with caplog.at_level(logging.ERROR):
        link._unit_failed(lost)
        clock.advance(ms=UNIT_SILENT_NS // 1_000_000 - 1)
        link._unit_failed(lost)
        assert read_last_words(tmp_path, "sync") is None
        clock.advance(ms=1)
        for _ in range(3):
            link._unit_failed(lost)
    said = read_last_words(tmp_path, "sync")
    assert said is not None
    assert said.sentence.startswith(f"The unit does not answer at {tmp_path}/api.sock (it is not running).")
    assert len([one for one in caplog.records if "unit_socket" in one.message]) == 1
    link._unit_answered()
    assert read_last_words(tmp_path, "sync") is None
