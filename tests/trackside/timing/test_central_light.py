"""Central's light tells every trouble, the worst first, and none hides another."""

from __future__ import annotations

from pathlib import Path

from pitboard.journal.streams.stream_watch import SILENT_AFTER_MS
from pitboard.race.bodies.people_bodies import CompetitorRegistered
from pitboard.unit_api.program_calls import CentralStatus, SyncReport
from pitboard.unit_api.screen_state import Light
from sync.exchanging.freshness import Answerer
from tests.race_story import UNIT_A, Teller
from tests.trackside.unit_story import Unit, with_unit

DAY_MS = 86_400_000


def central(unit: Unit, *, state: str = "ok", ahead_ms: int | None = 0) -> Light:
    lost = CentralStatus(state="lost", why="no-network", ahead_ms=ahead_ms)
    unit.lights.take(
        SyncReport(central=lost if state == "lost" else CentralStatus(state="ok", ahead_ms=ahead_ms))
    )
    return unit.lights.all()[1]


def codes(light: Light) -> list[str]:
    return [one.code for one in light.says]


def test_a_clock_a_day_ahead_is_told_at_the_unit_and_goes_when_it_is_set(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        assert central(unit).state == "ok"
        light = central(unit, ahead_ms=-DAY_MS)
        assert (light.state, codes(light)) == ("warning", ["light.clock.ahead"])
        assert "24 h ahead" in light.detail
        unit.clock.now_utc_ms -= DAY_MS
        assert central(unit, ahead_ms=0).state == "ok"

    with_unit(tmp_path, story)


def test_a_copy_that_writes_nothing_is_told_and_goes_with_it(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        unit.lights.see_own_key_at(["192.0.2.9"])
        light = central(unit, state="lost", ahead_ms=None)
        assert light.state == "bad"
        assert codes(light) == ["light.own-key-elsewhere", "light.central.lost"]
        assert "at 192.0.2.9" in light.detail
        assert "Take away the one that was switched on last" in light.detail
        unit.lights.see_own_key_at([])
        assert central(unit).state == "ok"

    with_unit(tmp_path, story)


def test_a_clone_is_bad_hides_nothing_and_clears_by_itself(tmp_path: Path) -> None:
    async def story(unit: Unit) -> None:
        own_stream, _ = unit.run_control._replica.next_place
        unit.lights._own_stream = lambda: own_stream
        clone = Teller(UNIT_A, "Track A", clock=unit.clock, earlier={own_stream: 1})
        unit.clock.advance(ms=5_000)
        await unit.acting.register("Ann")
        clone.say(CompetitorRegistered(competitor_id="c", name="Bob"))
        await unit.replica.accept(clone.records)
        unit.lights.trust.see("Track B", "192.0.2.7:8441", Answerer.STRANGER)
        unit.lights.see_places({UNIT_A.key: ["10.0.0.5", "10.0.0.7"]})
        unit.lights.see_own_key_at(["10.0.0.7"])  # said once
        light = central(unit, state="lost", ahead_ms=None)
        assert light.state == "bad"
        assert codes(light) == ["light.two-machines.here", "light.stranger.stranger", "light.central.lost"]
        assert "10.0.0.7" in light.detail
        unit.clock.advance(ms=SILENT_AFTER_MS + 1)
        unit.lights.see_own_key_at([])
        assert central(unit).state == "ok"

    with_unit(tmp_path, story)
