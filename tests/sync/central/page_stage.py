"""A full house at central, for whoever looks at its pages: two classes, two hundred competitors with any
name there is, a bracket, a queue, and one of each thing that may want the admin's eye."""

from __future__ import annotations

import time

import msgspec
import requests

from pitboard.journal.records.kinds import DisplayEnrolled, UnitEnrolled
from pitboard.race.bodies.event_bodies import ClassSet, ScheduleItem, ScheduleSet, StageSet
from pitboard.race.bodies.people_bodies import CompetitorRegistered, ContactKeyPublished
from pitboard.race.bodies.queue_bodies import QueueJoined
from pitboard.race.bodies.run_bodies import RunHanded
from pitboard.race.bodies.verdict_bodies import RunDecided
from pitboard.race.runs.published import digest_of, seen_places, sheets_of
from pitboard.trust.identity import Identity
from pitboard.unit_api.unit_status import (
    DisplaySeen,
    LightStatus,
    MachineNote,
    SensorNote,
    SensorState,
    SensorStatus,
    UnitStatus,
    seal_status,
)
from tests.race_story import STRANGER, UNIT_A, UNIT_B, Teller, armed, confirmed_run, finished, passing
from tests.sync.central.central_stage import CentralThread
from tests.sync.central.contact_story import CONTACT_KEY

ODD_NAMES = (
    "Wolfeschlegelsteinhausenbergerdorff, Maximiliane Friederike",
    "محمد عبد الرحمن القحطاني",
    "山田 太郎左衛門",
    "Ægir Þórðarson-Ólafsdóttir",
    "Nguyễn Thị Minh Khai",
    "שרה כהן-לוי",
    "Владислав Константинопольский",
    "김민준 🏎️💨",
    "W" * 80,
    "<b>O'Brien</b> & Söhne",
)
FIRST_NAMES = (
    *("Anna", "Ben", "Cem", "Dora", "Emil", "Fatma", "Gustav", "Hana", "Igor", "Jana"),
    *("Kai", "Lena", "Milan", "Nora", "Otto", "Pia", "Quirin", "Rosa", "Sven", "Tina"),
)
LAST_NAMES = (
    *("Berg", "Fuchs", "Yılmaz", "Schmid", "Krüger"),
    *("Novák", "Horváth", "Lindström", "Moreau", "Rossi"),
)
COUNT = 200
FINALISTS = ("p040", "p041", "p043", "p044")
CHANGED_RUN, WAITING_RUN, LIVE_RUN = "run-10", "open-1", "live-1"
DISPLAY = Identity.from_seed(b"d" * 32)
HOURS_AGO_MS = 3 * 3_600_000


def name_of(number: int) -> str:
    odd, plain = divmod(number, 20)
    if plain == 0:
        return ODD_NAMES[odd]
    return f"{FIRST_NAMES[plain]} {LAST_NAMES[odd]}"


class FullHouse:
    """Says it all to a central that runs; `count` competitors have a result."""

    def __init__(self, central: CentralThread, *, count: int = COUNT, now_utc_ms: int | None = None) -> None:
        self._central = central
        self._count = count
        self._now_utc_ms = now_utc_ms if now_utc_ms is not None else time.time_ns() // 1_000_000
        self._unit = Teller(UNIT_A, "Track A")
        self._unit.clock.now_utc_ms = self._now_utc_ms - HOURS_AGO_MS
        self._seq = 1
        self._at_s = 10.0
        self._told = 0
        self._beats_count = 0

    def fill(self) -> None:
        central = self._central
        central.say(
            UnitEnrolled(key=UNIT_B.key, name="Track B"), DisplayEnrolled(key=DISPLAY.key, name="Grandstand")
        )
        central.say(
            ClassSet(race_class="junior", name="Juniors under fourteen"),
            ClassSet(race_class="pro", name="Professionals"),
        )
        central.say(ContactKeyPublished(key=CONTACT_KEY))
        for number in range(self._count):
            self._competitor(number)
            self._run(f"run-{number}", f"p{number:03d}", self._laps(number))
        central.say(*self._programme())
        self._heats()
        self._wants_an_eye()
        self._hand_in()
        self._others()
        self._live()
        self.beats()

    def _competitor(self, number: int) -> None:
        self._unit.say(
            CompetitorRegistered(
                competitor_id=f"p{number:03d}",
                name=name_of(number % COUNT),
                number=str(number + 1),
                race_class="pro" if number % 3 else "junior",
                team=("Northern Lights Racing", "RC Süd e. V.", "")[number % 3],
            )
        )

    def _laps(self, number: int) -> list[float]:
        """Return laps of eleven to fourteen seconds, the same in each house."""
        if number == 42:
            return [11.8, 11.9, 12.1, 6.2]  # improbable
        return [11 + (number * 7_919 + lap * 104_729) % 3_000 / 1_000 for lap in range(2 + number % 4)]

    def _run(self, run: str, competitor: str, laps_s: list[float]) -> None:
        self._seq = confirmed_run(
            self._unit, run, competitor, start_s=self._at_s, laps_s=laps_s, first_seq=self._seq
        )
        self._at_s += sum(laps_s) + 5

    def _programme(self) -> tuple[StageSet | ScheduleSet, ...]:
        hour_ms = 3_600_000
        plan = (
            ScheduleItem(
                starts_utc_ms=self._now_utc_ms + hour_ms, title="Finals", track="1", stage_id="finals"
            ),
            ScheduleItem(starts_utc_ms=self._now_utc_ms + 2 * hour_ms, title="Prizes in the great hall"),
        )
        finals = StageSet(
            stage_id="finals",
            name="Finals",
            kind="knockout",
            settings={"count": 4, "picked": list(FINALISTS)},
        )
        return finals, ScheduleSet(items=plan)

    def _heats(self) -> None:
        for number, (driver, lap_s) in enumerate((("p040", 12.0), ("p044", 10.5), ("p041", 11.0))):
            heat = "finals/r1-1" if driver != "p041" else "finals/r1-2"
            run = msgspec.structs.replace(
                armed(f"heat-{number}", driver, s=self._at_s), stage_id="finals", heat_id=heat
            )
            self._unit.say(run)
            self._unit.say(passing(self._seq, s=self._at_s + 1))
            self._unit.say(passing(self._seq + 1, s=self._at_s + 1 + lap_s))
            self._unit.say(finished(run.run_id, s=self._at_s + 20))
            self._unit.say(RunDecided(run_id=run.run_id, decision="confirmed"))
            self._seq += 2
            self._at_s += 30

    def _wants_an_eye(self) -> None:
        """Two alike, a short lap in a run that nobody decided, and a run that another drove."""
        unit, at_s = self._unit, self._at_s
        unit.say(
            CompetitorRegistered(
                competitor_id="twin", name=name_of(1).lower(), number="991", race_class="pro"
            )
        )
        unit.say(armed(WAITING_RUN, "p007", s=at_s))
        for after_s in (1, 11, 12.2):
            unit.say(passing(self._seq, s=at_s + after_s))
            self._seq += 1
        unit.say(finished(WAITING_RUN, s=at_s + 20))
        self._at_s += 30
        self._confirm_as_driven(CHANGED_RUN)
        unit.say(RunHanded(run_id=CHANGED_RUN, competitor_id="p011"))
        for place, competitor in enumerate(("p003", "p020", "p008"), 1):
            unit.say(QueueJoined(entry_id=f"q{place}", track="1", competitor_id=competitor))

    def _confirm_as_driven(self, run: str) -> None:
        """Confirm with a sheet, as touchscreens do: what changes later is not published by itself."""
        self._hand_in()
        driven = self._central.fold().race.driven(run)
        for sheet in sheets_of(run, "sheet", driven):
            self._unit.say(sheet)
        self._unit.say(
            RunDecided(
                run_id=run,
                decision="confirmed",
                sheet_id="sheet",
                places=seen_places(driven),
                weighed=digest_of(driven),
            )
        )

    def _others(self) -> None:
        """Somebody who is not enrolled, and two histories of one stream."""
        stranger = Teller(STRANGER, "A stranger's box")
        stranger.say(CompetitorRegistered(competitor_id="x1", name="Nobody"))
        forked = Teller(UNIT_A, "Track A", stream=self._unit.writer.stream)
        forked.say(CompetitorRegistered(competitor_id="p000", name="Another history"))
        self._central.take(stranger.records)
        self._central.take(forked.records)

    def _live(self) -> None:
        """A run that began 26 seconds ago."""
        began_s = self._at_s
        self._unit.clock.now_utc_ms = self._now_utc_ms - 26_000
        self._unit.say(armed(LIVE_RUN, "p020", s=began_s, run_ms=120_000))
        for after_s in (1, 11.4, 21.1):
            self._unit.say(passing(self._seq, s=began_s + after_s))
            self._seq += 1
        self._hand_in()

    def _hand_in(self) -> None:
        fresh = self._unit.records[self._told :]
        self._told = len(self._unit.records)
        for start in range(0, len(fresh), 500):
            self._central.take(fresh[start : start + 500])

    def beats(self) -> None:
        """Track A says how it is; Track B never spoke."""
        self._beats_count += 1
        status = UnitStatus(
            key=UNIT_A.key,
            name="Track A",
            boot_id="b",
            mono_ns=self._beats_count,
            utc_ms=time.time_ns() // 1_000_000 + 7_400,
            version="1.4",
            waiting_count=3,
            lights=[
                LightStatus(light="sensor", state="bad", detail="beam-1: silent for 95 s"),
                LightStatus(light="disk", state="ok", detail=""),
                LightStatus(light="central", state="ok", detail=""),
            ],
            sensors=[
                SensorStatus(
                    sensor="beam-1",
                    state=SensorState.SILENT,
                    notes=[SensorNote(code="silent", fields={"silent_s": 95})],
                    device="A",
                )
            ],
            machine=[
                MachineNote(
                    code="temperature-warm",
                    colour="amber",
                    sentence="This machine is warm: 71 °C.",
                    advice="Put it in the shade.",
                    fields={"degrees": 71},
                )
            ],
            displays=[
                DisplaySeen(
                    name="Grandstand", key=DISPLAY.key, scene="leaderboard", version="1.4", temperature_c=54
                ),
                DisplaySeen(name="Bar", is_live=False, ago_ms=60_000),
            ],
        )
        told = requests.post(
            f"http://127.0.0.1:{self._central.ingest_port}/v1/unit-status",
            data=msgspec.json.encode(seal_status(status, UNIT_A)),
            timeout=5,
        )
        assert told.status_code == 200, told.text
