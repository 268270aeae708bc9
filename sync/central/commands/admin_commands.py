"""`pitboard central … correct | void | valid | take-offer | disqualify | reinstate | erase | laps | history`.

Several words may be typed without quotes; they are joined, so `void anna berg 2 3` names a lap."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from pitboard.errors import ActRefused, PeerLost
from pitboard.program.program import counted
from pitboard.program.speech import how_many, say, shell_language
from pitboard.unit_api.sensor_sentences import sensor_sentence
from sync.central.admin.admin_act import Correct, Decide, Disqualify, Erase, Judge, Reinstate, TakeOffer
from sync.central.admin.admin_acts import Done
from sync.central.admin.admin_app import CompetitorHistory, CompetitorLaps
from sync.central.commands.admin_client import AdminClient
from sync.central.commands.admin_text import done_text, history_text, laps_text
from sync.central.config import CentralConfig
from sync.central.ingest.unit_watch import UnitWatchView, WatchedUnit

Command = TypeVar("Command", bound=Callable[..., Any])

_WORDS: dict[str, Any] = {"nargs": -1, "required": True}
_lap = click.argument("lap", metavar="COMPETITOR/RUN/LAP", **_WORDS)
_run = click.argument("run", metavar="COMPETITOR/RUN", **_WORDS)
_competitor = click.argument("competitor", **_WORDS)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of text.")


def _act(name: str, *, can_be_undone: bool = True) -> Callable[[Command], click.Command]:
    """Declare an act: its reason, its undoing, and how the outcome is printed."""

    def declare(function: Command) -> click.Command:
        command: Any = click.pass_obj(function)
        for option in (
            _as_json,
            # Where it cannot be undone, whoever asks for it is told so; the help does not offer it.
            click.option("--undo", is_flag=True, hidden=not can_be_undone, help="Take this act back."),
            click.option("--reason", required=True, help="Why; kept in the journal. Name nobody in it."),
        ):
            command = option(command)
        return click.command(name)(command)

    return declare


@_act("correct")
@_lap
@click.option("--time", help="The lap's time, like 12.345 or 1:02.345.")
def correct(
    config: CentralConfig, lap: tuple[str, ...], time: str | None, reason: str, undo: bool, as_json: bool
) -> None:
    """Give a lap another time than the measured one."""
    if time is None and not undo:
        raise click.UsageError("Say the lap's time, with --time 12.345.")
    _do(config, Correct(lap=" ".join(lap), time=time, reason=reason, undo=undo), as_json=as_json)


@_act("void")
@_lap
def void(config: CentralConfig, lap: tuple[str, ...], reason: str, undo: bool, as_json: bool) -> None:
    """Take a lap out of the results."""
    _do(config, Judge(lap=" ".join(lap), verdict="void", reason=reason, undo=undo), as_json=as_json)


@_act("valid")
@_lap
def valid(config: CentralConfig, lap: tuple[str, ...], reason: str, undo: bool, as_json: bool) -> None:
    """Let a lap count that was too short, or that the official called void."""
    _do(config, Judge(lap=" ".join(lap), verdict="valid", reason=reason, undo=undo), as_json=as_json)


@_act("confirm-run")
@_run
def confirm_run(config: CentralConfig, run: tuple[str, ...], reason: str, undo: bool, as_json: bool) -> None:
    """Put a run on the board that the official left open or discarded."""
    _do(config, Decide(run=" ".join(run), decision="confirmed", reason=reason, undo=undo), as_json=as_json)


@_act("discard-run")
@_run
def discard_run(config: CentralConfig, run: tuple[str, ...], reason: str, undo: bool, as_json: bool) -> None:
    """Take a whole run off the board."""
    _do(config, Decide(run=" ".join(run), decision="discarded", reason=reason, undo=undo), as_json=as_json)


@_act("take-offer")
@_run
@click.option("--passing", default="", help="Which one, where A missed several: as `laps` names it.")
def take_offer(
    config: CentralConfig, run: tuple[str, ...], passing: str, reason: str, undo: bool, as_json: bool
) -> None:
    """Put in a passing that system A missed, with its calculated time."""
    act = TakeOffer(run=" ".join(run), passing=passing, reason=reason, undo=undo)
    _do(config, act, as_json=as_json)


@_act("disqualify")
@_competitor
def disqualify(
    config: CentralConfig, competitor: tuple[str, ...], reason: str, undo: bool, as_json: bool
) -> None:
    """Take a competitor out of the ranking."""
    _do(config, Disqualify(competitor=" ".join(competitor), reason=reason, undo=undo), as_json=as_json)


@_act("reinstate")
@_competitor
def reinstate(
    config: CentralConfig, competitor: tuple[str, ...], reason: str, undo: bool, as_json: bool
) -> None:
    """Put a disqualified competitor back into the ranking."""
    _do(config, Reinstate(competitor=" ".join(competitor), reason=reason, undo=undo), as_json=as_json)


@_act("erase", can_be_undone=False)
@_competitor
@click.option("--yes", is_flag=True, help="Do not ask.")
def erase(
    config: CentralConfig, competitor: tuple[str, ...], reason: str, undo: bool, as_json: bool, yes: bool
) -> None:
    """Erase a person's name from every journal, for ever."""
    typed = " ".join(competitor)
    if not (yes or undo):
        found = _client(config).ask("/v1/admin/laps", CompetitorLaps, competitor=typed)
        runs = how_many("command.count-runs", len(found.runs))
        say("command.erase-whom", err=True, name=found.name, id=found.competitor_id, runs=runs)
        say("command.erase-what", err=True)
        say("command.erase-copies", err=True)
        say("command.erase-memory", err=True)
        if not _is_confirmed(found.name):
            raise click.ClickException("That is not the name; nothing was erased.")
        typed = found.competitor_id
    _do(config, Erase(competitor=typed, reason=reason, undo=undo), as_json=as_json)


@click.command()
@_competitor
@_as_json
@click.pass_obj
def laps(config: CentralConfig, competitor: tuple[str, ...], as_json: bool) -> None:
    """List a competitor's runs and laps, with the numbers to name them by."""
    found = _client(config).ask("/v1/admin/laps", CompetitorLaps, competitor=" ".join(competitor))
    click.echo(_json(found) if as_json else laps_text(found))


@click.command()
@_competitor
@_as_json
@click.pass_obj
def history(config: CentralConfig, competitor: tuple[str, ...], as_json: bool) -> None:
    """Tell what was done about a competitor: when, by whom, what and why."""
    found = _client(config).ask("/v1/admin/history", CompetitorHistory, competitor=" ".join(competitor))
    click.echo(_json(found) if as_json else history_text(found))


def _is_confirmed(name: str) -> bool:
    try:
        answer: str = click.prompt(
            shell_language().say("command.erase-ask", name=name), default="", show_default=False, err=True
        )
    except click.Abort:  # Ctrl-C, or nobody there to answer
        return False
    return answer.strip() == name


ADMIN_COMMANDS: list[click.Command] = [
    correct,
    void,
    valid,
    confirm_run,
    discard_run,
    take_offer,
    disqualify,
    reinstate,
    erase,
    laps,
    history,
]


def _client(config: CentralConfig) -> AdminClient:
    return AdminClient(config.admin_socket)


def _do(config: CentralConfig, act: msgspec.Struct, *, as_json: bool) -> None:
    done = _client(config).do(act, Done)
    click.echo(_json(done) if as_json else done_text(done, shell_language()))


def _json(value: msgspec.Struct) -> str:
    return msgspec.json.encode(value).decode()


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
            "\n".join(line for unit in view.units for line in lines_of(unit))
            or shell_language().say("command.no-unit")
        )
    if not all(_is_well(unit) for unit in view.units):
        sys.exit(1)


def lines_of(unit: WatchedUnit) -> list[str]:
    """Return a unit as text: a head, then what is not well."""
    if unit.status is None or unit.age_ms is None:
        return [f"{unit.name}: has said nothing since central started"]
    said = f"said {unit.age_ms // 1_000} s ago"
    version = f", version {unit.status.version}" if unit.status.version else ""
    lines = [f"{unit.name}: {'SILENT, last word ' if unit.is_silent else ''}{said}{version}"]
    lines += [f"    {light.light} {light.state}: {light.detail}" for light in unit.status.lights]
    if unit.clock is not None:
        way = "behind" if unit.clock.way == "behind" else "ahead of"
        lines.append(f"    clock {unit.clock.gap} {way} central's: set the one that is wrong")
    for sensor in unit.status.sensors:
        counters = ", ".join(f"{name} {count}" for name, count in sensor.counters.items() if count)
        lines.append(f"    {sensor.sensor} {sensor.state}{f' ({counters})' if counters else ''}")
        if sensor.notes:
            lines.append(f"        {sensor_sentence(sensor)}")
    if unit.status.waiting_count:
        lines.append(f"    {counted(unit.status.waiting_count, 'record')} still to come")
    lines += [f"    {note.sentence} {note.advice}" for note in unit.status.machine if note.colour != "green"]
    return lines


def _is_well(unit: WatchedUnit) -> bool:
    if unit.status is None or unit.is_silent:
        return False
    is_machine_well = all(note.colour != "red" for note in unit.status.machine)
    return unit.clock is None and is_machine_well and all(one.state == "ok" for one in unit.status.lights)
