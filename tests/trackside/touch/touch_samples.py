"""Screens as they occur at a venue, for the tests of the touchscreen."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, Literal

import msgspec

from pitboard.race.bodies.calculated import Calculated
from pitboard.race.bodies.display_bodies import PlaylistItem
from pitboard.race.ranking.score import Column
from pitboard.race.runs.phases import ActName, acts_in
from pitboard.race.runs.run_parts import Lap, Offer, Pause, Place, RawPassing, SaidAct
from pitboard.sentences.language import Sentence
from pitboard.unit_api.screen_state import (
    ClassName,
    Competitor,
    Consequence,
    ContactSeal,
    DisplayNode,
    DoneAct,
    Entry,
    Heat,
    HeatSlot,
    Interruption,
    Light,
    LightState,
    MachineLine,
    Official,
    Phase,
    QueueAsk,
    QueueEntry,
    Run,
    RunDetail,
    ScreenState,
    SensorLine,
    Stage,
    Stray,
    SystemsLine,
)
from pitboard.unit_api.sensor_sentences import sensor_says, sensor_sentence
from pitboard.unit_api.unit_status import SensorNote, SensorState, SensorStatus
from tests.pitboard.trust.test_signed_picture import png
from trackside.touch.widgets.typed_contact import TypedContact
from trackside.touch.widgets.view import Drawing, Hold, Message, Page, Person, Purpose, Settings, View
from trackside.touch.widgets.widgets import Measures

SECOND_NS = 1_000_000_000
NOW_MONO_NS = 5_000 * SECOND_NS
PICTURES = {"ab" * 32: png(), "cd" * 32: png(180, 320), "ef" * 32: b""}
SIZES = (Measures(1280, 800), Measures(800, 480))
HARD_NAMES = (
    "Wolfeschlegelsteinhausenbergerdorff, Maximiliane",
    "鈴木 日本語",
    "محمد العربية",
    "हिन्दी क्षत्रिय",
    "Łukasz Žižka-Øvergård",
    "김민준",
)
_FIRST = ("Ada", "Björn", "Chiara", "Dmitri", "Élodie", "Finn", "Greta", "Hugo", "Ingrid", "Jonas")
_LAST = ("Álvarez", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Huber", "Ivanova", "Jansen")

LIGHTS = (
    Light(light="sensor", state="ok", detail="Beam clear, last heartbeat 0.4 s ago."),
    Light(light="central", state="warning", detail="Not reachable for 3 minutes; 41 records wait here."),
    Light(light="disk", state="ok", detail="52 GB free, all writes are durable."),
)
BAD_LIGHTS = (
    Light(light="sensor", state="bad", detail="The beam has been blocked for 12 seconds; look at the gate."),
    *LIGHTS[1:],
)


MACHINE = (
    MachineLine(code="disk-full", colour="red", sentence="", advice="x", fields={"free": "12 MB"}),
    MachineLine(code="temperature-warm", colour="yellow", sentence="", advice="x", fields={"degrees": 77}),
    MachineLine(code="clock-alone", colour="yellow", sentence="", advice="x"),
    MachineLine(code="memory", colour="green", sentence="", fields={"percent": 63}),
    MachineLine(
        code="network",
        colour="green",
        sentence="",
        fields={"places": "192.168.4.21, fe80::1ff:fe23:4567:890a, 2001:db8::ff00:42:8329"},
    ),
    MachineLine(code="of-a-newer-unit", colour="green", sentence="Something that only a newer unit knows."),
)


def competitors(count: int) -> tuple[Competitor, ...]:
    dice = random.Random(7)
    names = [f"{first} {last}" for first in _FIRST for last in _LAST] * 2
    dice.shuffle(names)
    names = [*names[: max(0, count - len(HARD_NAMES))], *HARD_NAMES][-count:] if count else []
    return tuple(
        Competitor(
            competitor_id=f"c{index}",
            name=name,
            best_ns=dice.randrange(9_000, 75_000) * 1_000_000 if dice.random() < 0.7 else None,
        )
        for index, name in enumerate(names)
    )


def lap(
    number: int,
    lap_ms: int,
    *,
    is_short: bool = False,
    verdict: str | None = None,
    uncertainty_ns: int = 40_000,
) -> Lap:
    return Lap(
        lap_id=f"l{number}",
        number=number,
        lap_ns=lap_ms * 1_000_000,
        uncertainty_ns=uncertainty_ns,
        is_short=is_short,
        waits_for_verdict=is_short and verdict is None,
        verdict="void" if verdict == "void" else "valid" if verdict == "valid" else None,
        counts=verdict != "void" and not (is_short and verdict is None),
    )


def run(*laps: Lap, name: str = "Ada Álvarez", started_s_ago: int | None = 50) -> Run:
    counting = [one.lap_ns for one in laps if one.counts]
    return Run(
        run_id="r1",
        competitor_id="c1",
        name=name,
        places=(Place(place=1, competitor_id="c1", name=name, laps=laps),),
        run_ms=180_000,
        started_mono_ns=None if started_s_ago is None else NOW_MONO_NS - started_s_ago * SECOND_NS,
        laps=laps,
        best_ns=min(counting, default=None),
    )


def screen(phase: Phase, a_run: Run | None = None, *, count: int = 24, version: int = 3) -> ScreenState:
    people = competitors(count)
    ranked = sorted((one for one in people if one.best_ns), key=lambda one: one.best_ns or 0)
    return ScreenState(
        version=version,
        unit="Track A",
        event="Club race, autumn round",
        phase=phase,
        run=a_run,
        competitors=people,
        entries=tuple(
            Entry(
                rank=place,
                competitor_id=one.competitor_id,
                name=one.name,
                best_ns=one.best_ns,
                gap_ns=(one.best_ns or 0) - (ranked[0].best_ns or 0),
                laps=5,
            )
            for place, one in enumerate(ranked, start=1)
        ),
        lights=LIGHTS,
        displays=(
            DisplayNode(
                "Paddock wall",
                "192.168.4.21:8461",
                key="ab" * 32,
                scene="leaderboard",
                badge="LIVE",
                playlist=(PlaylistItem(scene="leaderboard"),),
            ),
            DisplayNode(
                HARD_NAMES[0],
                "192.168.4.22:8461",
                key="cd" * 32,
                scene="qr",
                is_live=False,
                badge="OLD: the board is 12 minutes old, Track A does not answer",
            ),
            DisplayNode("Entrance", "192.168.4.23:8461"),
            DisplayNode("Bar", "192.168.4.24:8461", key="ef" * 32, scene="podium", has_screen=False),
            DisplayNode(
                "Pit wall",
                "192.168.4.25:8461",
                key="12" * 32,
                scene="off",
                brightness_percent=60,
                is_on=False,
                version="1.12.3",
                temperature_c=71,
            ),
            DisplayNode(
                "Gate", "192.168.4.26:8461", key="34" * 32, is_live=False, gone_since_utc_ms=1_700_000_000_000
            ),
        ),
        sensors=(
            SensorLine(sensor="finish-beam", state="ok", says=(Sentence("sensor.state.ok"),), blocked=()),
            SensorLine(
                sensor="a-decoder-with-a-very-long-name-of-its-own",
                state="silent",
                says=(Sentence("sensor.silent-for", {"silent_s": 12}),),
                strength=113,
                passings_per_min=22,
            ),
            SensorLine(
                sensor="start", state="blocked", says=(Sentence("sensor.state.blocked"),), blocked=(1,)
            ),
        ),
        machine=MACHINE,
        software="0.1.0",
    )


SEAL = ContactSeal(contact_key="09" + "00" * 31, event_key="ab" * 32)


def typed_contact(text: str) -> TypedContact:
    contact = TypedContact("c1", SEAL)
    for letter in text:
        contact.type(letter)
    return contact


SOME_LAPS = (
    lap(1, 23_456),
    lap(2, 22_871),
    lap(3, 2_004, is_short=True),
    lap(4, 21_990),
    lap(5, 61_120, verdict="void"),
    lap(6, 22_345, uncertainty_ns=141_000_000),
)
MANY_LAPS = tuple(lap(number, 9_000 + number * 37 % 800) for number in range(1, 20))


_DONE: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("lap-judged", "void", "Ada Álvarez", {"by": "o1", "by_name": "Olga Official"}),
    ("run-finished", "", "Ada Álvarez", {}),
    ("act-withdrawn", "run-handed", HARD_NAMES[0], {}),
    ("run-handed", "", HARD_NAMES[0], {"is_withdrawn": True}),
    ("run-armed", "", "鈴木 日本語", {}),
    ("competitor-registered", "", "محمد العربية", {}),
    ("of-a-newer-unit", "", "", {}),
    *(("run-decided", "confirmed", f"Driver {number}", {}) for number in range(9)),
)
ACTS = tuple(
    DoneAct(
        stream="s",
        seq=90 - index,
        kind=kind,
        what=what,
        who=who,
        run_id="r1",
        utc_ms=1_790_000_000_000,
        **more,
    )
    for index, (kind, what, who, more) in enumerate(_DONE)
)
ALL_ACTS: tuple[ActName, ...] = acts_in("running", "official")


def raw_passing(number: int, at_s: int, **more: Any) -> RawPassing:
    fields = {
        "passing_id": f"l{number}",
        "unit": "u",
        "boot_id": "b",
        "mono_ns": NOW_MONO_NS - 50 * SECOND_NS + at_s * SECOND_NS,
        "uncertainty_ns": 40_000,
        "gate": "finish",
        "system": "A",
        "channel": 1,
        "run_id": "r1",
        "place": 1,
    }
    return RawPassing(**{**fields, **more})


RAW = (
    raw_passing(0, 0),
    raw_passing(1, 23),
    raw_passing(2, 46),
    raw_passing(3, 48, is_ignored=True, run_id=None, place=0),
    raw_passing(4, 70, system="hand", uncertainty_ns=100_000_000),
    raw_passing(5, 131, run_id=None, place=0),
    raw_passing(6, 153, flag="late", transponder=8_533_156),
)


def detail_of(a_run: Run) -> RunDetail:
    ignored = SaidAct(
        stream="s",
        seq=7,
        kind="passing-judged",
        by="",
        by_name="",
        is_admin=False,
        unit="Track A",
        where="touchscreen",
        utc_ms=0,
        reason="",
        is_withdrawn=False,
        said={"passing_id": "l3"},
    )
    return RunDetail(run=a_run, raw_passings=RAW, acts=(ignored,))


def stray(seconds_ago: int) -> Stray:
    at_mono_ns = NOW_MONO_NS - seconds_ago * SECOND_NS
    return Stray(passing_id=f"stray-{seconds_ago}", mono_ns=at_mono_ns, uncertainty_ns=40_000, gate="finish")


def asked(count: int) -> tuple[QueueAsk, ...]:
    """Return so many who ask by phone, with the names that are hard to draw."""
    return tuple(
        QueueAsk(
            entry_id=f"ask{number}",
            name=HARD_NAMES[number % len(HARD_NAMES)],
            is_known=number % 3 == 1,
            is_alike=number % 3 == 2,
        )
        for number in range(count)
    )


def queued(count: int) -> tuple[QueueEntry, ...]:
    states = ("waiting", "called", "no-show", "skipped")
    return tuple(
        QueueEntry(
            entry_id=f"q{index}",
            track="1",
            competitor_id=one.competitor_id,
            name=one.name,
            state=states[index % 4] if index else "waiting",
            race_class=("", "Juniors under sixteen", "Stock")[index % 3],
            runs_left=(None, 2, 1, 0)[index % 4],
        )
        for index, one in enumerate(competitors(count)[::-1])
    )


def changed() -> Run:
    def place(*laps: Lap) -> Place:
        return Place(place=1, competitor_id="c1", name="Ada Álvarez", laps=laps)

    return msgspec.structs.replace(
        run(*SOME_LAPS[:2]),
        run_id="r0",
        phase="confirmed",
        has_changed=True,
        places=(place(*SOME_LAPS[:2], lap(3, 44_000)),),
        changed_places=(place(*SOME_LAPS[:2], lap(3, 22_010), lap(4, 21_990)),),
    )


MARK = Calculated(
    from_passing_id="b/9",
    from_system="B",
    correction_ns=3_000_000,
    before_count=10,
    after_count=0,
    uncertainty_ns=2_000_000,
)


def heat(count: int) -> Run:
    """A run of several places; the second has a short lap that waits."""
    laps = [(lap(1, 23_000 + 10 * place), lap(2, 22_900 - 10 * place)) for place in range(1, count + 1)]
    places = tuple(
        Place(
            place=place,
            competitor_id=f"c{place}",
            name=(*HARD_NAMES, "Ada", "Ben")[place - 1],
            laps=(*laps[place - 1], *([lap(3, 2_004, is_short=True)] if place == 2 else [])),
            best_ns=laps[place - 1][1].lap_ns,
        )
        for place in range(1, count + 1)
    )
    first = run(*places[0].laps, name=places[0].name)
    return msgspec.structs.replace(first, places=places, acts=ALL_ACTS)


INTERRUPTIONS: tuple[Literal["restart", "power"], ...] = ("restart", "power")


def bracket(kind: str = "knockout", *, is_over: bool = False) -> Stage:
    """A bracket of eight with hard names, its first round half driven."""
    names = (*HARD_NAMES, "Ada", "Ben")

    def slot(number: int, rank: int | None = None) -> HeatSlot:
        columns = (
            () if rank is None else (Column("best", "duration_ns", 21_990_000_000 + number * 1_000_000),)
        )
        return HeatSlot(
            competitor_id=f"c{number}",
            name=names[number],
            rank=rank,
            runs=0 if rank is None else 1,
            columns=columns,
        )

    heats: tuple[Heat, ...] = (
        Heat(heat_id="k/r1-1", heat="r1-1", round=1, phase="driven", slots=(slot(0, 1), slot(7, 2))),
        Heat(heat_id="k/r1-2", heat="r1-2", round=1, phase="tie", slots=(slot(3), slot(4))),
        Heat(heat_id="k/r1-3", heat="r1-3", round=1, phase="ready", slots=(slot(1), slot(6))),
        Heat(heat_id="k/r1-4", heat="r1-4", round=1, phase="bye", slots=(slot(2),)),
        Heat(heat_id="k/r2-1", heat="r2-1", round=2, phase="waits", slots=(slot(0),)),
        Heat(heat_id="k/small-final", heat="small-final", round=3, phase="waits"),
        Heat(heat_id="k/final", heat="final", round=3, phase="waits"),
    )
    if is_over:
        done: dict[str, Any] = {"phase": "driven", "slots": (slot(0, 1), slot(7, 2))}
        heats = tuple(msgspec.structs.replace(one, **done) for one in heats)
    podium = (names[0], names[2], None) if is_over else ()
    return Stage(stage_id="k", name="Knock-out", kind=kind, heats=heats, podium=podium)


def interrupted(a_run: Run | None, what: Interruption) -> Run | None:
    return None if a_run is None else msgspec.structs.replace(a_run, interruption=what)


def with_clock(a_run: Run | None, clock: str) -> Run | None:
    return None if a_run is None else msgspec.structs.replace(a_run, clock=clock)


SENSOR_TROUBLES = {
    "flickers": SensorStatus(
        sensor="beam-1",
        state=SensorState.FLICKERS,
        notes=[SensorNote(code="flickers", fields={"channels": "1", "uncounted": 312})],
        counters={},
    ),
    "clock-set": SensorStatus(
        sensor="loop",
        state=SensorState.OK,
        notes=[SensorNote(code="clock-set", fields={"seconds": "5.000", "way": "back"})],
        counters={},
    ),
    "systems-part": SensorStatus(
        sensor="loop-b",
        state=SensorState.OK,
        notes=[
            SensorNote(code="system-moved", fields={"gate": "finish", "parted_ms": "199.000", "system": "B"}),
            SensorNote(
                code="systems-pairs", fields={"pairs": 412, "median_ms": "13.000", "spread_ms": "201.000"}
            ),
        ],
        counters={},
    ),
    "system-missed": SensorStatus(
        sensor="loop",
        state=SensorState.OK,
        notes=[
            SensorNote(
                code="system-missed", fields={"gate": "finish", "system": "A", "other": "B", "count": 3}
            )
        ],
        counters={},
    ),
}


SYSTEMS_CHECKED = {
    "waits": SystemsLine(
        gate="finish", pairs=13, is_checking=True, says=(Sentence("touch.sync-wait", {"seconds": 42}),)
    ),
    "parts": SystemsLine(
        gate="finish",
        pairs=14,
        is_synchronised=False,
        says=(Sentence("touch.sync-run-apart", {"ms": "1.500", "seconds": 61, "system": "A"}),),
    ),
    "agrees": SystemsLine(
        gate="finish",
        pairs=14,
        is_synchronised=True,
        says=(Sentence("touch.sync-agree", {"first": "0.200", "second": "-0.400"}),),
    ),
}


def troubled(state: ScreenState, status: SensorStatus) -> ScreenState:
    """Return the screen while the sensor says this."""
    says = tuple(sensor_says(status))
    colour: LightState = "bad" if status.state is not SensorState.OK else "warning"
    light = Light(light="sensor", state=colour, detail=sensor_sentence(status), says=says)
    line = SensorLine(sensor=status.sensor, state=status.state.value, says=says)
    return msgspec.structs.replace(state, lights=(light, *LIGHTS[1:]), sensors=(line, *state.sensors[:1]))


def doubtful_laps() -> tuple[Lap, ...]:
    """Return laps over a clock that was set, a car that may be missing, and times that were calculated."""
    calculated = {"calculated": (MARK,), "uncertainty_ns": 2_000_000}
    return (
        lap(1, 23_456),
        msgspec.structs.replace(
            lap(2, 22_871), flag="clock-set", waits_for_verdict=True, uncertainty_ns=51_000_000
        ),
        msgspec.structs.replace(lap(3, 45_990), flag="passing-lost"),
        msgspec.structs.replace(lap(4, 22_345), **calculated),
        msgspec.structs.replace(lap(5, 22_402), **calculated),
    )


def more_scenes() -> dict[str, tuple[ScreenState | None, View]]:
    """Return the pages on which mistakes are put right."""
    idle = msgspec.structs.replace(screen("idle", count=60), acts=ACTS, tracks=("1",))
    driven = msgspec.structs.replace(
        run(*SOME_LAPS, name=HARD_NAMES[0]), acts=ALL_ACTS, armed_mono_ns=NOW_MONO_NS - 52 * SECOND_NS
    )
    running = msgspec.structs.replace(
        screen("running", driven, count=60), acts=ACTS, strays=(stray(64), stray(4))
    )
    judged = msgspec.structs.replace(
        run(*(replace_short(one) for one in SOME_LAPS), name=HARD_NAMES[0]),
        armed_mono_ns=driven.armed_mono_ns,
        phase="review",
        acts=acts_in("review", "official"),
        would=Consequence(rank=3, ahead="Ada Álvarez", gap=Column("gap", "duration_ns", 214_000_000)),
    )
    review = msgspec.structs.replace(running, phase="review", run=judged)
    armed = msgspec.structs.replace(
        running,
        phase="armed",
        run=msgspec.structs.replace(
            run(started_s_ago=None),
            acts=acts_in("armed", "official"),
            armed_mono_ns=NOW_MONO_NS - 52 * SECOND_NS,
        ),
    )
    paused = msgspec.structs.replace(
        running,
        phase="paused",
        run=msgspec.structs.replace(
            driven,
            phase="paused",
            acts=acts_in("paused", "official"),
            pauses=(Pause(from_mono_ns=NOW_MONO_NS - 9 * SECOND_NS),),
        ),
    )
    plain = View(official_id="o1")
    officials = tuple(Official(official_id=f"o{index}", name=name) for index, name in enumerate(HARD_NAMES))
    signing = msgspec.structs.replace(idle, officials=officials)
    shown = replace(plain, page=Page.PASSINGS, detail=detail_of(driven), chosen="l2")
    offer = Offer(
        place=1,
        gate="finish",
        boot_id="b",
        mono_ns=NOW_MONO_NS - 12 * SECOND_NS,
        seen_mono_ns=NOW_MONO_NS - 12 * SECOND_NS,
        is_by_the_book=True,
        mark=MARK,
    )
    offered = msgspec.structs.replace(running, run=msgspec.structs.replace(driven, offers=(offer,)))
    alike = replace(plain, page=Page.KEYBOARD, typed=HARD_NAMES[0])
    drawn = msgspec.structs.replace(
        idle,
        stages=(bracket(), msgspec.structs.replace(bracket("ladder", is_over=True), stage_id="l")),
        classes=(ClassName(race_class="j", name="Juniors under sixteen"),),
    )
    groups = Drawing(kind="heat-knockout", count=16)
    return {
        "armed-go": (
            msgspec.structs.replace(armed, run=with_clock(armed.run, "go"), strays=()),
            plain,
        ),
        "running-offer": (offered, plain),
        "review-offer": (
            msgspec.structs.replace(
                review,
                run=msgspec.structs.replace(
                    run(*SOME_LAPS[:2]),
                    phase="review",
                    acts=acts_in("review", "official"),
                    offers=(offer,),
                ),
            ),
            plain,
        ),
        "review-calculated": (
            msgspec.structs.replace(
                review,
                run=msgspec.structs.replace(
                    run(*doubtful_laps()), phase="review", acts=acts_in("review", "official")
                ),
            ),
            plain,
        ),
        **{
            f"{page.value}-{name}": (troubled(idle, status), replace(plain, page=page))
            for name, status in SENSOR_TROUBLES.items()
            for page in (Page.STATUS, Page.SENSORS)
        },
        **{
            f"sensors-check-{name}": (
                msgspec.structs.replace(
                    idle,
                    systems=(line, SystemsLine(gate="start-of-the-straight", track="North", pairs=2)),
                ),
                replace(plain, page=Page.SENSORS),
            )
            for name, line in SYSTEMS_CHECKED.items()
        },
        "armed-flickers": (troubled(armed, SENSOR_TROUBLES["flickers"]), plain),
        "put-right-offer": (offered, replace(plain, page=Page.PUT_RIGHT)),
        **{
            f"{phase}-{kind}": (
                msgspec.structs.replace(
                    state,
                    run=interrupted(state.run, Interruption(kind=kind, laps=2, used_ns=80 * SECOND_NS)),
                ),
                plain,
            )
            for phase, state in (("running", running), ("review", review), ("armed", armed))
            for kind in INTERRUPTIONS
        },
        "person": (idle, replace(plain, page=Page.PERSON, person=Person(name="Ada"))),
        "person-offer": (
            msgspec.structs.replace(
                drawn, strays=(msgspec.structs.replace(stray(12), transponder=8_533_156),)
            ),
            replace(
                plain,
                page=Page.PERSON,
                person=Person(
                    name=HARD_NAMES[0], number="1234567890", race_class="j", transponders="A-77, 8123456"
                ),
            ),
        ),
        "person-taken": (
            msgspec.structs.replace(
                drawn,
                competitors=(
                    Competitor(competitor_id="x", name=HARD_NAMES[0], number="7", transponders=(77,)),
                ),
            ),
            replace(
                plain, page=Page.PERSON, person=Person(name="鈴木 日本語", number="7", transponders="77")
            ),
        ),
        "keyboard-number": (
            drawn,
            replace(plain, page=Page.KEYBOARD, purpose=Purpose.NUMBER, typed="12", keys_page=1),
        ),
        "keyboard-details": (
            drawn,
            replace(
                plain,
                page=Page.KEYBOARD,
                typed="Ada Al",
                person=Person(number="1234567890", race_class="j", transponders="A-77, 8123456"),
            ),
        ),
        **{
            page.value: (idle, replace(plain, page=page))
            for page in (Page.BOARD, Page.SENSORS, Page.DISPLAYS, Page.MACHINE, Page.SETTINGS)
        },
        "displays-pictures": (idle, replace(plain, page=Page.DISPLAYS, pictures=PICTURES)),
        "display-all": (idle, replace(plain, page=Page.DISPLAY, chosen="*")),
        "display-one": (idle, replace(plain, page=Page.DISPLAY, chosen="ab" * 32)),
        "settings-formats": (
            msgspec.structs.replace(idle, formats=("RC heat, transponders", "Slot heats, lanes")),
            replace(
                plain,
                page=Page.SETTINGS,
                settings=Settings(brightness_percent=60, volume_percent=0),
                next_format="RC heat, transponders",
            ),
        ),
        "stages": (drawn, replace(plain, page=Page.STAGES)),
        "stages-none": (idle, replace(plain, page=Page.STAGES)),
        "stage": (drawn, replace(plain, page=Page.STAGE, stage_id="k")),
        "stage-chosen": (drawn, replace(plain, page=Page.STAGE, stage_id="k", chosen="k/r1-3")),
        "stage-over": (drawn, replace(plain, page=Page.STAGE, stage_id="l", chosen="k/final")),
        "stage-not-drawn": (
            msgspec.structs.replace(
                idle, stages=(msgspec.structs.replace(bracket(), heats=(), is_drawn=False),)
            ),
            replace(plain, page=Page.STAGE, stage_id="k"),
        ),
        "draw": (idle, replace(plain, page=Page.DRAW)),
        "draw-groups": (drawn, replace(plain, page=Page.DRAW, drawing=groups)),
        "draw-heats": (drawn, replace(plain, page=Page.DRAW, drawing=Drawing(kind="heats", seeds="all"))),
        "idle-heats": (drawn, plain),
        "heat-2": (screen("running", heat(2)), plain),
        "heat-4": (screen("running", heat(4)), replace(plain, place=2)),
        "heat-8": (screen("running", heat(8)), plain),
        "heat-review": (screen("review", heat(4)), plain),
        "appoint-name": (
            idle,
            replace(plain, page=Page.KEYBOARD, purpose=Purpose.OFFICIAL, typed="Olga Berg", back=Page.STATUS),
        ),
        "appoint-pin": (idle, View(page=Page.APPOINT, appoints=HARD_NAMES[0], pin="12")),
        "appoint-differs": (idle, View(page=Page.APPOINT, appoints="Olga Berg", pins_differ=True)),
        "status-nobody": (idle, View(page=Page.STATUS)),
        "sign-in": (signing, View()),
        "sign-in-pin": (signing, View(signs_in="o1", pin="123")),
        "status-signed-in": (signing, replace(plain, page=Page.STATUS)),
        "idle-stray": (msgspec.structs.replace(idle, strays=(stray(12),)), plain),
        "idle-stray-picked": (
            msgspec.structs.replace(idle, strays=(stray(12),)),
            replace(plain, picked="c55"),
        ),
        "idle-queue": (msgspec.structs.replace(idle, queue=queued(9)), plain),
        "idle-program-ended": (
            idle,
            replace(
                plain,
                last_words=(
                    (
                        "bridge",
                        "/etc/pitboard/bridge.toml: unknown key 'prot' in [[sensor]] 1. Correct the file; "
                        "the program starts again by itself.",
                    ),
                ),
            ),
        ),
        "idle-changed": (msgspec.structs.replace(idle, runs=(changed(),)), plain),
        "idle-500": (screen("idle", count=500), plain),
        "idle-3": (screen("idle", count=3), plain),
        "queue": (
            msgspec.structs.replace(idle, queue=queued(60)),
            replace(plain, page=Page.QUEUE, chosen="q1"),
        ),
        "queue-phone": (
            msgspec.structs.replace(idle, queue=queued(3), asked=asked(2), joins_by_phone=True),
            replace(plain, page=Page.QUEUE),
        ),
        "asked": (
            msgspec.structs.replace(idle, asked=asked(9), joins_by_phone=True),
            replace(plain, page=Page.ASKED),
        ),
        "asked-empty": (
            msgspec.structs.replace(idle, joins_by_phone=True),
            replace(plain, page=Page.ASKED),
        ),
        "idle-asked": (msgspec.structs.replace(idle, asked=asked(3), joins_by_phone=True), plain),
        "queue-empty": (idle, replace(plain, page=Page.QUEUE)),
        "changed": (msgspec.structs.replace(idle, runs=(changed(),)), replace(plain, page=Page.CHANGED)),
        "acts": (idle, replace(plain, page=Page.ACTS)),
        "acts-confirmed": (msgspec.structs.replace(idle, acts=ACTS[7:]), replace(plain, page=Page.ACTS)),
        "armed-late": (armed, plain),
        "running-acts": (running, plain),
        "paused": (paused, plain),
        "review-would": (review, plain),
        "put-right": (running, replace(plain, page=Page.PUT_RIGHT)),
        "put-right-review": (review, replace(plain, page=Page.PUT_RIGHT)),
        "put-right-armed": (armed, replace(plain, page=Page.PUT_RIGHT)),
        "penalty": (review, replace(plain, page=Page.PENALTY)),
        "hand-over": (running, replace(plain, page=Page.HAND_OVER)),
        "passings": (running, shown),
        "passings-ignored": (running, replace(shown, chosen="l3")),
        "passings-none-chosen": (running, replace(shown, chosen="")),
        "passings-waiting": (running, replace(shown, detail=None)),
        "passing-missing": (running, replace(shown, insert_mono_ns=NOW_MONO_NS)),
        "give": (msgspec.structs.replace(running, runs=(driven, changed())), replace(shown, page=Page.GIVE)),
        "keyboard-found": (idle, replace(plain, page=Page.KEYBOARD, purpose=Purpose.SEARCH, typed="g")),
        "keyboard-alike": (idle, alike),
        "keyboard-same-person": (idle, replace(alike, asks_alike=True)),
        "rename": (
            running,
            replace(plain, page=Page.KEYBOARD, purpose=Purpose.RENAME, typed="Ada Alvares", renames="c1"),
        ),
    }


def scenes() -> dict[str, tuple[ScreenState | None, View]]:
    """Return every kind of page by name."""
    plain = View()
    idle = screen("idle", count=200)
    running = screen("running", run(*SOME_LAPS))
    hard_run = run(*MANY_LAPS, lap(20, 1_500, is_short=True, verdict="valid"), name=HARD_NAMES[0])
    judged = run(*(replace_short(one) for one in SOME_LAPS), name="鈴木 日本語")
    return {
        "connecting": (None, replace(plain, is_link_lost=True)),
        "idle": (idle, plain),
        "idle-picked": (idle, replace(plain, picked="c194")),
        "idle-search": (idle, replace(plain, search="gar", picked="c198")),
        "idle-nobody": (screen("idle", count=0), plain),
        "keyboard": (idle, replace(plain, page=Page.KEYBOARD, typed="Maximiliane Wolfeschlegelstein")),
        "keyboard-accents": (
            idle,
            replace(plain, page=Page.KEYBOARD, keys_page=1, typed=HARD_NAMES[1]),
        ),
        "keyboard-search": (
            idle,
            replace(plain, page=Page.KEYBOARD, purpose=Purpose.SEARCH, typed="gar"),
        ),
        "contact": (
            idle,
            replace(
                plain,
                page=Page.CONTACT,
                contact=typed_contact(""),
                message=Message(
                    kind="saved",
                    text="Saved: Ada Álvarez is registered",
                    until_mono_ns=NOW_MONO_NS + SECOND_NS,
                ),
            ),
        ),
        "contact-email": (
            idle,
            replace(plain, page=Page.CONTACT, contact=typed_contact("ada.alvarez@example.org")),
        ),
        "contact-phone": (
            idle,
            replace(plain, page=Page.CONTACT, contact=typed_contact("+49 (171) 23"), keys_page=1),
        ),
        "contact-long": (
            idle,
            replace(plain, page=Page.CONTACT, contact=typed_contact("m" * 60 + "@example.museum 0171 2345")),
        ),
        "contact-started": (idle, replace(plain, page=Page.CONTACT, contact=typed_contact("ada.alv"))),
        "armed": (screen("armed", run(started_s_ago=None)), plain),
        "armed-bad": (
            replace_lights(screen("armed", run(started_s_ago=None, name=HARD_NAMES[2]))),
            plain,
        ),
        "running": (running, replace(plain, pressed=frozenset({"manual"}))),
        "running-first": (screen("running", run(started_s_ago=3)), plain),
        "running-hold": (
            screen("running", run(*SOME_LAPS[:2], started_s_ago=173)),
            replace(plain, hold=Hold(name="stop", since_mono_ns=NOW_MONO_NS - 400_000_000)),
        ),
        "running-lost": (running, replace(plain, is_link_lost=True)),
        "time-up": (screen("time-up", run(*SOME_LAPS, started_s_ago=185)), plain),
        "review": (
            screen("review", run(*SOME_LAPS)),
            replace(
                plain,
                message=Message(
                    kind="refused",
                    text="Lap 3 is short and has no verdict yet; judge it valid or void first.",
                    until_mono_ns=NOW_MONO_NS + SECOND_NS,
                ),
            ),
        ),
        "review-ready": (
            screen("review", judged),
            replace(
                plain,
                message=Message(
                    kind="saved", text="Saved: lap is void", until_mono_ns=NOW_MONO_NS + SECOND_NS
                ),
            ),
        ),
        "review-many": (screen("review", hard_run), plain),
        "review-sending": (screen("review", judged), replace(plain, sending=frozenset({"confirm"}))),
        "review-empty": (screen("review", run(name=HARD_NAMES[3])), plain),
        "discard": (screen("review", hard_run), replace(plain, asks_discard=True)),
        "status": (running, replace(plain, page=Page.STATUS)),
        **more_scenes(),
    }


def replace_short(one: Lap) -> Lap:
    return lap(one.number, one.lap_ns // 1_000_000, is_short=True, verdict="void") if one.is_short else one


def replace_lights(state: ScreenState) -> ScreenState:
    return ScreenState(
        version=state.version,
        unit=state.unit,
        event=state.event,
        phase=state.phase,
        run=state.run,
        competitors=state.competitors,
        entries=state.entries,
        lights=BAD_LIGHTS,
        displays=(),
    )
