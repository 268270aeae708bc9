"""The drill before the doors open: what a person breaks, the unit must see, and must see heal. Pure.

It is told one look at the unit after the other and says which step is done. Kept as JSON between two starts,
for pulling the power is a step of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from pitboard.sentences.language import Language, Sentence
from pitboard.unit_api.sensor_sentences import sensor_says
from pitboard.unit_api.unit_status import SensorState, UnitStatus

StepKind = Literal["beam", "cable", "network", "power"]
OF_A_SENSOR: tuple[StepKind, ...] = ("beam", "cable")
_TO_DO: dict[StepKind, str] = {
    "beam": "command.drill-beam",
    "cable": "command.drill-cable",
    "network": "command.drill-network",
    "power": "command.drill-power",
}
_TO_HEAL: dict[StepKind, str] = {
    "beam": "command.heal-beam",
    "cable": "command.heal-cable",
    "network": "command.heal-network",
    "power": "command.heal-power",
}
_SHOWS: dict[StepKind, str] = {
    "beam": "command.shows-beam",
    "cable": "command.shows-cable",
    "network": "command.shows-network",
    "power": "command.shows-power",
}


class Step(msgspec.Struct, kw_only=True):
    """`seen_utc_ms` and `healed_utc_ms` are None until then; a step that was left out says why.

    `was_well` is so from the first look on at which what the step breaks was whole: what was broken before
    anybody pulled a cable shows nothing.
    """

    kind: StepKind
    sensor: str = ""
    was_well: bool = False
    seen_utc_ms: int | None = None
    healed_utc_ms: int | None = None
    left_out: str = ""

    @property
    def is_over(self) -> bool:
        return self.healed_utc_ms is not None or bool(self.left_out)

    @property
    def asks(self) -> Sentence:
        """Return what the person does next."""
        codes = _TO_DO if self.seen_utc_ms is None else _TO_HEAL
        return Sentence(codes[self.kind], {"sensor": self.sensor})

    @property
    def shows(self) -> Sentence:
        """Return what the step proves."""
        return Sentence(_SHOWS[self.kind], {"sensor": self.sensor})


class Rehearsal(msgspec.Struct, kw_only=True):
    """The steps in their order; `boot_id` is of the look before the power was pulled."""

    unit: str
    begun_utc_ms: int
    steps: list[Step]
    boot_id: str = ""
    passings: dict[str, int] = {}

    @classmethod
    def of(cls, status: UnitStatus) -> Rehearsal:
        """Plan the drill of a unit: its sensors, its network where it has a central, its power."""
        sensors = [sensor.sensor for sensor in status.sensors]
        steps = [Step(kind=kind, sensor=name) for name in sensors for kind in OF_A_SENSOR]
        if any(light.light == "central" for light in status.lights):
            steps.append(Step(kind="network"))
        rehearsal = cls(unit=status.name, begun_utc_ms=status.utc_ms, steps=[*steps, Step(kind="power")])
        rehearsal._note_well(status)
        return rehearsal

    @property
    def current(self) -> Step | None:
        return next((step for step in self.steps if not step.is_over), None)

    def take(self, status: UnitStatus) -> Step | None:
        """Look at the unit once more; return the step that was seen or has healed by it."""
        step = self.current
        self._note_well(status)
        changed = step is not None and self._advance(step, status)
        self._note_well(status)  # the next step may be well already, and broken by the next look
        self.passings = {sensor.sensor: sensor.passings_per_min for sensor in status.sensors}
        self.boot_id = status.boot_id
        return step if changed else None

    def _note_well(self, status: UnitStatus) -> None:
        step = self.current
        if step is not None:
            step.was_well = step.was_well or step.kind == "power" or self._is_healed(step, status)

    def _advance(self, step: Step, status: UnitStatus) -> bool:
        if step.seen_utc_ms is None:
            if not (step.was_well and self._is_seen(step, status)):
                return False
            step.seen_utc_ms = status.utc_ms
            if step.kind == "beam" and self._is_healed(step, status):
                step.healed_utc_ms = status.utc_ms  # a hand that only passed is out again
            return True
        if self._is_healed(step, status):
            step.healed_utc_ms = status.utc_ms
            return True
        return False

    def troubles(self, status: UnitStatus) -> list[Sentence]:
        """Return what the unit says is not well of all that the step under way waits for."""
        step = self.current
        if step is None:
            return []
        names = (
            [one.sensor for one in self.steps if one.kind == "cable"]
            if step.kind == "power"
            else [step.sensor]
        )
        states = {sensor.sensor: sensor for sensor in status.sensors}
        found = (
            []
            if step.kind == "network"
            else [
                said
                for name in names
                if not _is_ok(status, [name])
                for said in (
                    sensor_says(states[name]) if name in states else [Sentence("light.sensor.no-answer")]
                )
            ]
        )
        if step.kind in ("network", "power"):
            lights = [light for light in status.lights if light.light == "central" and light.state != "ok"]
            found += [said for light in lights for said in light.says]
        return found

    def _is_seen(self, step: Step, status: UnitStatus) -> bool:
        if step.kind == "beam":
            # The count of the last minute only falls by itself, so a rise is a new passing.
            return any(
                one.sensor == step.sensor and one.passings_per_min > self.passings.get(one.sensor, 2**31)
                for one in status.sensors
            )
        if step.kind == "cable":
            return not _is_ok(status, [step.sensor])
        if step.kind == "network":
            return not _is_central_well(status)
        return self.boot_id not in ("", status.boot_id)

    def _is_healed(self, step: Step, status: UnitStatus) -> bool:
        if step.kind in ("beam", "cable"):
            return _is_ok(status, [step.sensor])
        if step.kind == "network":
            return _is_central_well(status)
        named = [one.sensor for one in self.steps if one.kind == "cable"]
        return _is_ok(status, named) and _is_central_well(status)

    def sheet(self, utc: str, words: Language) -> Iterator[str]:
        """Yield the lines of the sheet to sign; `utc` says when it was printed."""
        yield words.say("command.drill-head", unit=self.unit)
        yield words.say("command.drill-printed", utc=utc)
        yield ""
        for number, step in enumerate(self.steps, start=1):
            remark = "".join(words.tell([one]) for one in self._remarks(step))
            yield f"{number:>3}. [{self._mark(step)}] {words.tell([step.shows])}{remark}"
        yield ""
        yield words.tell([self.verdict])
        yield ""
        yield words.say("command.drill-sign")

    @property
    def verdict(self) -> Sentence:
        """Return the outcome as one sentence."""
        open_count = sum(not step.is_over for step in self.steps)
        left_out_count = sum(bool(step.left_out) for step in self.steps)
        if open_count:
            return Sentence("command.drill-open", {"open": open_count, "all": len(self.steps)})
        if left_out_count:
            return Sentence("command.drill-left-out", {"open": left_out_count, "all": len(self.steps)})
        return Sentence("command.drill-well")

    def _mark(self, step: Step) -> str:
        return "-" if step.left_out else "x" if step.is_over else " "

    def _remarks(self, step: Step) -> Iterator[Sentence]:
        if step.left_out:
            yield Sentence("command.drill-skipped", {"reason": step.left_out})
        elif step.seen_utc_ms is not None and step.healed_utc_ms is not None and step.kind != "beam":
            seconds = f"{(step.healed_utc_ms - step.seen_utc_ms) / 1_000:.0f}"
            yield Sentence("command.drill-healed", {"seconds": seconds})


def _is_ok(status: UnitStatus, names: Sequence[str]) -> bool:
    states = {sensor.sensor: sensor.state for sensor in status.sensors}
    return all(states.get(name) == SensorState.OK for name in names)


def _is_central_well(status: UnitStatus) -> bool:
    return all(light.state == "ok" for light in status.lights if light.light == "central")
