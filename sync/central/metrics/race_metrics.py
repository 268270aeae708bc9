"""What central tells Prometheus of the event and of its own process."""

from __future__ import annotations

import os
import resource
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from pitboard.journal.folding.fold import Fold
from pitboard.journal.replica import Replica
from sync.central.ingest.unit_watch import UnitWatchView
from sync.central.metrics.exposition import Family, Sample, by_label, family

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class RaceMetrics:
    """Reads one replica; what costs a look at every run is looked at once a change."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._version = -1
        self._of_race: list[Family] = []

    def families(self) -> Iterator[Family]:
        replica = self._replica
        yield family("pitboard_records_total", "counter", "Records folded since the start.", replica.version)
        yield family("pitboard_streams", "gauge", "Streams of all writers.", len(replica.have()))
        yield family(
            "pitboard_alarms", "gauge", "Streams in which two records claim one place.", len(replica.alarms)
        )
        yield family(
            "pitboard_units_enrolled", "gauge", "Units that may write.", len(replica.fold.roster.enrolled())
        )
        if self._version != replica.fold.version:
            self._version = replica.fold.version
            self._of_race = list(_of_race(replica.fold))
        yield from self._of_race
        yield from _of_process()


def _of_race(fold: Fold) -> Iterator[Family]:
    race = fold.race
    yield family("pitboard_competitors", "gauge", "Competitors who are registered.", len(race.competitors))
    yield family("pitboard_board_entries", "gauge", "Entries of the board of all.", len(fold.board))
    decided = Counter[str](run.decision or "undecided" for run in race.runs.values())
    yield by_label("pitboard_runs", "gauge", "Runs, by what was decided.", "decision", decided)


def of_units(view: UnitWatchView) -> Iterator[Family]:
    """Yield how the units are, by their names, which are those of tracks and no person's."""
    age = [(one.name, one.age_ms) for one in view.units if one.age_ms is not None]
    yield Family(
        name="pitboard_unit_silent",
        kind="gauge",
        says="1 where an enrolled unit says nothing.",
        samples=tuple(Sample(value=one.is_silent, labels={"unit": one.name}) for one in view.units),
    )
    yield Family(
        name="pitboard_unit_age_seconds",
        kind="gauge",
        says="How long ago the unit told how it is.",
        samples=tuple(Sample(value=age_ms / 1_000, labels={"unit": name}) for name, age_ms in age),
    )
    lights = [
        (one.name, light.light, light.state)
        for one in view.units
        if one.status is not None
        for light in one.status.lights
    ]
    yield Family(
        name="pitboard_unit_light",
        kind="gauge",
        says="1 where a light of the unit is well.",
        samples=tuple(
            Sample(value=state == "ok", labels={"unit": name, "light": light})
            for name, light, state in lights
        ),
    )


def of_followers(count: int) -> Iterator[Family]:
    yield family("pitboard_followers", "gauge", "Phones that follow the live stream.", count)


def _of_process() -> Iterator[Family]:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    yield family(
        "process_cpu_seconds_total",
        "counter",
        "Seconds of the processor in all.",
        usage.ru_utime + usage.ru_stime,
    )
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    yield family("process_resident_memory_bytes", "gauge", "Memory held.", pages * _PAGE_BYTES)
    yield family("process_open_fds", "gauge", "Open files and connections.", len(os.listdir("/proc/self/fd")))


Source = Callable[[], Iterator[Family]]
