"""`pitboard doctor`: everything that can be wrong with this machine, before the race finds it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click
import msgspec

from pitboard.clock import SystemClock
from pitboard.health.broker_findings import broker_findings
from pitboard.health.findings import Finding, machine_findings, worst
from pitboard.health.kept_findings import kept_findings
from pitboard.health.machine_facts import read_machine_facts
from pitboard.health.node_findings import (
    ask_unit,
    config_findings,
    owner_findings,
    program_findings,
    programs_here,
    screen_findings,
    unit_findings,
)
from pitboard.health.venue_findings import central_findings, units_findings, venue_findings
from pitboard.health.venue_look import look_at_venue, units_of_central
from pitboard.program.speech import shell_language
from pitboard.unit_api.unit_status import UnitStatus

_ENDS = {"green": 0, "yellow": 0, "red": 1}
_COLOUR_WORDS = {"green": "command.green", "yellow": "command.yellow", "red": "command.red"}
_STYLES = {"green": "green", "yellow": "yellow", "red": "red"}


class Diagnosis(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints."""

    version: str
    colour: str
    findings: list[Finding]


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of lines.")
@click.option(
    "--configs", default="/etc/pitboard", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)
@click.option(
    "--data", default="/var/lib/pitboard", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)
@click.option(
    "--runtime", default="/run/pitboard", show_default=True, type=click.Path(path_type=Path, file_okay=False)
)
def doctor(as_json: bool, configs: Path, data: Path, runtime: Path) -> None:
    """Look at this machine and its programs; say for each what is not well and what to do.

    The exit status is 1 if anything is red.
    """
    findings = list(all_findings(configs, data, runtime))
    colour = worst(findings)
    if as_json:
        diagnosis = Diagnosis(version=version("pitboard"), colour=colour, findings=findings)
        click.echo(msgspec.json.format(msgspec.json.encode(diagnosis), indent=1).decode())
    else:
        words = shell_language()
        for finding in sorted(findings, key=lambda one: ("red", "yellow", "green").index(one.colour)):
            colour_word = words.say(_COLOUR_WORDS[finding.colour])
            sentence, advice = finding.spoken(words)
            click.echo(f"{click.style(f'{colour_word:<6}', fg=_STYLES[finding.colour])}  {sentence}")
            if advice:
                click.echo(f"        -> {advice}")
    sys.exit(_ENDS[colour])


def all_findings(configs: Path, data: Path, runtime: Path) -> Iterator[Finding]:
    """Yield all that is to be said of this machine and its programs."""
    yield from program_findings(configs, runtime)
    yield from config_findings(configs)
    yield from owner_findings(data)
    yield from screen_findings(configs)
    yield from broker_findings(configs, SystemClock())
    yield from machine_findings(read_machine_facts(data, utc_ms=SystemClock().utc_ms()))
    yield from kept_findings(data)
    told = ask_unit(runtime / "trackside.sock") if "trackside" in programs_here(configs) else None
    if told is not None:
        yield from unit_findings(told)
    status = told if isinstance(told, UnitStatus) else None
    units = units_of_central(configs)
    yield from units_findings(units)
    seen, answer = look_at_venue(configs, data, status, units, version=version("pitboard"))
    yield from central_findings(answer)
    if seen is not None:
        yield from venue_findings(seen)
