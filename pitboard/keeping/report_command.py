"""`pitboard report`: the timing report of a day, for whoever has to show afterwards how it was timed.

Made of a journal alone: devices, how two systems agreed, and every time, penalty and withdrawal that a person
said, by whom. A bridge's raw log adds what the sensors were set to and when their ports came and went."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import click
import msgspec

from pitboard.drawing.time_text import format_lap_ns
from pitboard.errors import NOT_UNDERSTOOD, Refusal
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import stamp_utc_ms
from pitboard.journal.views.run_views import view_act
from pitboard.keeping.journal_copy import fold_file
from pitboard.race.bodies import passing_bodies, run_bodies, verdict_bodies
from pitboard.race.bodies.body import ActWithdrawn
from pitboard.race.bodies.calculated import mark_text
from pitboard.race.passings.attribution import BACKUP_SYSTEM, FIRST_SYSTEM, HAND
from pitboard.race.passings.two_systems import Pairing, Sighting, agreement, pair
from pitboard.race.runs.run_parts import SaidAct
from pitboard.race.words.word import Statement

TOLD_OF = (
    passing_bodies.PassingInserted,
    verdict_bodies.LapCorrected,
    verdict_bodies.PenaltyGiven,
    verdict_bodies.PlaceJudged,
    run_bodies.RunStarted,
    passing_bodies.PassingAttributed,
    passing_bodies.PassingJudged,
    ActWithdrawn,
)
"""What a person said that made a time another one."""
_NS_NAMES = ("lap_ns", "penalty_ns", "uncertainty_ns", "correction_ns")
_NOT_SAID = ("by", "where", "act_id", "reason", "boot_id", "stream", "seq", "unit", "mono_ns")


class _Mark(msgspec.Struct, frozen=True):
    """A line of a raw log that is no bytes; docs/bridge.md has the format."""

    mark: str | None = None
    sensor: str = ""
    detail: str = ""
    utc_ms: int | None = None


@click.command()
@click.option(
    "--journal",
    "journal_path",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Journal file of a unit, a display or central; its program may run.",
)
@click.option("--day", required=True, help="The day, as 2026-06-06; days begin at midnight UTC.")
@click.option(
    "--bridge",
    "raw_log_folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder of a bridge's raw log, for what its sensors were set to.",
)
def report(journal_path: Path, day: str, raw_log_folder: Path | None) -> None:
    """Print the timing report of a day: devices, two systems, and each time that a person made."""
    try:
        the_day = date.fromisoformat(day)
    except ValueError as error:
        raise Refusal(f"'{day}' is no day; write it as 2026-06-06") from error
    fold = fold_file(journal_path)
    for line in report_lines(fold, the_day, raw_log_folder):
        click.echo(line)


def report_lines(fold: Fold, day: date, raw_log_folder: Path | None = None) -> Iterator[str]:
    """Yield the report's lines."""
    everything = [Statement(word, key, body) for key, body, word in fold.statements()]
    at = {(one.word.stream, one.word.seq): one for one in everything}
    said = [one for one in everything if _day_of(stamp_utc_ms(one.word.stamp)) == day]
    said.sort(key=lambda one: one.word.moment)
    event = fold.race.event.value
    yield f"Timing report: {'Pitboard' if event is None else event.name}, {day.isoformat()} (UTC)"
    yield f"Made by Pitboard {version('pitboard')}"
    passings = [(one.unit, one.body) for one in said if isinstance(one.body, passing_bodies.PassingRecorded)]
    yield from _titled("Devices", _devices(fold, passings))
    yield from _titled("Sensors and software", _sensors(fold, said))
    yield from _titled("Synchronisation", _checks(fold, said))
    yield from _titled("Two systems", _systems(fold, passings))
    acts = [view_act(fold, one) for one in said if isinstance(one.body, TOLD_OF)]
    yield from _titled(
        "Times set by hand or calculated, penalties", _acts(fold, acts, at, are_withdrawn=False)
    )
    yield from _titled("Withdrawn", _acts(fold, acts, at, are_withdrawn=True))
    if raw_log_folder is not None:
        yield from _titled("Raw log", _marks(raw_log_folder, day))


def _titled(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield ""
    yield title
    found = [f"  {line}" for line in lines]
    yield from found or ["  nothing"]


def _devices(fold: Fold, passings: Sequence[tuple[str, passing_bodies.PassingRecorded]]) -> Iterator[str]:
    devices: dict[tuple[str, ...], list[passing_bodies.PassingRecorded]] = {}
    for unit, body in passings:
        place = (_unit(fold, unit), body.track, body.gate, body.system, body.sensor)
        devices.setdefault(place, []).append(body)
    for (unit_name, track, gate, system, sensor), own in sorted(devices.items()):
        starts = len({one.sensor_boot for one in own})
        flags = sorted({one.flag for one in own if one.flag is not None})
        sure_ms = max(one.uncertainty_ns for one in own) / 1_000_000
        doubts = f", flags: {', '.join(flags)}" if flags else ""
        yield (
            f"{unit_name}, track {track}, {gate}, system {system}: {sensor}, {len(own)} passings, "
            f"{starts} starts, each within {sure_ms:.3f} ms{doubts}"
        )


def _sensors(fold: Fold, said: Sequence[Statement]) -> Iterator[str]:
    """Say what each sensor was and what it ran, as its unit told; what changed stands twice."""
    seen: set[str] = set()
    for one in said:
        if not isinstance(one.body, passing_bodies.SensorTold):
            continue
        told = one.body
        device = " ".join(part for part in (told.device, told.firmware) if part)
        line = (
            f"{_unit(fold, one.unit)}, Pitboard {told.software}: {told.sensor}, {told.kind}, {told.gate}, "
            f"system {told.system}{', ' * bool(device)}{device}"
        )
        if line not in seen:
            seen.add(line)
            yield line


def _checks(fold: Fold, said: Sequence[Statement]) -> Iterator[str]:
    for one in said:
        if not isinstance(one.body, passing_bodies.SystemsChecked) or not fold.race.statements.stands(one):
            continue
        check = one.body
        time = datetime.fromtimestamp(stamp_utc_ms(one.word.stamp) // 1000, UTC).strftime("%H:%M:%S")
        who = (
            fold.race.roll.official_name(check.by) or check.by or f"nobody signed in, {_unit(fold, one.unit)}"
        )
        yield (
            f"{time}  {_unit(fold, one.unit)}, track {check.track}, {check.gate}: B minus A "
            f"{_ms(check.first_ns)} ms and {_ms(check.second_ns)} ms, {check.apart_ns // 10**9} s apart, "
            f"{check.found.replace('-', ' ')}, by {who}"
        )


def _systems(fold: Fold, passings: Sequence[tuple[str, passing_bodies.PassingRecorded]]) -> Iterator[str]:
    """Say of each line and boot of its unit how a second system stood to the first."""
    lines: dict[tuple[str, ...], dict[str, list[Sighting]]] = {}
    for unit, body in passings:
        place = (_unit(fold, unit), body.track, body.gate, body.boot_id)
        lines.setdefault(place, {}).setdefault(body.system, []).append(_sighting(body))
    for (unit_name, track, gate, boot_id), seen in sorted(lines.items()):
        for system in (BACKUP_SYSTEM, HAND):
            if system in seen:
                pairing = pair(seen.get(FIRST_SYSTEM, []), seen[system])
                yield f"{unit_name}, track {track}, {gate}, boot {boot_id[:8]}: {_agreed(pairing, system)}"


def _agreed(pairing: Pairing, system: str) -> str:
    missed = f"A missed {len(pairing.only_b)}"
    if system == BACKUP_SYSTEM:  # a hand is not asked for every car
        missed += f", {system} missed {len(pairing.only_a)}"
    agreed = agreement([one.b_minus_a_ns for one in pairing.pairs])
    if agreed is None:
        return f"A and {system}: no pairs; {missed}"
    first_ns, last_ns = pairing.pairs[0].b_minus_a_ns, pairing.pairs[-1].b_minus_a_ns
    return (
        f"A and {system}: {agreed.pairs_count} pairs, {system} minus A {_ms(agreed.median_ns)} ms in the "
        f"middle, spread {_ms(agreed.spread_ns)} ms, first {_ms(first_ns)} ms, last {_ms(last_ns)} ms; "
        f"{missed}"
    )


def _sighting(body: passing_bodies.PassingRecorded) -> Sighting:
    return Sighting(
        passing_id=body.passing_id,
        mono_ns=body.mono_ns,
        uncertainty_ns=body.uncertainty_ns,
        transponder=body.transponder,
        lane=body.lane,
    )


def _acts(
    fold: Fold, acts: Sequence[SaidAct], at: Mapping[tuple[str, int], Statement], *, are_withdrawn: bool
) -> Iterator[str]:
    for act in acts:
        if act.is_withdrawn == are_withdrawn:
            time = datetime.fromtimestamp(act.utc_ms // 1000, UTC).strftime("%H:%M:%S")
            who = act.by_name or act.by or ("the admin" if act.is_admin else f"nobody signed in, {act.unit}")
            reason = f" ({act.reason})" if act.reason else ""
            said = f"{act.kind}  {_said(fold, act)}"
            if act.kind == "act-withdrawn":
                # What was withdrawn, in the words of the line that tells of it.
                target = at.get((str(act.said["stream"]), int(act.said["seq"])))
                said = "act-withdrawn" if target is None else f"act-withdrawn  {_withdrawn(fold, target)}"
            yield f"{time}  {said.rstrip()}  by {who}{reason}"


def _withdrawn(fold: Fold, statement: Statement) -> str:
    act = view_act(fold, statement)
    is_told = isinstance(statement.body, TOLD_OF) and act.kind != "act-withdrawn"
    return f"{act.kind} {_said(fold, act) if is_told else ' '.join(_whose(fold, act)).rstrip(':')}".rstrip()


def _said(fold: Fold, act: SaidAct) -> str:
    parts = _whose(fold, act)
    body = (
        msgspec.convert(act.said, passing_bodies.PassingInserted) if act.kind == "passing-inserted" else None
    )
    if body is not None and body.calculated is not None:
        return " ".join([*parts, f"calculated {mark_text(body.calculated)}"])
    for name, value in act.said.items():
        if name in _NS_NAMES and isinstance(value, int):
            parts.append(f"{name.removesuffix('_ns')} {format_lap_ns(value, resolution_ns=1_000_000)} s")
        elif name not in (*_NOT_SAID, "run_id", "place"):
            parts.append(f"{name} {value}")
    return " ".join(parts)


def _whose(fold: Fold, act: SaidAct) -> list[str]:
    """Return whose run it is about, as one part, or none."""
    run = fold.race.runs.get(str(act.said.get("run_id", "")))
    if run is None:
        return []
    place = run.place_of(int(act.said.get("place", 1)))
    name = "" if place is None else fold.race.name_of(place.competitor_id)
    return [f"{name or 'nobody'}, run {run.run_id[:8]}:"]


def _marks(folder: Path, day: date) -> Iterator[str]:
    """Say what the raw log of the day holds beside bytes; of what occurs again and again only how often."""
    counts: dict[tuple[str, str, str], int] = {}
    first_ms: dict[tuple[str, str, str], int] = {}
    decoder = msgspec.json.Decoder(_Mark)
    for path in sorted(folder.glob("raw-*.jsonl")):
        for line in path.read_bytes().splitlines():
            try:
                one = decoder.decode(line)
            except NOT_UNDERSTOOD:
                continue
            if one.mark is not None and one.utc_ms is not None and _day_of(one.utc_ms) == day:
                key = (one.mark, one.sensor, one.detail)
                counts[key] = counts.get(key, 0) + 1
                first_ms.setdefault(key, one.utc_ms)
    for key in sorted(first_ms, key=lambda one: first_ms[one]):
        time = datetime.fromtimestamp(first_ms[key] // 1000, UTC).strftime("%H:%M:%S")
        again = f", {counts[key]} times" if counts[key] > 1 else ""
        yield f"{time}  {' '.join(part for part in key if part)}{again}"


def _unit(fold: Fold, key: str) -> str:
    return fold.roster.name_of(key) or key[:8]


def _day_of(utc_ms: int) -> date:
    return datetime.fromtimestamp(utc_ms // 1000, UTC).date()


def _ms(duration_ns: int) -> str:
    return f"{duration_ns / 1_000_000:.3f}"
