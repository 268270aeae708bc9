"""Every scene that shows a time which was calculated says from what, and how sure it is."""

from __future__ import annotations

import msgspec
import pytest

from display.scene.blocks import Block, Scene, Text
from display.scene.calculated_note import with_note
from display.scene.playlist import SCENES, lay_out, own_playlist
from display.scene.result_text import best_lap_text, calculated_words
from display.scene.show import Canvas, Moment, Show
from pitboard.journal.views.run_views import RunView
from pitboard.journal.views.stage_view import HeatView, SlotView, StageView
from pitboard.journal.views.views import BoardView
from pitboard.race.bodies.calculated import Calculated
from pitboard.race.ranking.score import Column
from pitboard.race.runs.run_parts import Place
from pitboard.sentences.language import language
from tests.display.example_boards import LIVE, NEWS_AT_NS, SIZES, board, lap_view, news, run_view

MARK = Calculated(
    from_passing_id="b/9",
    from_system="B",
    correction_ns=3_000_000,
    before_count=10,
    after_count=0,
    uncertainty_ns=11_400_000,
)
SAID = "calculated from B, ±12 ms"
TIMELESS = {"next-up", "schedule", "message", "sponsors", "qr", "join", "identify", "technical"}
"""Scenes that show no result at all; a new scene stands here or shows what the test looks for."""


def marked_board(count: int = 12, *, on_track: tuple[RunView, ...] = ()) -> BoardView:
    view = board(count, on_track=on_track, newest=0)
    made = [msgspec.structs.replace(entry, calculated=(MARK,)) for entry in view.entries]
    return msgspec.structs.replace(view, entries=made)


def marked_run() -> RunView:
    laps = [
        msgspec.structs.replace(lap_view(number, ms=11_000 + number), calculated=(MARK,)) for number in (1, 2)
    ]
    run = run_view(laps=laps, name="Ann Berg")
    place = Place(place=1, competitor_id="nobody", name="Ann Berg", laps=tuple(laps), best_ns=run.best_ns)
    return msgspec.structs.replace(run, places=(place,))


def marked_stage() -> StageView:
    slots = tuple(
        SlotView(
            competitor_id=name,
            name=name,
            rank=rank,
            runs=1,
            columns=(Column("best", "duration_ns", 11_862_000_000 + rank),),
            calculated=(MARK,),
        )
        for rank, name in enumerate(("Ann Berg", "Bo Ek"), start=1)
    )
    heat = HeatView(heat_id="h", heat="final", round=1, phase="driven", slots=slots)
    return StageView(stage_id="s", name="Finals", kind="knockout", race_class="", format="", heats=(heat,))


def marked_show(scene: str) -> Show:
    runs = (marked_run(),) if scene in ("on-track", "overlay") else ()
    view = marked_board(on_track=runs)
    return Show(
        board=view,
        badge=LIVE,
        story=news(view),
        stages=(marked_stage(),),
        playlist=own_playlist([scene]),
        since_mono_ns=NEWS_AT_NS,
    )


def texts(scene: Scene | Block) -> list[str]:
    blocks = scene.blocks if isinstance(scene, Scene) else (scene,)
    return [mark.text for block in blocks for mark in block.marks if isinstance(mark, Text)]


@pytest.mark.parametrize("name", sorted(SCENES))
def test_every_scene_says_of_what_it_shows_from_what_it_was_calculated(name: str) -> None:
    show = marked_show(name)
    for size in SIZES:
        scene = with_note(SCENES[name], show, Moment(NEWS_AT_NS), Canvas(size=size)).scene
        said = texts(scene)
        times = [text for text in said if text.lstrip("≈+").replace(":", "").replace(".", "").isdigit()]
        with_sign = [text for text in times if text.startswith("≈")]
        if name in TIMELESS:
            assert not with_sign
            continue
        assert with_sign, (name, size, said)
        # No time of a calculated result stands without the sign, but where the gap is beside the time.
        bare = [text for text in times if "." in text and not text.startswith(("≈", "+"))]
        assert not bare, (name, size, bare)
        assert any(SAID in text for text in said), (name, size, said)
        notes = [block for block in scene.blocks if block.name == "calculated"]
        for note in notes:
            assert note.area.bottom <= size[1]
            others = [block.window or block.area for block in scene.blocks if block is not note]
            assert not any(note.area.meets(other) for other in others), (name, size)


def test_a_few_are_named_and_many_are_told_by_their_system() -> None:
    one = msgspec.structs.replace(marked_board(2).entries[1], name="Ann")
    few, many = msgspec.structs.replace(marked_board(1), entries=[one]), marked_board(12)
    for view, foot in ((few, f"≈ Ann {SAID}"), (many, f"≈ {SAID}")):
        show = Show(board=view, badge=LIVE, since_mono_ns=NEWS_AT_NS)
        scene = lay_out(show, Moment(NEWS_AT_NS), Canvas(size=(1080, 1920))).scene
        [note] = [block for block in scene.blocks if block.name == "calculated"]
        assert texts(note) == [foot]


def test_what_a_row_says_itself_needs_no_line_and_what_was_measured_none() -> None:
    for view in (marked_board(3), board(3)):
        show = Show(board=view, badge=LIVE, since_mono_ns=NEWS_AT_NS)
        scene = lay_out(show, Moment(NEWS_AT_NS), Canvas(size=(1920, 1080))).scene
        assert "calculated" not in [block.name for block in scene.blocks]


def test_the_least_sure_of_several_is_told() -> None:
    worse = msgspec.structs.replace(MARK, uncertainty_ns=40_000_001, from_system="hand")
    assert calculated_words((MARK, worse), language()) == "calculated from hand, ±41 ms"
    assert calculated_words((), language()) == ""


def test_a_best_lap_has_the_sign_only_where_none_of_that_time_was_measured() -> None:
    made = marked_run().laps[0]
    measured = msgspec.structs.replace(made, calculated=())
    for laps, text in (([made], "≈11.001"), ([made, measured], "11.001")):
        assert best_lap_text(made.lap_ns, laps, resolution_ns=1_000_000) == text
