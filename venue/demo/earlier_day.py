"""What happened before the demo opens: a race day in progress, in the journal of the unit.

Some sixty drivers in two classes have driven, a few wait, and the day has a plan. All of it are records of
the unit's key in a stream of an earlier start, so that every board is made from them as from any other; the
audit leaves these runs out by their ids."""

from __future__ import annotations

import random
import secrets
from pathlib import Path

import pygame

from display.scene.theme import SHIPPED, load_theme
from pitboard.clock import ScriptedClock, SystemClock
from pitboard.drawing.typeface import Typeface
from pitboard.journal.replica import Replica, WritingReplica
from pitboard.journal.salvage import open_or_salvage
from pitboard.journal.views.stage_view import view_stage
from pitboard.journal.views.views import view_board
from pitboard.race.bodies.event_bodies import ScheduleItem, ScheduleSet, StageSet
from pitboard.race.bodies.formats import TimingRules
from pitboard.race.bodies.passing_bodies import FINISH, PassingRecorded
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.race.bodies.queue_bodies import QueueJoined, QueueMarked
from pitboard.race.bodies.run_bodies import RunArmed, RunFinished, RunPlace
from pitboard.race.bodies.verdict_bodies import RunDecided
from pitboard.race.runs.published import digest_of, seen_places, sheets_of
from pitboard.trust.identity import Identity
from sync.central.config import CentralConfig
from sync.central.config_bodies import bodies_to_say
from venue.demo.demo_venue import LAP_MIN_MS, RUN_MS, SENSOR, DemoVenue

EARLIER = "earlier-"
"""Run ids of the earlier part of the day begin so."""
TRACK = "1"
DRIVERS = 56
WAITING = 6
FINALISTS = 8
FINALS_DRIVEN = 3
SPONSORS = (
    ("Zebra Werkzeug", (200, 30, 60), (255, 255, 255)),
    ("Café Kolibri", (245, 236, 215), (70, 40, 20)),
    ("Nordlicht Modellbau", (10, 60, 120), (150, 230, 255)),
)
CLASSES = ("Stock", "Modified")
TEAMS = ("Rotweiß Nord", "Team Zebra", "Hallensprinter", "Les Bolides", "")
FIRST_NAMES = (
    *("Anna", "Bo", "Chloé", "Daan", "Emil", "Fatma", "Goran", "Hanne", "Ibrahim", "Jana", "Kjell", "Lena"),
    *(
        "Mateo",
        "Nadia",
        "Oskar",
        "Pia",
        "Quentin",
        "Rosa",
        "Søren",
        "Tereza",
        "Uwe",
        "Vera",
        "Wiebke",
        "Yara",
    ),
)
LAST_NAMES = (
    *("Albrecht", "Bakker", "Çelik", "Dahl", "Esposito", "Farkas", "Grün", "Horváth", "Iversen", "Jung"),
    *("Kowalski", "Lindqvist", "Moreau", "Novák", "Olsen", "Peeters", "Rossi", "Schäfer", "Toth", "Vogel"),
)
OTHERS = ("鈴木 花子", "이서연", "فاطمة الزهراء", "Κώστας Δήμου", "Тарас Коваль", "प्रिया शर्मा", "Team 🚀 Süd")
_BETWEEN_RUNS_MS = 100_000
_BOOT = "earlier-boot"
_MS_NS = 1_000_000


async def write_earlier_day(venue: DemoVenue, *, seed: int) -> None:
    """Fill the unit's journal; nothing else may have it open."""
    clock = ScriptedClock(boot_id=_BOOT)
    clock.now_utc_ms = SystemClock().utc_ms() - (DRIVERS + 2 * FINALS_DRIVEN + 3) * _BETWEEN_RUNS_MS
    dice = random.Random(f"earlier {seed}")
    identity = Identity.load_or_create(venue.folder / "keys" / "unit.key")
    root = Identity.load_or_create(venue.folder / "keys" / "event.key")
    config = CentralConfig.load(Path(venue.config("central")))
    async with (
        open_or_salvage(venue.journal("central"), root_key=root.key, clock=clock) as central,
        open_or_salvage(venue.journal("trackside"), root_key=root.key, clock=clock) as replica,
    ):
        at_central = await central.open_stream(root, config.name)
        await at_central.append(*bodies_to_say(central.fold, config))
        await replica.accept(await central.beyond(replica.have()))
        writing = await replica.open_stream(identity, "Track A")
        day = _Day(replica, writing, clock, dice)
        ids = [await day.registers(name, number) for number, name in enumerate(_names(dice), start=1)]
        for competitor_id in ids[:DRIVERS]:
            await day.drives(competitor_id)
        await day.begins_finals(
            [entry.competitor_id for entry in view_board(replica.fold, count=FINALISTS).entries]
        )
        await day.waits(ids[DRIVERS:])
        await day.plans()
    draw_sponsors(venue.folder / "sponsors")


def draw_sponsors(folder: Path) -> None:
    """Draw the pictures of sponsors that there are only here."""
    folder.mkdir(exist_ok=True)
    typeface = Typeface.load(preferred=load_theme(SHIPPED[0]).fonts)
    for number, (name, ground, ink) in enumerate(SPONSORS):
        picture = pygame.Surface((960, 480))
        picture.fill(ground)
        typeface.draw(
            picture, name, (40, 0, 880, 480), size_px=150, colour=ink, align="centre", shrink_to_px=60
        )
        pygame.image.save(picture, folder / f"{number}.png")


def _names(dice: random.Random) -> list[str]:
    pairs = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    names = [*OTHERS, *dice.sample(pairs, DRIVERS + WAITING - len(OTHERS))]
    dice.shuffle(names)
    return names


class _Day:
    def __init__(
        self, replica: Replica, writing: WritingReplica, clock: ScriptedClock, dice: random.Random
    ) -> None:
        self._race = replica.fold.race
        self._writing = writing
        self._clock = clock
        self._dice = dice
        self._seq = 0
        self._runs = 0

    async def registers(self, name: str, number: int) -> str:
        competitor_id = secrets.token_hex(8)
        self._clock.advance(ms=500)
        body = CompetitorRegistered(
            competitor_id=competitor_id,
            name=name,
            number=str(number),
            race_class=self._dice.choice(CLASSES),
            team=self._dice.choice(TEAMS),
        )
        await self._writing.append(body)
        return competitor_id

    async def begins_finals(self, picked: list[str]) -> None:
        """Set up a knock-out of these and drive its first heats, one driver after the other."""
        settings: dict[str, int | str | bool | list[str]] = {"count": len(picked), "picked": picked}
        stage = StageSet(stage_id="finals", kind="knockout", name="Finals", settings=settings)
        await self._writing.append(stage)
        view = view_stage(self._writing.fold, stage)
        assert view is not None
        for heat in view.heats[:FINALS_DRIVEN]:
            for slot in heat.slots:
                await self.drives(slot.competitor_id, stage_id=stage.stage_id, heat_id=heat.heat_id)

    async def drives(self, competitor_id: str, *, stage_id: str = "", heat_id: str = "") -> None:
        """Tell one confirmed run of three or four laps, each a little off the driver's own pace."""
        self._runs += 1
        run_id = f"{EARLIER}{self._runs:02d}"
        pace_ms = self._dice.randint(2_250, 3_600)
        armed = RunArmed(
            run_id=run_id,
            track=TRACK,
            boot_id=_BOOT,
            mono_ns=self._clock.mono_ns(),
            places=(RunPlace(competitor_id=competitor_id),),
            timing=TimingRules(run_ms=RUN_MS, lap_min_ms=LAP_MIN_MS),
            stage_id=stage_id,
            heat_id=heat_id,
        )
        passings = [self._passes(1_500)]
        for _ in range(self._dice.randint(3, 4)):
            passings.append(self._passes(pace_ms + self._dice.randint(0, 400)))
        self._clock.advance(ms=300)
        finished = RunFinished(run_id=run_id, boot_id=_BOOT, mono_ns=self._clock.mono_ns(), ended="stopped")
        await self._writing.append(armed, *passings, finished)
        driven = self._race.driven(run_id)
        sheet_id = secrets.token_hex(8)
        decided = RunDecided(
            run_id=run_id,
            decision="confirmed",
            sheet_id=sheet_id,
            places=seen_places(driven),
            weighed=digest_of(driven),
        )
        await self._writing.append(*sheets_of(run_id, sheet_id, driven), decided)
        self._clock.advance(ms=_BETWEEN_RUNS_MS - 20_000)

    async def waits(self, ids: list[str]) -> None:
        entries = [QueueJoined(entry_id=secrets.token_hex(8), track=TRACK, competitor_id=one) for one in ids]
        await self._writing.append(*entries)
        await self._writing.append(QueueMarked(entry_id=entries[0].entry_id, state="called"))

    async def plans(self) -> None:
        now_ms = SystemClock().utc_ms()
        items = [
            ScheduleItem(starts_utc_ms=max(0, now_ms + minutes * 60_000), title=title)
            for minutes, title in (
                (-90, "Free runs"),
                (30, "Last runs"),
                (45, "Finals"),
                (75, "Prize giving"),
            )
        ]
        await self._writing.append(ScheduleSet(items=tuple(items)))

    def _passes(self, after_ms: int) -> PassingRecorded:
        self._clock.advance(ms=after_ms)
        self._seq += 1
        mono_ns = self._clock.mono_ns()
        return PassingRecorded(
            sensor=SENSOR,
            sensor_boot=_BOOT,
            seq=self._seq,
            track=TRACK,
            boot_id=_BOOT,
            mono_ns=mono_ns,
            uncertainty_ns=40_000,
            received_mono_ns=mono_ns + 3 * _MS_NS,
            gate=FINISH,
        )
