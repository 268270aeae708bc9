"""`pitboard sensors`: what is plugged in and how it is. Never disturbs a port that the bridge holds."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import msgspec

from firmware_bridge.config import BridgeConfig
from firmware_bridge.watch.bridge_reporter import BridgeStatus, SensorView, read_bridge_status
from firmware_bridge.watch.port_names import PortNames, serial_ports
from firmware_bridge.watch.port_probe import PortFinding, probe_port
from firmware_bridge.watch.sync_check import check_synchronisation, read_at
from pitboard.clock import Clock, SystemClock
from pitboard.errors import BridgeStatusLost
from pitboard.program.speech import shell_language
from pitboard.unit_api.sensor_sentences import note_sentence, sensor_sentence

_COUNTER_NAMES = (
    ("lines_good", "good"),
    ("lines_damaged", "damaged"),
    ("repeats", "repeated"),
    ("held_off", "held off"),
    ("overruns", "overruns"),
    ("gaps", "lost"),
    ("uncounted", "uncounted"),
)
# Signs that have a place of their own in the first line.
_PLACED_SIGNS = ("strength",)


def format_bridge(status: BridgeStatus, *, now_mono_ns: int) -> list[str]:
    """Return the lines that tell how the bridge's sensors are."""
    lines = [note_sentence(status.note)] if status.note is not None else []
    for sensor in status.sensors:
        lines += _format_sensor(sensor, now_mono_ns)
    return lines


def format_findings(findings: Sequence[PortFinding]) -> list[str]:
    """Return a line a port, and what is to be said of its name."""
    width = max((len(finding.port) for finding in findings), default=0)
    lines = []
    for finding in findings:
        said = f"{finding.baud} baud, {finding.detail}" if finding.baud else finding.detail
        lines.append(f"{finding.port:<{width}}  {finding.kind or '?':<9}  {said}")
        if finding.by_path and finding.by_path != finding.port:
            lines.append(f"    plugged in at {finding.by_path}")
        if finding.name_trouble:
            lines.append(f"    {finding.name_trouble}")
    return lines


def name_trouble(names: PortNames) -> str:
    if not names.is_unique:
        return (
            "Its by-id name is not its own: another adapter here has no other one, and they may swap at the "
            "next start. Use the by-path name, or device_id for a sensor of ours."
        )
    if not names.has_serial_number:
        return (
            "It has no serial number: a second adapter of this model would have the same by-id name. "
            "The by-path name is safer."
        )
    return ""


def _format_sensor(sensor: SensorView, now_mono_ns: int) -> list[str]:
    facts = [
        f"beam {_beam(sensor.blocked)}",
        f"last edge {_ago(sensor.last_edge_mono_ns, now_mono_ns)}",
        f"{sensor.passings_per_min} per minute",
        f"strength {sensor.signs.get('strength', '-')}",
        f"clock {_rate(sensor.rate_ppb)}",
    ]
    lines = [
        f"{sensor.sensor}  {sensor.state.upper()}  {sensor.kind} at {sensor.place}, gate {sensor.gate}",
        "    " + "   ".join(facts),
        "    " + "   ".join(f"{name} {sensor.counters.get(key, 0)}" for key, name in _COUNTER_NAMES),
    ]
    signs = {name: value for name, value in sensor.signs.items() if name not in _PLACED_SIGNS}
    if signs:
        lines.append("    " + "   ".join(f"{name} {value}" for name, value in signs.items()))
    if sensor.notes:
        lines.append(f"    {sensor_sentence(sensor)}")
    return lines


def _beam(blocked: Sequence[int] | None) -> str:
    if blocked is None:
        return "-"
    return "BLOCKED " + ", ".join(map(str, blocked)) if blocked else "clear"


def _ago(instant_mono_ns: int | None, now_mono_ns: int) -> str:
    if instant_mono_ns is None:
        return "-"
    tenths = max(0, now_mono_ns - instant_mono_ns) // 100_000_000
    return f"{tenths // 10}.{tenths % 10} s ago"


def _rate(rate_ppb: int | None) -> str:
    if rate_ppb is None:
        return "-"
    sign = "-" if rate_ppb < 0 else "+"
    return f"{sign}{abs(rate_ppb) // 1_000}.{abs(rate_ppb) // 100 % 10} ppm"


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
@click.option(
    "--sync-check",
    "sync_gate",
    metavar="GATE",
    help="Check that systems A and B at this gate run alike: a switch closed twice, a minute apart.",
)
def sensors(
    ports: tuple[Path, ...], config_path: Path | None, watch: bool, as_json: bool, sync_gate: str | None
) -> None:
    """Show the bridge's sensors, and what answers on every other serial port and on each PORT.

    Exit status 1 means that nothing was found, or that the two systems do not run alike.
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
    if sync_gate is not None:
        if config is None:
            raise click.UsageError("--sync-check asks a bridge: name its file with --config")
        _check_sync(config, sync_gate)
        return
    status = _fresh_status(config, clock)
    findings = _probe_others(ports, config, status, clock)
    if as_json:
        click.echo(msgspec.json.encode({"bridge": status, "ports": findings}).decode())
    else:
        _show(config, status, findings, clock)
    if status is None and not any(finding.kind for finding in findings):
        sys.exit(1)


def _check_sync(config: BridgeConfig, gate: str) -> None:
    result = check_synchronisation(gate, read=read_at(config.status_path), say=click.echo, sleep=time.sleep)
    click.echo(result.sentence)
    if not result.is_synchronised:
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
    click.echo("\n".join(lines or [shell_language().say("command.no-port")]))


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
    ports = [
        names for names in serial_ports([*given, *configured]) if os.path.realpath(names.port) not in held
    ]

    def probe(names: PortNames) -> PortFinding:
        return msgspec.structs.replace(
            probe_port(names.port, clock), by_path=names.by_path, name_trouble=name_trouble(names)
        )

    with ThreadPoolExecutor(PROBES_AT_ONCE) as threads:
        return list(threads.map(probe, ports))


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
                    [shell_language().say("command.no-bridge")]
                    if status is None
                    else format_bridge(status, now_mono_ns=clock.mono_ns())
                )
                click.echo((_HOME_AND_CLEAR if in_place else "") + "\n".join(lines))
            pause.wait(WATCH_EVERY_S if in_place else 1)
    except KeyboardInterrupt:
        return
