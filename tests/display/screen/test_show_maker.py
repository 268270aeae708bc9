"""What a display makes of the journal: whom it obeys, who waits, what is new."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from display.scene.show import Moment, Show
from display.screen.show_maker import PICTURE_MAX_BYTES, DisplayFacts, ShowMaker, pictures_in
from pitboard.journal.folding.fold import Fold
from pitboard.journal.views.views import EntryView, view_board
from pitboard.race.bodies.display_bodies import DisplayAssigned, MessagePosted, PlaylistItem
from pitboard.race.bodies.people_bodies import CompetitorChanged, CompetitorJudged, CompetitorRegistered
from pitboard.race.bodies.queue_bodies import QueueJoined, QueueMarked
from pitboard.race.bodies.verdict_bodies import LapJudged, RunDecided
from pitboard.race.scene_names import WHOLE_VENUE
from tests.display.example_boards import LIVE
from tests.race_story import (
    STRANGER,
    UNIT_A,
    Teller,
    armed,
    central_enrols,
    confirmed_run,
    finished,
    passing,
)


class Story:
    """A venue told record by record, and the show that a display makes of it."""

    def __init__(self, facts: DisplayFacts) -> None:
        self.root = central_enrols(UNIT_A)
        self.unit = Teller(UNIT_A, "Track A")
        self.maker = ShowMaker(facts, LIVE)
        self.moment = Moment(0, 1_000_000)
        self.fold: Fold

    def told(self, *tellers: Teller) -> Show:
        self.fold = fold = Fold(self.root.identity.key)
        for teller in (self.root, self.unit, *tellers):
            for record in teller.records:
                fold.add(record)
        self.moment = Moment(self.moment.mono_ns + 10**9, self.moment.utc_ms + 1_000)
        self.maker.take(fold, self.moment)
        return self.maker.with_now(LIVE, (), self.moment)


SMALL_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10"
"""As far as it is looked at."""


def assigned(display: str, scene: str) -> DisplayAssigned:
    return DisplayAssigned(display=display, name="Bar", playlist=(PlaylistItem(scene=scene),))


def test_a_display_obeys_the_last_word_to_its_key_its_name_or_the_whole_venue() -> None:
    story = Story(DisplayFacts(ids=("k1", "Grandstand"), name="Grandstand"))
    assert story.told().playlist == ()
    for display, scene, name in (
        ("k1", "podium", "Bar"),
        ("*", "qr", "Grandstand"),
        ("Grandstand", "message", "Bar"),
    ):
        story.unit.say(assigned(display, scene))
        show = story.told()
        assert [item.scene for item in show.playlist] == [scene]
        assert show.display_name == name
    story.unit.say(assigned("another", "schedule"))
    assert [item.scene for item in story.told().playlist] == ["message"]


def test_a_stranger_cannot_steer_it() -> None:
    story = Story(DisplayFacts(ids=("k1",), name="Grandstand"))
    stranger = Teller(STRANGER, "a box")
    stranger.say(assigned("k1", "podium"))
    assert story.told(stranger).playlist == ()


def test_what_was_assigned_is_still_so_after_a_restart() -> None:
    story = Story(DisplayFacts(ids=("k1",), name="Grandstand"))
    story.unit.say(assigned("k1", "podium"))
    story.told()
    story.maker = ShowMaker(DisplayFacts(ids=("k1",), name="Grandstand"), LIVE)
    assert [item.scene for item in story.told().playlist] == ["podium"]


def test_who_waits_is_shown_in_order_and_who_left_is_not() -> None:
    story = Story(DisplayFacts(name="Grandstand"))
    for number, name in enumerate(("Ada", "Bo", "Cleo")):
        story.unit.say(CompetitorRegistered(competitor_id=f"c{number}", name=name, number=str(number)))
        story.unit.say(QueueJoined(entry_id=f"q{number}", track="A", competitor_id=f"c{number}"))
    story.unit.say(QueueMarked(entry_id="q0", state="left"))
    story.unit.say(QueueMarked(entry_id="q2", state="called"))
    assert [(one.name, one.is_called) for one in story.told().queue] == [("Bo", False), ("Cleo", True)]


def test_a_message_is_for_those_named_and_ends_at_its_time() -> None:
    story = Story(DisplayFacts(ids=("k1",), name="Grandstand"))
    for number, (text, displays, until) in enumerate(
        (
            ("all", (), 0),
            ("mine", ("k1",), 1_002_500),
            ("by name", ("Grandstand",), 0),
            ("theirs", ("k2",), 0),
        )
    ):
        story.unit.say(
            MessagePosted(message_id=f"m{number}", text=text, displays=displays, until_utc_ms=until)
        )
    assert story.told().messages == ("all", "mine", "by name")
    assert story.maker.message_ends_ms(story.moment) == 1_500
    story.told()
    assert story.told().messages == ("all", "by name")


def test_a_new_result_is_told_and_begins_the_round_anew() -> None:
    story = Story(DisplayFacts(name="Grandstand"))
    first = story.told()
    assert first.story.at_mono_ns is None
    story.unit.say(CompetitorRegistered(competitor_id="c0", name="Ada"))
    confirmed_run(story.unit, "r1", "c0", start_s=10, laps_s=[5.0], first_seq=1)
    show = story.told()
    assert show.story.newest == "c0"
    assert show.story.at_mono_ns == show.since_mono_ns == story.moment.mono_ns
    assert story.told().since_mono_ns == show.since_mono_ns


def test_sponsors_are_the_pictures_of_a_folder_by_name(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "notes.txt"):
        (tmp_path / name).write_bytes(SMALL_PNG)
    assert [path.name for path in pictures_in(tmp_path)] == ["a.jpg", "b.PNG"]
    assert pictures_in(tmp_path / "none") == pictures_in(None) == ()


def test_a_picture_that_unpacks_to_gigabytes_is_left_out_before_anybody_unpacks_it(tmp_path: Path) -> None:
    def png(wide: int, high: int) -> bytes:
        return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + wide.to_bytes(4, "big") + high.to_bytes(4, "big")

    def jpeg(wide: int, high: int) -> bytes:
        thumbnail = b"\xff\xc0\0\x11\x08\0\x78\0\xa0\x03"
        return (
            b"\xff\xd8"
            + thumbnail
            + thumbnail[:5]
            + high.to_bytes(2, "big")
            + wide.to_bytes(2, "big")
            + b"\x03"
        )

    def webp(wide: int, high: int) -> bytes:
        return b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + wide.to_bytes(3, "little") + high.to_bytes(3, "little")

    for name, head in (("png", png), ("jpg", jpeg), ("webp", webp)):
        (tmp_path / f"bomb.{name}").write_bytes(head(16_001, 16_000))
        (tmp_path / f"fits.{name}").write_bytes(head(4_000, 4_000))
    (tmp_path / "heavy.png").write_bytes(png(10, 10) + bytes(PICTURE_MAX_BYTES))
    assert [path.name for path in pictures_in(tmp_path)] == ["fits.jpg", "fits.png", "fits.webp"]
    (tmp_path / "bomb.png").write_bytes(png(400, 400))  # made smaller under the same name
    os.utime(tmp_path / "bomb.png", ns=(1, 1))
    assert tmp_path / "bomb.png" in pictures_in(tmp_path)


def test_what_is_no_picture_of_a_known_size_is_left_out_whatever_it_is_called(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    sides = (20_000).to_bytes(4, "little") * 2
    bitmap = b"BM" + bytes(12) + b"\x28\0\0\0" + sides + b"\1\0\x18\0" + bytes(24)
    lossless = (16_383 | 16_383 << 14).to_bytes(4, "little")
    strange = {
        "bitmap.png": bitmap,
        "bitmap with a small jpeg in it.jpg": bitmap + b"\xff\xc0\0\x11\x08\0\x10\0\x10\x03",
        "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg" width="20000" height="20000"/>',
        "entities.jpeg": b'<!DOCTYPE x [<!ENTITY a "aaaa">]><svg>&a;</svg>',
        "pixmap.jpg": b"P6\n20000 20000\n255\n",
        "moving.png": b"GIF89a" + sides[:2] * 2,
        "lossless.webp": b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + lossless,
        "of no size.png": SMALL_PNG[:16] + bytes(8),
        "empty.png": b"",
    }
    for name, content in strange.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "without end.png").symlink_to("/dev/zero")
    (tmp_path / "nowhere.png").symlink_to(tmp_path / "gone")
    (tmp_path / "true.png").write_bytes(SMALL_PNG)
    (tmp_path / "small.webp").write_bytes(b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + bytes(4))
    (tmp_path / "notes.jpg").write_bytes(
        b"\xff\xd8\xff\xe1\xff\xff" + bytes(1_000_000) + b"\xff\xc0\0\x11\x08\0\x10\0\x10\x04"
    )
    assert [path.name for path in pictures_in(tmp_path)] == ["notes.jpg", "small.webp", "true.png"]
    left_out = [line for line in caplog.messages if line.startswith("picture left out")]
    assert len(left_out) == len(strange) + 4


def test_a_folder_of_sponsors_that_cannot_be_read_is_told_and_stops_no_display(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert pictures_in(tmp_path) == ()
    assert "cannot be read" in caplog.text


def test_a_lap_on_the_track_makes_no_entry_anew_and_all_that_may_change_one_does() -> None:
    fold, root, unit = Fold(central_enrols(UNIT_A).identity.key), central_enrols(UNIT_A), Teller(UNIT_A, "A")
    maker = ShowMaker(DisplayFacts(), LIVE)
    seq = confirmed_run(unit, "r1", "c1", start_s=0, laps_s=[9.0], first_seq=1)
    seq = confirmed_run(unit, "r2", "c2", start_s=100, laps_s=[8.0], first_seq=seq)
    unit.say(armed("r3", "c1", s=200))

    def entries() -> list[EntryView]:
        for record in [*root.records, *unit.records]:
            fold.add(record)
        return maker.take(fold, Moment(0)).board.entries

    before = entries()
    for second in (201, 209):
        unit.say(passing(seq + second, s=second))
        assert entries() is before
    for change in (
        CompetitorChanged(competitor_id="c1", name="Bea"),
        RunDecided(run_id="r3", decision="confirmed"),
        CompetitorChanged(competitor_id="c2", number="7"),
    ):
        unit.say(change)
        now = entries()
        assert now is not before
        assert now == view_board(fold).entries
        before = now
    assert maker.whole_board(fold, count=1) == view_board(fold, count=1)
    unit.say(DisplayAssigned(display=WHOLE_VENUE, name="Bar", track="elsewhere"))
    assert entries() == []  # what is kept for the next start is of all tracks all the same
    assert maker.whole_board(fold, count=2) == view_board(fold, count=2)


def test_the_best_sectors_follow_what_is_confirmed_judged_and_taken_back() -> None:
    story = Story(DisplayFacts())
    live = Fold(story.root.identity.key)
    for competitor in ("c1", "c2"):
        story.unit.say(CompetitorRegistered(competitor_id=competitor, name=competitor))

    def drives(run: str, competitor: str, at_s: float, seq: int, *laps_s: tuple[float, float]) -> None:
        story.unit.say(armed(run, competitor, s=at_s - 1))
        story.unit.say(passing(seq, s=at_s))
        for number, (half_s, rest_s) in enumerate(laps_s):
            gate = msgspec.structs.replace(passing(seq + 1 + 2 * number, s=at_s + half_s), gate="half")
            story.unit.say(gate)
            at_s += half_s + rest_s
            story.unit.say(passing(seq + 2 + 2 * number, s=at_s))

    def bests(who: str) -> list[int]:
        told = story.told().sector_bests
        for record in (*story.root.records, *story.unit.records):
            live.add(record)  # as they came, looked at in between
        assert ShowMaker(DisplayFacts(), LIVE).take(live, story.moment).sector_bests == told
        return [told.get((who, "1", *ends), 0) // 1_000_000 for ends in (("", "half"), ("half", ""))]

    drives("r1", "c1", 100, 1, (4.0, 6.0), (4.5, 5.0))
    assert bests("") == bests("c1") == [4_000, 5_000]
    story.unit.say(finished("r1", s=130))
    drives("r2", "c2", 200, 10, (4.2, 5.5))
    assert bests("") == bests("c2") == [4_200, 5_500]  # r1 is not confirmed
    story.unit.say(RunDecided(run_id="r1", decision="confirmed"))
    assert bests("") == [4_000, 5_000]
    assert bests("c2") == [4_200, 5_500]
    story.root.say(CompetitorJudged(competitor_id="c1", disqualification="disqualified"))
    assert bests("") == [4_200, 5_500]
    story.root.say(CompetitorJudged(competitor_id="c1", disqualification=None))
    second_lap = next(lap for lap in story.fold.race.driven("r1")[0].laps if lap.number == 2).lap_id
    story.unit.say(LapJudged(run_id="r1", lap_id=second_lap, verdict="void"))
    assert bests("") == [4_000, 5_500]
    story.unit.say(RunDecided(run_id="r1", decision="discarded"))
    assert bests("") == [4_200, 5_500]
    only_lap = story.fold.race.driven("r2")[0].laps[0].lap_id
    story.unit.say(LapJudged(run_id="r2", lap_id=only_lap, verdict="void"))
    assert bests("") == bests("c2") == [0, 0]
