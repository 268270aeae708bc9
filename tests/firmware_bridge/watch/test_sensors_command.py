"""The technician's command: the bridge's own words for its sensors, probing only what it does not hold."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from firmware_bridge.simulated.pseudo_terminal import PseudoTerminal
from firmware_bridge.watch.bridge_reporter import BridgeStatus, SensorView, write_bridge_status
from firmware_bridge.watch.sensors_command import format_bridge, sensors
from pitboard.unit_api.unit_status import SensorNote, SensorState
from tests.firmware_bridge.device_stage import bridge_with, until
from tests.firmware_bridge.test_bridge_process import answering


async def ask(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, sensors, arguments)


@pytest.fixture(autouse=True)
def _no_other_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("firmware_bridge.watch.port_names.DEV", Path("/nowhere"))


def test_a_running_bridge_tells_of_its_sensors_and_its_ports_are_left_alone(tmp_path: Path) -> None:
    async def story() -> None:
        with PseudoTerminal.open(tmp_path / "tty") as terminal:
            async with answering(terminal), bridge_with(tmp_path, 'port = "tty"') as trackside:
                await until(lambda: trackside.states[-1:] == ["ok"])
                config = str(tmp_path / "bridge.toml")
                told = json.loads((await ask("--config", config, "--json")).output)
                assert [sensor["state"] for sensor in told["bridge"]["sensors"]] == ["ok"]
                assert told["ports"] == []
                shown = await ask("--config", config)
                assert shown.exit_code == 0
                assert "s  OK  beamline at " in shown.output
                assert "beam clear" in shown.output

    asyncio.run(story())


def test_without_a_bridge_it_says_so(tmp_path: Path) -> None:
    async def story() -> None:
        async with bridge_with(tmp_path, 'address = "127.0.0.1:9"\nkind = "p3"'):
            pass
        result = await ask("--config", str(tmp_path / "bridge.toml"))
        assert (result.exit_code, "The bridge does not run" in result.output) == (1, True)

    asyncio.run(story())


def test_watching_needs_a_bridge() -> None:
    result = CliRunner().invoke(sensors, ["--watch"])
    assert result.exit_code == 2
    assert "--config" in result.output


def test_a_status_that_is_old_is_none(tmp_path: Path) -> None:
    async def story() -> None:
        async with bridge_with(tmp_path, 'address = "127.0.0.1:9"\nkind = "p3"'):
            pass
        stale = BridgeStatus(boot_id="another", mono_ns=0, sensors=[])
        write_bridge_status(tmp_path / "bridge-status.json", stale)
        assert "does not run" in (await ask("--config", str(tmp_path / "bridge.toml"))).output

    asyncio.run(story())


def test_the_table_says_what_alignment_needs() -> None:
    view = SensorView(
        sensor="beam-1",
        kind="beamline",
        place="/dev/serial/by-id/x",
        gate="finish",
        state=SensorState.BLOCKED,
        notes=[SensorNote(code="blocked", fields={"channels": "1"})],
        counters={"lines_good": 7, "gaps": 2},
        blocked=[1],
        last_edge_mono_ns=8_700_000_000,
        passings_per_min=4,
        rate_ppb=-12_340,
        signs={"strength": 163, "noise": 40},
    )
    note = SensorNote(code="raw-log-full", fields={"used_mb": 95, "max_mb": 100})
    status = BridgeStatus(boot_id="b", mono_ns=0, sensors=[view], note=note)
    assert format_bridge(status, now_mono_ns=10_000_000_000) == [
        "The raw log takes 95 of 100 MB. Raise spool_max_mb.",
        "beam-1  BLOCKED  beamline at /dev/serial/by-id/x, gate finish",
        "    beam BLOCKED 1   last edge 1.3 s ago   4 per minute   strength 163   clock -12.3 ppm",
        "    good 7   damaged 0   repeated 0   held off 0   overruns 0   lost 2   uncounted 0",
        "    noise 40",
        "    Beam 1 is interrupted: something stands in it, or it points beside its mirror.",
    ]
