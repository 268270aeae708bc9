"""`pitboard sensors`: what is plugged in and how it is. Never disturbs a port that the bridge holds."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import msgspec

from firmware_bridge.config import BridgeConfig
from firmware_bridge.watch.bridge_status import BridgeStatus, BridgeStatusLost, read_bridge_status
from firmware_bridge.watch.port_probe import PortFinding, probe_port, serial_ports
from firmware_bridge.watch.sensor_table import format_bridge, format_findings
from pitboard.clock import Clock, SystemClock

CONFIG_DEFAULT = Path("/etc/pitboard/bridge.toml")
WATCH_EVERY_S = 0.2
PROBES_AT_ONCE = 8
_HOME_AND_CLEAR = "\x1b[H\x1b[J"


@click.command()
@click.argument("ports", nargs=-1, metavar="[PORT]...", type=click.Path(path_type=Path))
@click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"The bridge's TOML file; by default {CONFIG_DEFAULT} where that exists.",
)
@click.option("--watch", is_flag=True, help="Show the bridge's sensors live, for alignment, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, or one each time with --watch.")
def sensors(ports: tuple[Path, ...], config_path: Path | None, watch: bool, as_json: bool) -> None:
    """Show the bridge's sensors, and what answers on every other serial port and on each PORT.

    Exit status 1 means that nothing was found.
    """
    clock = SystemClock()
    if config_path is None and CONFIG_DEFAULT.exists():
        config_path = CONFIG_DEFAULT
    config = BridgeConfig.load(config_path) if config_path is not None else None
    if watch:
        if config is None:
            raise click.UsageError("--watch shows the sensors of a bridge: name its file with --config")
        _watch(config, clock, as_json=as_json)
        return
    status = _fresh_status(config, clock)
    findings = _probe_others(ports, config, status, clock)
    if as_json:
        click.echo(msgspec.json.encode({"bridge": status, "ports": findings}).decode())
    else:
        _show(config, status, findings, clock)
    if status is None and not any(finding.kind for finding in findings):
        sys.exit(1)


def _show(
    config: BridgeConfig | None, status: BridgeStatus | None, findings: Sequence[PortFinding], clock: Clock
) -> None:
    if status is not None:
        lines = format_bridge(status, now_mono_ns=clock.mono_ns())
    elif config is not None:
        lines = [f"The bridge does not run; its status would be in {config.status_path}."]
    else:
        lines = []
    lines += format_findings(findings)
    click.echo("\n".join(lines or ["No serial port is there."]))


def _fresh_status(config: BridgeConfig | None, clock: Clock) -> BridgeStatus | None:
    if config is None:
        return None
    try:
        status = read_bridge_status(config.status_path)
    except BridgeStatusLost:
        return None
    return status if status.is_fresh(clock.mono_ns(), boot_id=clock.boot_id) else None


def _probe_others(
    given: Sequence[Path], config: BridgeConfig | None, status: BridgeStatus | None, clock: Clock
) -> list[PortFinding]:
    configured = [sensor.port for sensor in config.sensors if sensor.port is not None] if config else []
    held = {os.path.realpath(sensor.place) for sensor in status.sensors} if status else set()
    ports = [port for port in serial_ports([*given, *configured]) if os.path.realpath(port) not in held]
    with ThreadPoolExecutor(PROBES_AT_ONCE) as threads:
        return list(threads.map(lambda port: probe_port(port, clock), ports))


def _watch(config: BridgeConfig, clock: Clock, *, as_json: bool) -> None:
    in_place = sys.stdout.isatty() and not as_json
    pause = threading.Event()
    try:
        while True:
            status = _fresh_status(config, clock)
            if as_json:
                click.echo(msgspec.json.encode({"bridge": status}).decode())
            else:
                lines = (
                    ["The bridge does not run; start it to watch its sensors."]
                    if status is None
                    else format_bridge(status, now_mono_ns=clock.mono_ns())
                )
                click.echo((_HOME_AND_CLEAR if in_place else "") + "\n".join(lines))
            pause.wait(WATCH_EVERY_S if in_place else 1)
    except KeyboardInterrupt:
        return
