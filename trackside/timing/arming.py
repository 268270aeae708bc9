"""What a start needs: who drives on which place, by which format, and how the clocks at the track lie.

A run keeps all of it as it was armed, whatever is changed later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pitboard.clock import Clock
from pitboard.errors import ActRefused
from pitboard.journal.replica import WritingReplica
from pitboard.race.bodies.formats import NANOSECONDS_PER_MS, Format
from pitboard.race.bodies.related_clock import RelatedClock
from pitboard.race.bodies.run_bodies import RunPlace
from pitboard.unit_api.official_acts import Arm
from trackside.timing.act_writer import ActWriter
from trackside.timing.runs_left import has_no_run_left

CLOCK_DOUBT_MAX_NS = 10_000_000
"""How far off the clock of another unit at the track may be at the start of a run."""


class Arming:
    """Looks up what the start is made of; raises ActRefused where something is missing."""

    def __init__(
        self, replica: WritingReplica, clock: Clock, writer: ActWriter, *, track_units: Sequence[str]
    ) -> None:
        self._replica = replica
        self._clock = clock
        self._writer = writer
        self._track_units = tuple(track_units)

    def format_of(self, stage_id: str, places: Iterable[RunPlace]) -> str:
        """Return the format of the stage, else of the class that all drivers are in; empty for the event's,
        also where the one named is not here."""
        race = self._writer.race
        stage = next((one for one in race.programme.stages() if one.stage_id == stage_id), None)
        competitors = [race.competitors.get(place.competitor_id or "") for place in places]
        of_drivers = {"" if one is None else one.race_class for one in competitors}
        race_class = of_drivers.pop() if len(of_drivers) == 1 else ""
        its_class = next((one for one in race.programme.classes() if one.race_class == race_class), None)
        named = [one.format for one in (stage, its_class) if one is not None and one.format]
        return next((name for name in named if race.programme.format(name) is not None), "")

    def places(self, act: Arm) -> tuple[RunPlace, ...]:
        if not act.places and act.competitor_id is None:
            raise ActRefused(code="no-places", reason="Say who drives.")
        wanted = act.places or (RunPlace(competitor_id=act.competitor_id),)
        if len({place.place for place in wanted}) < len(wanted):
            raise ActRefused(code="bad-places", reason="Two places of the run have the same number.")
        places = []
        for place in wanted:
            driver = (
                None if place.competitor_id is None else self._writer.known_competitor(place.competitor_id)
            )
            known = None if driver is None else self._writer.race.competitors.get(driver)
            transponders = place.transponders or (known.transponders if known is not None else ())
            if place.told_by == "transponder" and not transponders:
                name = self._writer.race.name_of(driver) or f"place {place.place}"
                raise ActRefused(code="no-transponder", reason=f"Type the transponder of {name} first.")
            if place.told_by == "lane" and place.lane is None:
                raise ActRefused(code="no-lane", reason=f"Say the lane of place {place.place}.")
            places.append(
                RunPlace(
                    place=place.place,
                    competitor_id=driver,
                    told_by=place.told_by,
                    lane=place.lane,
                    transponders=transponders if place.told_by == "transponder" else (),
                    car=place.car,
                )
            )
        return tuple(places)

    def check_runs_left(self, places: Iterable[RunPlace], format_name: str, rules: Format) -> None:
        """Raise ActRefused where the format refuses a driver one more run."""
        race = self._writer.race
        for place in places:
            driver = place.competitor_id
            if driver is not None and has_no_run_left(race, driver, format_name, rules):
                raise ActRefused(
                    code="no-run-left",
                    reason=f"{race.name_of(driver)} has had all {rules.runs_max_count} runs of this format.",
                )

    def clocks(self) -> tuple[RelatedClock, ...]:
        """Return how the clocks of the other units at the track lie to ours; raises ActRefused where one is
        not known well enough, for then no time from gate to gate would mean anything."""
        fold = self._replica.fold
        clocks = []
        for unit in self._track_units:
            boot_id = fold.boot_of(unit)
            related = None if boot_id is None else fold.race.related_clock(self._clock.boot_id, unit, boot_id)
            name = fold.roster.name_of(unit) or unit[:8]
            if related is None:
                raise ActRefused(
                    code="clock-unknown",
                    reason=f"The clock of {name}, which times this track too, is not compared yet. "
                    "Connect it and wait.",
                )
            doubt_ns = related.uncertainty_at(self._clock.mono_ns())
            if doubt_ns > CLOCK_DOUBT_MAX_NS:
                raise ActRefused(
                    code="clock-unsure",
                    reason=f"The clock of {name}, which times this track too, is known only within "
                    f"{-(-doubt_ns // NANOSECONDS_PER_MS)} ms. Connect it and wait.",
                )
            clocks.append(related)
        return tuple(clocks)
