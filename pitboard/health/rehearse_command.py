"""`pitboard rehearse`: break it before the doors open, and see that it is noticed and heals."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, Queue

import click
import msgspec

from pitboard.clock import SystemClock
from pitboard.errors import NOT_UNDERSTOOD, PitboardError, Refusal
from pitboard.health.node_findings import unit_status
from pitboard.health.rehearsal import Rehearsal, Step
from pitboard.program.speech import shell_language
from pitboard.sentences.language import Sentence
from pitboard.unit_api.unit_status import UnitStatus

LOOK_EVERY_S = 0.5
SAYS_WHY_EVERY_LOOKS = 60
"""Half a minute in which nothing changed: who waits is told for what."""


@click.command()
@click.option(
    "--socket", default="/run/pitboard/trackside.sock", show_default=True, type=click.Path(path_type=Path)
)
@click.option(
    "--file",
    "kept",
    default="/var/lib/pitboard/rehearsal.json",
    show_default=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where it keeps what was seen, also over the power cut.",
)
@click.option(
    "--sheet",
    default=None,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the sheet to sign here; as PDF where the name ends so.",
)
@click.option("--anew", is_flag=True, help="Begin anew instead of going on.")
def rehearse(socket: Path, kept: Path, sheet: Path | None, anew: bool) -> None:
    """Go through the drill of this unit: beam, sensor cable, network and power, each seen and healed.

    The exit status is 0 if every step was seen and healed.
    """
    is_pdf = sheet is not None and sheet.suffix == ".pdf"
    sheet_bytes(["-"], is_pdf=is_pdf)  # before anybody pulls a cable for a sheet that cannot be made
    typed: Queue[str] = Queue()
    threading.Thread(target=_listen, args=(typed,), daemon=True).start()
    play = Play(kept=kept, look=lambda: unit_status(socket), typed=typed, say=click.echo, pause=time.sleep)
    rehearsal = play.begin(anew=anew)
    try:
        play.run(rehearsal)
    except KeyboardInterrupt:
        click.echo()
    now = f"{datetime.fromtimestamp(SystemClock().utc_ms() / 1_000, UTC):%Y-%m-%d %H:%M} UTC"
    lines = list(rehearsal.sheet(now, shell_language()))
    click.echo("\n".join(["", *lines]))
    if sheet is not None:
        try:
            sheet.write_bytes(sheet_bytes(lines, is_pdf=is_pdf))
        except OSError as error:
            raise Refusal(f"{sheet} cannot be written: {error.strerror}; name another place") from error
    sys.exit(0 if all(step.healed_utc_ms is not None for step in rehearsal.steps) else 1)


def sheet_bytes(lines: Sequence[str], *, is_pdf: bool) -> bytes:
    """Return the sheet as a file; raises Refusal where this machine cannot make a PDF."""
    if not is_pdf:
        return ("\n".join(lines) + "\n").encode()
    try:  # only for who wants paper: the package takes long to load on a Pi
        from pitboard.keeping.export_sheets import lines_bytes
    except ModuleNotFoundError as error:
        raise Refusal("PDF needs the package fpdf2, which is not here; name the sheet .txt") from error
    return lines_bytes(lines)


class Play:
    """One run of the drill: looks, says what to do, keeps what was seen."""

    def __init__(
        self,
        *,
        kept: Path,
        look: Callable[[], UnitStatus],
        typed: Queue[str],
        say: Callable[[str], None],
        pause: Callable[[float], None],
    ) -> None:
        self._kept = kept
        self._look = look
        self._typed = typed
        self._say = say
        self._pause = pause
        self._is_away = False
        self._words = shell_language()

    def begin(self, *, anew: bool) -> Rehearsal:
        """Return the rehearsal under way, or a new one of the unit as it is; raises Refusal."""
        found = None if anew else self._read()
        if found is not None and found.current is not None:
            self._say(self._words.say("command.drill-goes-on", unit=found.unit))
            return found
        try:
            status = self._look()
        except PitboardError as error:
            raise Refusal(f"the unit does not answer ({error}); start it, then type this again") from error
        if not status.sensors:
            raise Refusal("the unit has heard of no sensor yet; start the bridge, then type this again")
        return Rehearsal.of(status)

    def run(self, rehearsal: Rehearsal) -> None:
        """Go on until every step is over."""
        self._keep(rehearsal)
        self._say(self._words.say("command.drill-help"))
        asked: Sentence | None = None
        looks_count = 0
        while (step := rehearsal.current) is not None:
            if step.asks != asked:
                asked, looks_count = step.asks, 0
                place = {"number": rehearsal.steps.index(step) + 1, "count": len(rehearsal.steps)}
                said = self._words.say("command.drill-step", **place, asks=self._words.tell([asked]))
                self._say(f"\n{said}")
            if reason := self._skip_reason():
                step.left_out = reason
                self._keep(rehearsal)
                continue
            status = self._status()
            if status is not None:
                boot_id = rehearsal.boot_id
                changed = rehearsal.take(status)
                if changed is not None:
                    self._say(f"    {self._said_of(changed)}")
                looks_count += 1
                if changed is None and (why := self._why(rehearsal, step, status, looks_count)):
                    self._say(f"    {why}")
                if changed is not None or boot_id != rehearsal.boot_id:
                    self._keep(rehearsal)
            if rehearsal.current is not None:
                self._pause(LOOK_EVERY_S)
        self._keep(rehearsal)

    def _why(self, rehearsal: Rehearsal, step: Step, status: UnitStatus, looks_count: int) -> str:
        """Return what to say of a step that does not come on: at once where it cannot begin, else later."""
        is_time = looks_count % SAYS_WHY_EVERY_LOOKS == 0
        troubles = self._words.tell(rehearsal.troubles(status))
        if not step.was_well and (is_time or looks_count == 1):
            return self._words.say("command.drill-not-well-before", why=troubles)
        if is_time and step.seen_utc_ms is None:
            return self._words.say("command.drill-not-seen-yet")
        return self._words.say("command.drill-not-well-yet", why=troubles) if is_time else ""

    def _said_of(self, step: Step) -> str:
        if step.is_over:
            return self._words.say("command.drill-step-well", shows=self._words.tell([step.shows]))
        return self._words.say("command.drill-seen")

    def _status(self) -> UnitStatus | None:
        try:
            status = self._look()
        except (PitboardError, OSError, *NOT_UNDERSTOOD):
            if not self._is_away:
                self._say(f"    {self._words.say('command.drill-silent')}")
            self._is_away = True
            return None
        self._is_away = False
        return status

    def _skip_reason(self) -> str:
        for line in self._lines():
            word, _, reason = line.strip().partition(" ")
            if word == "skip":
                return reason.strip() or self._words.say("command.drill-no-reason")
        return ""

    def _lines(self) -> Iterator[str]:
        while True:
            try:
                yield self._typed.get_nowait()
            except Empty:
                return

    def _read(self) -> Rehearsal | None:
        try:
            return msgspec.json.decode(self._kept.read_bytes(), type=Rehearsal)
        except FileNotFoundError:
            return None
        except (OSError, *NOT_UNDERSTOOD) as error:
            raise Refusal(f"{self._kept} cannot be read ({error}); type --anew to begin anew") from error

    def _keep(self, rehearsal: Rehearsal) -> None:
        half = self._kept.with_name(self._kept.name + ".new")
        try:
            half.write_bytes(msgspec.json.encode(rehearsal))
            half.replace(self._kept)
        except OSError as error:
            raise Refusal(
                f"{self._kept} cannot be written: {error.strerror}; type sudo in front, or name a --file"
            ) from error


def _listen(typed: Queue[str]) -> None:
    for line in sys.stdin:
        typed.put(line)
