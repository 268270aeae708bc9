"""What the admin's commands print."""

from __future__ import annotations

from datetime import UTC, datetime

from pitboard.drawing.amount_text import amount_text
from pitboard.drawing.time_text import format_lap_ns
from pitboard.journal.views.run_views import RunView
from pitboard.journal.views.views import EntryView
from pitboard.race.bodies.calculated import mark_text, short_text
from pitboard.race.ranking.score import Column
from pitboard.race.runs.run_parts import Lap
from pitboard.sentences.language import Language, language
from sync.central.admin.act_history import PastAct
from sync.central.admin.admin_acts import Done
from sync.central.admin.admin_app import CompetitorHistory, CompetitorLaps
from sync.central.admin.said import spoken_in


def done_text(done: Done, words: Language) -> str:
    """Return what was done and what it changed on the board, in a language."""
    change = done.change
    before, after = (_entry(entry, change.resolution_ns, words) for entry in (change.before, change.after))
    lines = [spoken_in(words, done.said)]
    if before == after:
        lines.append(words.say("command.board-as-before", entry=after))
    else:
        lines.append(words.say("command.board-changed", before=before, after=after))
    lines += [f"  {one.name}: {_rank(one.before, words)} → {_rank(one.after, words)}" for one in change.moved]
    more = change.moved_count - len(change.moved)
    if more:
        lines.append("  " + words.say("command.more-moved", count=more))
    return "\n".join(lines)


def laps_text(laps: CompetitorLaps) -> str:
    """Return the competitor's runs and laps, each with the numbers to name it by."""
    entry = _entry(laps.entry, laps.resolution_ns, language())
    lines = [f"{laps.name}  id {laps.competitor_id}  {entry}"]
    if not laps.runs:
        lines.append("No run yet.")
    for number, run in enumerate(laps.runs, start=1):
        lines.append(f"Run {number}, {run.phase}, {run.unit}, track {run.track}:")
        if not run.laps:
            lines.append("   no lap")
        lines += [_lap(f"{laps.competitor_id}/{number}/{lap.number}", lap, run, laps) for lap in run.laps]
        lines += [
            f"   A missed a car: take-offer, calculated {mark_text(offer.mark)}" for offer in run.offers
        ]
    return "\n".join(lines)


def history_text(history: CompetitorHistory) -> str:
    """Return the audit trail, one act a line."""
    lines = [f"{history.name}  id {history.competitor_id}"]
    lines += [_act(act) for act in history.acts]
    return "\n".join(lines)


def _act(act: PastAct) -> str:
    why = f"  because: {act.why}" if act.why else ""
    return f"{_moment(act.utc_ms)}  {act.who}: {act.what}{why}"


def _moment(utc_ms: int) -> str:
    return datetime.fromtimestamp(utc_ms // 1_000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S%z")


def _lap(reference: str, lap: Lap, run: RunView, laps: CompetitorLaps) -> str:
    time = format_lap_ns(lap.lap_ns, resolution_ns=laps.resolution_ns)
    notes: list[str] = [lap.verdict] if lap.verdict is not None else []
    notes += ["corrected"] * lap.is_corrected
    notes += ["too short, waits for a verdict"] * (lap.is_short and lap.verdict is None)
    notes += [f"clock set or in doubt ({lap.flag})"] * (lap.waits_for_verdict and lap.flag is not None)
    notes += [f"calculated {mark_text(mark)}" for mark in lap.calculated]
    notes += ["best"] * (lap.counts and lap.lap_ns == run.best_ns)
    return f"  {time:>12}  {reference:<24}  {', '.join(notes)}".rstrip()


def _entry(entry: EntryView | None, resolution_ns: int, words: Language) -> str:
    if entry is None:
        return words.say("command.no-confirmed-run")
    first = entry.columns[0] if entry.columns else Column("best", "duration_ns", entry.best_ns)
    time = amount_text(first.kind, first.value, words.say, resolution_ns=resolution_ns)
    state = words.say("desk.disqualified") if entry.is_disqualified else _rank(entry.rank, words)
    made = f", {short_text(entry.calculated)}" if entry.calculated else ""
    return words.say("command.state-with", state=state, time=time) + made


def _rank(rank: int | None, words: Language) -> str:
    return words.say("command.unranked") if rank is None else words.say("command.rank", rank=rank)
