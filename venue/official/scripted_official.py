"""An official played by a script: it sees the touchscreen's widgets and taps pixels, and knows nothing else.

Each step looks at the screen anew and does the next thing it calls for, so it goes on from wherever it finds
the screen after the touchscreen or the timing unit was killed. It writes down a decision only once the
screen shows that the run has left it."""

from __future__ import annotations

import asyncio
import logging
import random
from pathlib import Path

import msgspec

from pitboard.clock import Clock
from pitboard.errors import PeerLost
from pitboard.sentences.language import language
from trackside.touch.input.pointers import STILL_MIN_MS
from venue.official.control_client import ControlClient, SeenWidget, Sight
from venue.official.scripted_plan import NAMES, Decision, RunPlan, Wish, is_on_keys, key_of

log = logging.getLogger(__name__)

LOOK_PAUSE_MS = 60
LOST_PAUSE_MS = 250
TAP_AGAIN_MS = 700
KEY_AGAIN_MS = 80
STILL_MARGIN_MS = 60
ROWS_WANTED = 4
ANSWER_PATIENCE_MS = 3_000
_NS_PER_MS = 1_000_000
_WAITS = tuple(
    language().say(f"touch.{why}") for why in ("too-short", "follows-void", "clock-was-set", "clock-in-doubt")
)
"""How the note of a lap begins that keeps the run from being confirmed."""


class ScriptedOfficial:
    """Runs race after race until told to finish."""

    def __init__(
        self,
        client: ControlClient,
        *,
        seed: int,
        log_path: Path,
        clock: Clock,
        runs_max: int | None = None,
        is_plain: bool = False,
    ) -> None:
        self._client = client
        self._dice = random.Random(seed)
        self._log_path = log_path
        self._clock = clock
        self._runs_max = runs_max
        self._is_plain = is_plain
        self._names = self._dice.sample(NAMES, len(NAMES))
        self._plan: RunPlan | None = None
        self._wish: Wish | None = None
        self._still_since: dict[tuple[str, tuple[int, int, int, int]], int] = {}
        self._tapped: dict[str, int] = {}
        self._decided_count = 0
        self._finish_by_mono_ns: int | None = None

    def finish(self, *, grace_ms: int) -> None:
        """End the run under way, start no other; give up after the grace."""
        if self._finish_by_mono_ns is None:
            self._finish_by_mono_ns = self._clock.mono_ns() + grace_ms * _NS_PER_MS

    async def run(self) -> None:
        while not self._is_over_time():
            try:
                sight = await self._client.look()
                self._remember(sight)
                if self._is_done(sight):
                    return
                await self._step(sight)
            except PeerLost as error:
                log.debug("touchscreen away: reason=%s", error.reason)
                self._still_since.clear()
                await asyncio.sleep(LOST_PAUSE_MS / 1_000)
            await asyncio.sleep(LOOK_PAUSE_MS / 1_000)
        log.warning("official gave up: the run under way could not be ended in time")

    @property
    def _is_finishing(self) -> bool:
        return self._finish_by_mono_ns is not None

    def _is_over_time(self) -> bool:
        return self._finish_by_mono_ns is not None and self._clock.mono_ns() > self._finish_by_mono_ns

    def _is_done(self, sight: Sight) -> bool:
        has_enough = self._runs_max is not None and self._decided_count >= self._runs_max
        return sight.phase == "idle" and (self._is_finishing or has_enough)

    def _remember(self, sight: Sight) -> None:
        """Note since when each button stands where it is, and whether the last decision has been taken."""
        now_mono_ns = self._clock.mono_ns()
        places = [(widget.name, widget.rect) for widget in sight.widgets if widget.enabled]
        self._still_since = {place: self._still_since.get(place, now_mono_ns) for place in places}
        plan = self._plan
        if sight.phase is None:
            return
        if plan is not None and (sight.phase == "idle" or sight.run != plan.run):
            if plan.decision is not None:
                self._write_decision(plan)
            self._plan = plan = None
        if plan is None and sight.phase != "idle":
            drawn = RunPlan.drawn(self._dice, run=sight.run)
            self._plan = plan = RunPlan.plain(run=sight.run) if self._is_plain else drawn
            self._wish = None
        if plan is not None:
            plan.name = sight.label("run-name") or plan.name
            for row in sight.starting("lap:"):
                lap = row.name.removeprefix("lap:")
                plan.laps.add(lap)
                (plan.voided.add if row.note == "void" else plan.voided.discard)(lap)

    def _write_decision(self, plan: RunPlan) -> None:
        assert plan.decision is not None
        decision = Decision(
            run=plan.run,
            name=plan.name,
            decision=plan.decision,
            voided=sorted(plan.voided),
            mono_ns=self._clock.mono_ns(),
        )
        with self._log_path.open("ab") as lines:
            lines.write(msgspec.json.encode(decision) + b"\n")
        self._decided_count += 1
        log.info("official: %s %s, run=%s", plan.decision, plan.name, plan.run)

    async def _step(self, sight: Sight) -> None:
        if self._plan is not None and self._awaits_answer(self._plan):
            return
        if sight.page == "status":
            await self._tap(sight, "back")
        elif sight.page == "contact":
            await self._tap(sight, "contact:skip")
        elif sight.phase == "idle":
            await (self._type(sight) if sight.page == "keyboard" else self._choose(sight))
        elif self._plan is not None and sight.phase == "armed":
            if self._is_finishing:
                await self._discard(sight, self._plan)
        elif self._plan is not None and sight.phase in ("running", "time-up"):
            await self._watch_run(sight, self._plan)
        elif self._plan is not None and sight.phase == "review":
            await self._review(sight, self._plan)

    def _awaits_answer(self, plan: RunPlan) -> bool:
        """Tell whether a decision was tapped so lately that the unit may still take it."""
        waited_ns = self._clock.mono_ns() - plan.decided_mono_ns
        return plan.decision is not None and waited_ns < ANSWER_PATIENCE_MS * _NS_PER_MS

    async def _choose(self, sight: Sight) -> None:
        """Bring the next competitor to the start."""
        rows = sight.starting("pick:")
        if self._wish is None:
            self._wish = self._new_wish(rows_count=len(rows))
        wish = self._wish
        picked = sight.label("picked")
        if picked is not None and wish.name in (None, picked):
            await self._tap(sight, "start")
        elif wish.name is None:
            await self._pick_anybody(sight, rows, wish)
        elif known := next((row for row in rows if row.label == wish.name), None):
            await self._tap(sight, known.name)
        else:
            await self._tap(sight, "register")

    def _new_wish(self, *, rows_count: int) -> Wish:
        if self._names and (rows_count < ROWS_WANTED or self._dice.random() < 0.4):
            return Wish(name=self._names.pop())
        return Wish(name=None, pages_down=self._dice.randint(0, 2))

    async def _pick_anybody(self, sight: Sight, rows: list[SeenWidget], wish: Wish) -> None:
        if wish.pages_down and sight.can_tap("page:down"):
            if await self._tap(sight, "page:down"):
                wish.pages_down -= 1
        elif rows:
            await self._tap(sight, self._dice.choice(rows).name)
        else:
            self._wish = None

    async def _type(self, sight: Sight) -> None:
        """Type the next letter of the wished name, or take back a wrong one."""
        wanted = self._wish.name if self._wish is not None else None
        if wanted is None:
            await self._tap(sight, "keyboard:cancel")
            return
        typed = sight.label("keyboard:field") or ""
        if typed == wanted:
            await self._tap(sight, "keyboard:done")
        elif not wanted.startswith(typed):
            await self._tap(sight, "keyboard:backspace", again_ms=KEY_AGAIN_MS)
        elif not is_on_keys(wanted):
            await self._client.type(wanted[len(typed) :])
            await asyncio.sleep(TAP_AGAIN_MS / 1_000)
        else:
            key = key_of(wanted[len(typed)])
            await self._tap(sight, key if sight.find(key) else "keyboard:page", again_ms=KEY_AGAIN_MS)

    async def _watch_run(self, sight: Sight, plan: RunPlan) -> None:
        if plan.judges_at_once and await self._void_waiting_lap(sight):
            return
        has_seen_enough = plan.stop_after_laps is not None and len(plan.laps) >= plan.stop_after_laps
        if self._is_finishing or has_seen_enough:
            await self._tap(sight, "stop")

    async def _review(self, sight: Sight, plan: RunPlan) -> None:
        if plan.discards and not self._is_finishing:
            await self._discard(sight, plan)
        elif sight.find("discard:no"):
            await self._tap(sight, "discard:no")
        elif await self._void_waiting_lap(sight):
            pass
        elif plan.voids_one and not self._is_finishing:
            await self._void_any_lap(sight, plan)
        elif sight.can_tap("confirm"):
            if await self._tap(sight, "confirm"):
                self._decide(plan, "confirmed")
        elif sight.can_tap("page:down"):
            await self._tap(sight, "page:down")
        else:
            await self._tap(sight, "page:up")

    async def _discard(self, sight: Sight, plan: RunPlan) -> None:
        if not sight.find("discard:yes"):
            await self._tap(sight, "discard")
        elif await self._tap(sight, "discard:yes"):
            self._decide(plan, "discarded")

    def _decide(self, plan: RunPlan, decision: str) -> None:
        plan.decision, plan.decided_mono_ns = decision, self._clock.mono_ns()

    async def _void_waiting_lap(self, sight: Sight) -> bool:
        """Judge one lap on the screen void that waits for a verdict; tell whether there was one."""
        waiting = next((row for row in sight.starting("lap:") if row.note.startswith(_WAITS)), None)
        if waiting is None:
            return False
        await self._tap(sight, f"judge:{waiting.name.removeprefix('lap:')}:void")
        return True

    async def _void_any_lap(self, sight: Sight, plan: RunPlan) -> None:
        rows = [row for row in sight.starting("lap:") if row.note != "void"]
        lap = self._dice.choice(rows).name.removeprefix("lap:") if rows else None
        if lap is None or await self._tap(sight, f"judge:{lap}:void"):
            plan.voids_one = False

    async def _tap(self, sight: Sight, name: str, *, again_ms: int = TAP_AGAIN_MS) -> bool:
        """Tap the button if it has stood still long enough and was not just tapped; tell whether it was."""
        widget = sight.find(name)
        now_mono_ns = self._clock.mono_ns()
        if widget is None or not widget.enabled:
            return False
        since = self._still_since.get((widget.name, widget.rect), now_mono_ns)
        if now_mono_ns - since < (STILL_MIN_MS + STILL_MARGIN_MS) * _NS_PER_MS:
            return False
        if now_mono_ns - self._tapped.get(name, 0) < again_ms * _NS_PER_MS:
            return False
        self._tapped[name] = now_mono_ns
        await self._client.tap(widget)
        return True
