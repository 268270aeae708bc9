"""`pitboard central … lights`: how every unit is, without going there."""

from __future__ import annotations

import sys

import click
import msgspec

from pitboard.errors import ActRefused, PeerLost
from sync.central.commands.admin_client import AdminClient
from sync.central.config import CentralConfig
from sync.central.ingest.unit_watch import UnitWatchView, WatchedUnit


@click.command("lights")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")
@click.pass_obj
def lights(config: CentralConfig, as_json: bool) -> None:
    """Show the lights and sensors of every enrolled unit. Exit status 1 means that one is not well."""
    try:
        view = AdminClient(config.admin_socket).ask("/v1/admin/units/status", UnitWatchView)
    except (ActRefused, PeerLost) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(msgspec.json.encode(view).decode())
    else:
        click.echo(
            "\n".join(line for unit in view.units for line in lines_of(unit)) or "No unit is enrolled."
        )
    if not all(_is_well(unit) for unit in view.units):
        sys.exit(1)


def lines_of(unit: WatchedUnit) -> list[str]:
    """Return a unit as text: a head, then what is not well."""
    if unit.status is None or unit.age_ms is None:
        return [f"{unit.name}: has said nothing since central started"]
    said = f"said {unit.age_ms // 1_000} s ago"
    lines = [f"{unit.name}: {'SILENT, last word ' if unit.is_silent else ''}{said}"]
    lines += [f"    {light.light} {light.state}: {light.detail}" for light in unit.status.lights]
    for sensor in unit.status.sensors:
        counters = ", ".join(f"{name} {count}" for name, count in sensor.counters.items() if count)
        lines.append(f"    {sensor.sensor} {sensor.state}{f' ({counters})' if counters else ''}")
    return lines


def _is_well(unit: WatchedUnit) -> bool:
    if unit.status is None or unit.is_silent:
        return False
    return all(light.state == "ok" for light in unit.status.lights)
