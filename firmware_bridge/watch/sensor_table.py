"""The words of `pitboard sensors`: one block a sensor of the bridge, one line for any other port."""

from __future__ import annotations

from collections.abc import Sequence

from firmware_bridge.watch.bridge_status import BridgeStatus, SensorView
from firmware_bridge.watch.port_probe import PortFinding

_COUNTER_NAMES = (
    ("lines_good", "good"),
    ("lines_damaged", "damaged"),
    ("repeats", "repeated"),
    ("held_off", "held off"),
    ("overruns", "overruns"),
    ("gaps", "lost"),
)
# Signs that have a place of their own in the first line.
_PLACED_SIGNS = ("strength",)


def format_bridge(status: BridgeStatus, *, now_mono_ns: int) -> list[str]:
    """Return the lines that tell how the bridge's sensors are."""
    lines = [status.warning] if status.warning else []
    for sensor in status.sensors:
        lines += _format_sensor(sensor, now_mono_ns)
    return lines


def format_findings(findings: Sequence[PortFinding]) -> list[str]:
    """Return one line a port."""
    width = max((len(finding.port) for finding in findings), default=0)
    return [
        f"{finding.port:<{width}}  {finding.kind or '?':<9}  "
        + (f"{finding.baud} baud, {finding.detail}" if finding.baud else finding.detail)
        for finding in findings
    ]


def _format_sensor(sensor: SensorView, now_mono_ns: int) -> list[str]:
    facts = [
        f"beam {_beam(sensor.blocked)}",
        f"last edge {_ago(sensor.last_edge_mono_ns, now_mono_ns)}",
        f"{sensor.passings_per_min} a minute",
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
    if sensor.detail:
        lines.append(f"    {sensor.detail}")
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
