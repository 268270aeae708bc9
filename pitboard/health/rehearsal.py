"""The drill before the doors open: what a person breaks, the unit must see, and must see heal. Pure.

It is told one look at the unit after the other and says which step is done. Kept as JSON between two starts,
for pulling the power is a step of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from pitboard.unit_api.unit_status import SensorState, UnitStatus

StepKind = Literal["beam", "cable", "network", "power"]
OF_A_SENSOR: tuple[StepKind, ...] = ("beam", "cable")
_TO_DO: dict[StepKind, str] = {
    "beam": "Move your hand through the beam of {sensor}, once, as a car would (or drive over the loop).",
    "cable": "Pull the cable of {sensor}.",
    "network": "Pull the network cable, or switch the Wi-Fi off.",
    "power": "Pull the power of this machine, count to five, and plug it in again.",
}
_TO_HEAL: dict[StepKind, str] = {
    "beam": "Take your hand out of the beam of {sensor}.",
    "cable": "Plug the cable of {sensor} in again.",
    "network": "Plug the network in again.",
    "power": "Wait until sensors and central are there again.",
}
_SHOWS: dict[StepKind, str] = {
    "beam": "a car at {sensor} is seen",
    "cable": "{sensor} without its cable is seen, and heals",
    "network": "a lost network is seen, and heals",
    "power": "after a power cut everything comes back by itself",
}


class Step(msgspec.Struct, kw_only=True):
    """`seen_utc_ms` and `healed_utc_ms` are None until then; a step that was left out says why."""

    kind: StepKind
    sensor: str = ""
    seen_utc_ms: int | None = None
    healed_utc_ms: int | None = None
    left_out: str = ""

    @property
    def is_over(self) -> bool:
        return self.healed_utc_ms is not None or bool(self.left_out)

    @property
    def asks(self) -> str:
        """Return what the person does next."""
        words = _TO_DO if self.seen_utc_ms is None else _TO_HEAL
        return words[self.kind].format(sensor=self.sensor)

    @property
    def shows(self) -> str:
        """Return what the step proves."""
        return _SHOWS[self.kind].format(sensor=self.sensor)


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
        return cls(unit=status.name, begun_utc_ms=status.utc_ms, steps=[*steps, Step(kind="power")])

    @property
    def current(self) -> Step | None:
        return next((step for step in self.steps if not step.is_over), None)

    def take(self, status: UnitStatus) -> Step | None:
        """Look at the unit once more; return the step that was seen or has healed by it."""
        step = self.current
        changed = step is not None and self._advance(step, status)
        self.passings = {sensor.sensor: sensor.passings_per_min for sensor in status.sensors}
        self.boot_id = status.boot_id
        return step if changed else None

    def _advance(self, step: Step, status: UnitStatus) -> bool:
        if step.seen_utc_ms is None:
            if not self._is_seen(step, status):
                return False
            step.seen_utc_ms = status.utc_ms
            if step.kind == "beam" and self._is_healed(step, status):
                step.healed_utc_ms = status.utc_ms  # a hand that only passed is out again
            return True
        if self._is_healed(step, status):
            step.healed_utc_ms = status.utc_ms
            return True
        return False

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

    def sheet(self, utc: str) -> Iterator[str]:
        """Yield the lines of the sheet to sign; `utc` says when it was printed."""
        yield f"REHEARSAL OF {self.unit}"
        yield f"printed {utc}"
        yield ""
        for number, step in enumerate(self.steps, start=1):
            yield f"{number:>3}. [{self._mark(step)}] {step.shows}{self._remark(step)}"
        yield ""
        yield self.verdict
        yield ""
        yield "Name: ______________________________   Signature: ______________________________"

    @property
    def verdict(self) -> str:
        """Return the outcome as one sentence."""
        open_steps = [step for step in self.steps if not step.is_over]
        left_out = [step for step in self.steps if step.left_out]
        if open_steps:
            return f"Not finished: {len(open_steps)} of {len(self.steps)} steps are open."
        if left_out:
            return f"Finished, but {len(left_out)} of {len(self.steps)} steps were left out."
        return "All of it was seen, and all of it healed."

    def _mark(self, step: Step) -> str:
        return "-" if step.left_out else "x" if step.is_over else " "

    def _remark(self, step: Step) -> str:
        if step.left_out:
            return f": left out, {step.left_out}"
        if step.seen_utc_ms is not None and step.healed_utc_ms is not None and step.kind != "beam":
            return f" (well again after {(step.healed_utc_ms - step.seen_utc_ms) / 1_000:.0f} s)"
        return ""


def _is_ok(status: UnitStatus, names: Sequence[str]) -> bool:
    states = {sensor.sensor: sensor.state for sensor in status.sensors}
    return all(states.get(name) == SensorState.OK for name in names)


def _is_central_well(status: UnitStatus) -> bool:
    return all(light.state == "ok" for light in status.lights if light.light == "central")
