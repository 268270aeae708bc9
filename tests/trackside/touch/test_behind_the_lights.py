"""What stands behind the lights: displays steered, settings kept, the machine in words."""

from __future__ import annotations

import asyncio
from pathlib import Path

from pitboard.drawing.backlight import LEAST_PERCENT, Backlight
from pitboard.health.findings import machine_findings
from pitboard.health.machine_facts import MachineFacts
from pitboard.race.bodies.display_bodies import PlaylistItem
from pitboard.race.bodies.event_bodies import EventConfigured, FormatSet
from pitboard.race.bodies.formats import Format
from pitboard.sentences.language import LANGUAGES, language
from pitboard.unit_api.program_calls import BridgeReport
from pitboard.unit_api.screen_state import DisplayNode
from pitboard.unit_api.unit_status import SensorState, SensorStatus
from tests.pitboard.trust.test_signed_picture import png
from tests.trackside.touch.virtual_screen import VirtualScreen, before_the_screen
from trackside.machine_watch import lines_of
from trackside.touch.kept_settings import KeptSettings, keep_settings, read_settings
from trackside.touch.scene.status_scene import machine_sentence
from trackside.touch.widgets.view import View

WALL = DisplayNode("pb-1", "192.0.2.1:9000", key="ab" * 32, scene="leaderboard")


def test_a_display_is_told_what_to_show_gets_a_name_and_says_it(tmp_path: Path) -> None:
    async def story(screen: VirtualScreen) -> None:
        screen.unit.feed.show_displays([WALL])
        await screen.tap("light:central", "displays", "display:1", "scene:podium")
        await screen.until(lambda now: now.displays[0].playlist == (PlaylistItem(scene="podium"),))
        await screen.tap("display:1", "display:brightness")
        await screen.tap("display:1", "display:light")
        dark = (await screen.until(lambda now: not now.displays[0].is_on)).displays[0]
        assert (dark.brightness_percent, dark.playlist) == (60, (PlaylistItem(scene="podium"),))
        await screen.tap("display:1", "display:light")
        await screen.tap("display:1", "display:restart")
        await screen.until(lambda now: now.displays[0].restart != "")
        await screen.tap("display:1", "display:name")
        for _ in "pb-1":
            await screen.tap("keyboard:backspace")
        await screen.type("Grandstand")
        await screen.tap("keyboard:done")
        named = (await screen.until(lambda now: now.displays[0].name == "Grandstand")).displays[0]
        assert (named.brightness_percent, named.is_on, named.playlist) == (60, True, dark.playlist)
        await screen.tap("display:1", "scene:identify")
        shown = await screen.until(lambda now: len(now.displays[0].playlist) == 2)
        assert [one.scene for one in shown.displays[0].playlist] == ["identify", "podium"]
        await screen.tap("undo", "unact:*")  # as every act
        await screen.until(lambda now: [one.scene for one in now.displays[0].playlist] == ["podium"])
        screen.unit.feed.show_displays([WALL, DisplayNode("pb-2", "192.0.2.2:9000", key="cd" * 32)])
        await screen.tap("light:central", "displays", "display:0", "scene:schedule")
        await screen.until(lambda now: now.displays[1].playlist == (PlaylistItem(scene="schedule"),))

    before_the_screen(story)


def test_displays_show_what_is_on_them_now_and_nobody_asks_while_nobody_looks() -> None:
    async def story(screen: VirtualScreen) -> None:
        unit = screen.unit
        gone = DisplayNode("Gate", "192.0.2.3:9000", key="cd" * 32, gone_since_utc_ms=1)
        unit.feed.show_displays([WALL, DisplayNode("old one", "192.0.2.2:9000"), gone])
        await screen.tap("light:central")
        await asyncio.sleep(10)
        assert unit.pictures_asked == 0
        await screen.tap("displays")
        await screen.wait_for("=No picture")
        unit.picture = png()
        await asyncio.sleep(3)
        widget = await screen.wait_for(f"picture:{WALL.key}")
        assert (widget.picture, widget.label) == (unit.picture, "")
        row = await screen.wait_for("display:1")
        assert row.rect.covers(widget.rect)
        await screen.tap("display:1")  # the picture takes no tap from the row
        asked = unit.pictures_asked
        await asyncio.sleep(10)
        assert unit.pictures_asked == asked

    before_the_screen(story)


def test_settings_work_at_once_and_the_format_is_that_of_the_next_run_alone(tmp_path: Path) -> None:
    sprint = Format(name="Sprint", run_ms=30_000)

    async def story(screen: VirtualScreen) -> None:
        await screen.register("Ada")
        await screen.tap("light:disk", "settings", "format", "volume:less", "language")
        assert (await screen.wait_for("title")).label == language("de").say("touch.settings")
        await screen.tap("language", "back", "back")
        assert (await screen.wait_for("start")).note == "Sprint"
        await screen.tap("start")
        run = (await screen.until(lambda now: now.run is not None)).run
        assert run is not None
        assert run.run_ms == 30_000
        await screen.tap("discard", "discard:yes")
        await screen.until(lambda now: now.run is None)
        await screen.tap("=Ada")
        assert (await screen.wait_for("start")).note == ""
        assert read_settings(screen.settings_file) == KeptSettings(language="en", volume_percent=40)

    before_the_screen(
        story,
        EventConfigured(name="Club race"),
        FormatSet(name="Sprint", format=sprint),
        settings_file=tmp_path / "touch.json",
    )


def test_the_level_of_a_beam_and_the_strength_of_a_passing_show_as_they_change() -> None:
    async def story(screen: VirtualScreen) -> None:
        await screen.tap("light:sensor", "sensors")
        assert (await screen.wait_for("sensor:beam-1")).label == "beam-1: 0 passings per minute"
        screen.unit.beam = SensorStatus(
            sensor="beam-1", state=SensorState.BLOCKED, blocked=[1], strength=113, passings_per_min=1
        )
        screen.unit.lights.take(BridgeReport(sensors=[screen.unit.beam]))
        screen.unit.feed.watch_lights()
        label = "beam-1: beam blocked, strength 113, 1 passing per minute"
        await screen.wait_for(f"={label}")
        line = await screen.wait_for("sensor:beam-1")
        assert (line.icon, line.note) == (
            "bad",
            "Something stands in the beam. Clear it or align the sensor.",
        )

    before_the_screen(story)


def test_every_line_of_the_machine_is_said_in_every_language_and_what_is_red_says_what_to_do() -> None:
    ill = MachineFacts(
        temperature_mc=85_000,
        has_under_voltage=True,
        disk_free_bytes=1,
        is_read_only=True,
        wear_percent=90,
        memory_available_kib=1,
        memory_total_kib=100,
    )
    well = MachineFacts(
        temperature_mc=40_000,
        has_under_voltage=False,
        disk_free_bytes=2**36,
        memory_available_kib=90,
        memory_total_kib=100,
        is_clock_synchronised=True,
        utc_ms=2**41,
        addresses=("192.0.2.7",),
    )
    cases = [
        ill,
        well,
        MachineFacts(temperature_mc=78_000, disk_free_bytes=100 * 2**20, utc_ms=2**41),
        MachineFacts(utc_ms=2**41, has_rtc=True),
    ]
    for facts in cases:
        for line in lines_of(list(machine_findings(facts))):
            for code in LANGUAGES:
                spoken = language(code)
                assert f"touch.machine-{line.code}" in spoken.codes, line.code
                said = machine_sentence(line, View(language=spoken))
                assert "…" not in said
                if line.colour != "green":
                    assert f"touch.machine-{line.code}-do" in spoken.codes, line.code


def test_settings_that_cannot_be_kept_or_read_hold_until_the_next_start(tmp_path: Path) -> None:
    kept = KeptSettings(language="de", volume_percent=20, brightness_percent=80)
    keep_settings(tmp_path / "touch.json", kept)
    assert read_settings(tmp_path / "touch.json") == kept
    (tmp_path / "torn.json").write_bytes(b'{"language": "de", "vol')
    (tmp_path / "strange.json").write_bytes(b'{"language": "xx"}')
    for name in ("torn.json", "strange.json", "missing.json"):
        assert read_settings(tmp_path / name) == KeptSettings()
    keep_settings(tmp_path / "no" / "such" / "folder.json", kept)
    keep_settings(None, kept)
    assert read_settings(None) == KeptSettings()


def test_the_panels_light_is_set_in_its_own_steps_and_never_out(tmp_path: Path) -> None:
    panel = tmp_path / "10-0045"
    panel.mkdir()
    (panel / "brightness").write_text("255\n")
    (panel / "max_brightness").write_text("255\n")
    light = Backlight(tmp_path)
    assert light.percent == 100
    assert light.set(40)
    assert ((panel / "brightness").read_text(), light.percent) == ("102", 40)
    assert light.set(0)
    assert light.percent == LEAST_PERCENT
    (panel / "max_brightness").write_text("?")
    for dark in (light, Backlight(tmp_path / "none")):
        assert dark.percent is None
        assert not dark.set(50)
