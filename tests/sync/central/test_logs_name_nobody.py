"""Central's log has no personal data: no name of a competitor, whatever is done with it at whichever door."""

from __future__ import annotations

import logging
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from pitboard.race.bodies.people_bodies import CompetitorRegistered
from sync.central.command import central as central_command
from tests.race_story import STRANGER, Teller
from tests.sync.central.admin.test_admin_door import CENTRAL_TOML
from tests.sync.central.central_stage import CentralThread, TrackStory

NAME = "Canary Birdsong"


def test_what_is_done_with_a_name_at_any_door_is_not_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)  # as the programs log
    with CentralThread(tmp_path, desk_port=0).running() as central:
        story = TrackStory().drives("c1", NAME, 12.0, 10.0)
        central.take(story.news())
        stranger = Teller(STRANGER, "Box")
        stranger.say(CompetitorRegistered(competitor_id="c2", name=f"{NAME} the Second"))
        central.take(stranger.records)
        asked = urllib.parse.quote(NAME)
        for door in (central.port, central.ingest_port):
            for path in (f"/api/v1/search?q={asked}", f"/{asked}", "/api/v1/board?after=" + asked):
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{door}{path}", timeout=5).read()
                except urllib.error.HTTPError as error:
                    error.close()
        config = tmp_path / "central.toml"
        config.write_text(CENTRAL_TOML)
        for words in (
            ["laps", NAME],
            ["disqualify", NAME, "--reason", "seen on video"],
            ["history", NAME],
            ["erase", NAME, "--reason", "asked for it", "--yes"],
        ):
            said = CliRunner().invoke(central_command, ["--config", str(config), *words])
            assert said.exit_code == 0, said.output
    assert len(caplog.records) > 0
    assert [one.getMessage() for one in caplog.records if "canary" in one.getMessage().lower()] == []
