"""Every scene in every theme and size as pictures: `make screenshots`, then look at them.

`--out FOLDER` gets a picture each and `sheet-<theme>.png`, all of them small on one page."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("SDL_VIDEODRIVER", "dummy")

import msgspec
import pygame

from display.scene.playlist import SCENES
from display.scene.show import Canvas, Moment, Queued, Show
from display.scene.story import Story
from display.scene.theme import SHIPPED, load_theme
from display.screen.scene_painter import Painter
from display.screen.show_maker import pictures_in
from pitboard.drawing.typeface import Typeface
from pitboard.journal.views.run_views import ClockView, RunView
from pitboard.journal.views.stage_view import HeatPhase, HeatView, SlotView, StageView
from pitboard.journal.views.views import BoardView
from pitboard.race.bodies.event_bodies import ScheduleItem
from pitboard.race.bodies.queue_bodies import JoinCodeGiven
from pitboard.race.names import clean_name
from pitboard.race.ranking.score import Column
from pitboard.race.runs.run_parts import Place
from pitboard.race.stages.brackets import knockout
from pitboard.race.stages.stages import work_out
from pitboard.sentences.language import Language, LanguageCode, language
from tests.display.example_boards import (
    LIVE,
    LONG_NAME,
    MILLISECOND_NS,
    SIZES,
    STALE,
    board,
    lap_view,
    run_view,
)
from tests.hung_glass import GLASSES, on_glass

NOW = Moment(10**13, 1_780_000_000_000)
THUMBNAIL_WIDTH = 384
HOSTILE_NAMES = (
    "W" * 80,
    "Z\u0351\u0343\u0349a\u0321\u0353\u034el\u0489g\u0334o",
    "\u202eevil\u202c 12.345",
    "a\x00b\x07c\x1b[31m\nsecond line",
    "👩‍👩‍👧‍👦🏳️‍🌈🚀🇩🇪",
    "\U00012031\U0001f9ff\U000e0041",
    "﷽",
    " ",
    "\u200b\u200d",
    "<b>&amp;%s{0}</b>",
    "−0.000",
    "12.345",
)
HALL_NAMES = ("Anna Berg", "日本語の名前", "Bo", "العربية", LONG_NAME, "Zoë", "Łukasz Święty", "한국어")
TEAMS = ("Rotweiß Nord", "Team Zebra", "", "北京车队")


def dressed(count: int, *, newest: int | None = None, on_track: tuple[RunView, ...] = ()) -> BoardView:
    """Return a board with numbers, teams and the columns of the best-lap format."""
    view = board(count, newest=newest, on_track=on_track)
    entries = [
        msgspec.structs.replace(
            entry,
            number=str(index * 7 % 99 + 1),
            team=TEAMS[index % len(TEAMS)],
            columns=(Column("best", "duration_ns", entry.best_ns), Column("laps", "count", entry.laps)),
        )
        for index, entry in enumerate(view.entries)
    ]
    return msgspec.structs.replace(view, entries=entries)


def named(view: BoardView, names: Sequence[str]) -> BoardView:
    """Return the board with these names, tamed as every fold tames them."""
    entries = [
        msgspec.structs.replace(
            entry, name=clean_name(names[index % len(names)]) or f"#{entry.competitor_id}"
        )
        for index, entry in enumerate(view.entries)
    ]
    return msgspec.structs.replace(view, entries=entries)


def driven(
    *, left_ms: int, name: str = "Anna Berg", track: str = "Track A", laps: int = 4, places: int = 1
) -> RunView:
    """Return a run with so much of its two minutes left."""
    run = run_view(laps=[lap_view(n + 1, ms=12_900 - 311 * n) for n in range(laps)], name=name, track=track)
    started = 10**12
    made = [
        Place(
            place=number + 1,
            competitor_id=f"c{5 + number}",
            name=name if number == 0 else f"Rival {number}",
            laps=run.laps,
            best_ns=run.best_ns,
            columns=(Column("best", "duration_ns", run.best_ns),),
            started_mono_ns=started
            + (120_000 - left_ms) * MILLISECOND_NS
            - sum(lap.lap_ns for lap in run.laps)
            - 10**9,
            lane=number + 1 if places > 1 else None,
        )
        for number in range(places)
    ]
    clock = ClockView(
        boot_id="b", armed_mono_ns=0, armed_utc_ms=0, started_mono_ns=started, run_ms=120_000, pauses=()
    )
    return msgspec.structs.replace(run, clock=clock, places=tuple(made))


def knockout_view(count: int, driven_count: int) -> StageView:
    """Return a knock-out in which so many heats have been driven, won by the better seed."""
    names = [f"{HALL_NAMES[n % len(HALL_NAMES)]} {n + 1}" for n in range(count)]
    stage, orders = knockout(count), dict[str, list[str]]()
    for _ in range(min(driven_count, len(stage.heats))):
        ready = work_out(stage, names, orders).next_up
        if not ready:
            break
        orders[ready[0].heat] = sorted(ready[0].drivers, key=names.index)
    state = work_out(stage, names, orders)
    heats = []
    for heat in state.heats:
        phase: HeatPhase = "waits" if heat.waits else "ready" if heat.order is None else "driven"
        phase = "bye" if heat.is_bye else phase
        slots = tuple(
            SlotView(
                competitor_id=driver,
                name=driver,
                rank=None if heat.order is None else heat.order.index(driver) + 1,
                columns=()
                if heat.order is None
                else (Column("best", "duration_ns", (11_862 + 437 * names.index(driver)) * MILLISECOND_NS),),
            )
            for driver in heat.drivers
        )
        heats.append(HeatView(heat_id=heat.heat, heat=heat.heat, round=heat.round, phase=phase, slots=slots))
    return StageView(
        stage_id="s",
        name="Finals Modified",
        kind="knockout",
        race_class="",
        format="",
        heats=tuple(heats),
        podium=tuple(state.podium),
    )


def clocks(left_ms: int) -> dict[str, int]:
    return {"b": 10**12 + (120_000 - left_ms) * MILLISECOND_NS - NOW.mono_ns}


def shows(sponsors: Path | None = None) -> Iterator[tuple[str, str, Show]]:
    """Yield a name, the scene, and what it shows."""
    base = Show(
        board=dressed(60, newest=4),
        badge=LIVE,
        display_name="Grandstand",
        since_mono_ns=NOW.mono_ns,
        queue=tuple(
            Queued(track="Track A", name=name, number=str(n), is_called=n == 1)
            for n, name in enumerate(
                ("Bo", "العربية", "日本語の名前", "Team 🚀", "Ελένη", "Zoë", "A", "B", "C", "D"), 1
            )
        ),
        schedule=tuple(
            ScheduleItem(starts_utc_ms=NOW.utc_ms + minutes * 60_000, title=title)
            for minutes, title in ((-30, "Qualifying"), (12, "Quarter finals"), (60, "Final"), (90, "Prizes"))
        ),
        messages=("The track is closed for ten minutes. Please stay behind the line.",),
        phone_url="https://race.example.org/board",
        facts=(("Name", "Grandstand"), ("Follows", "Track A"), ("Screen", "1920 x 1080")),
        sponsors=pictures_in(sponsors),
    )
    story = Story(
        newest="c4",
        at_mono_ns=NOW.mono_ns - 5 * 10**9,
        former={f"c{n}": n for n in range(60)},
        former_ranks={"c4": 9, **{f"c{n}": n for n in range(5, 10)}},
        is_new_leader=True,
    )
    for count in (0, 3, 12, 60, 200):
        newest = 2 if count == 3 else None
        yield f"leaderboard-{count}", "leaderboard", replace(base, board=dressed(count, newest=newest))
    yield "leaderboard-hostile", "leaderboard", replace(base, board=named(dressed(12), HOSTILE_NAMES))
    yield "leaderboard-news", "leaderboard", replace(base, story=story, badge=STALE)
    before = {f"c{n}": n for n in range(60)} | {"c4": 9, **{f"c{n}": n - 1 for n in range(5, 10)}}
    sliding = replace(story, at_mono_ns=NOW.mono_ns - 200_000_000, former=before)
    yield "leaderboard-sliding", "leaderboard", replace(base, story=sliding)
    two = (driven(left_ms=63_400), driven(left_ms=63_400, name="Ελένη Παπαδοπούλου", track="Track B"))
    yield "leaderboard-bands", "leaderboard", replace(base, board=dressed(60, on_track=two))
    for name, left_ms, runs in (
        ("on-track", 63_400, two[:1]),
        ("on-track-last-seconds", 7_300, (driven(left_ms=7_300),)),
        ("tracks", 63_400, two),
        ("heat", 63_400, (driven(left_ms=63_400, places=4),)),
        ("head-to-head", 63_400, (driven(left_ms=63_400, places=2),)),
    ):
        view = dressed(60, on_track=runs)
        yield name, "on-track", replace(base, board=view, unit_clocks=clocks(left_ms))
    yield "celebration", "celebration", replace(base, story=story)
    for scene in ("next-up", "podium", "schedule", "message", "qr", "identify", "technical"):
        yield scene, scene, base
    join = JoinCodeGiven(code="TFF4N", address="https://race.example.org")
    yield "join", "join", replace(base, join=join)
    for name, count, driven_count in (("bracket-8", 8, 5), ("bracket-over", 8, 99), ("bracket-32", 32, 3)):
        yield name, "bracket", replace(base, stages=(knockout_view(count, driven_count),))
    yield "overlay", "overlay", replace(base, story=story)
    driving = dressed(60, on_track=two[:1])
    yield "overlay-run", "overlay", replace(base, board=driving, unit_clocks=clocks(63_400), badge=STALE)
    if base.sponsors:
        yield "sponsors", "sponsors", replace(base, since_mono_ns=NOW.mono_ns - 2 * 10**9)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/screenshots"))
    parser.add_argument("--language", default="en")
    parser.add_argument("--sponsors", type=Path, default=None)
    parser.add_argument("--only", default="", help="scenes whose name begins so")
    parser.add_argument("--size", type=int, nargs=2, action="append", help="one size; may be repeated")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    code: LanguageCode = given.language
    sizes = [tuple(size) for size in given.size] if given.size else SIZES
    for theme_name in SHIPPED:
        theme = load_theme(theme_name)
        painter = Painter(Typeface.load(preferred=theme.fonts), theme)
        thumbnails = []
        for name, scene, show in shows(given.sponsors):
            if not name.startswith(given.only):
                continue
            for size in sizes:
                canvas = Canvas(size=size, digit_permille=painter.digit_permille, words=language(code))
                surface = pygame.Surface(size)
                painter.forget()
                painter.paint(SCENES[scene](show, NOW, canvas).scene, surface)
                pygame.image.save(surface, given.out / f"{theme_name}-{name}-{size[0]}x{size[1]}.png")
                thumbnails.append(thumbnail(surface))
        pygame.image.save(sheet(thumbnails), given.out / f"sheet-{theme_name}.png")
    save_hung(given.out, language(code))
    sys.stdout.write(f"Pictures: {given.out}\n")


def save_hung(out: Path, words: Language) -> None:
    """Save the board on each glass as it hangs."""
    theme = load_theme(SHIPPED[0])
    painter = Painter(Typeface.load(preferred=theme.fonts), theme)
    [(_, scene, show)] = [one for one in shows(None) if one[0] == "leaderboard-bands"]
    for glass_name, (glass, hanging) in GLASSES.items():

        def paint(surface: pygame.Surface) -> None:
            canvas = Canvas(size=surface.get_size(), digit_permille=painter.digit_permille, words=words)
            painter.forget()
            painter.paint(SCENES[scene](show, NOW, canvas).scene, surface)

        pygame.image.save(on_glass(glass, hanging, paint), out / f"hung-{glass_name}.png")


def thumbnail(surface: pygame.Surface, wide: int = THUMBNAIL_WIDTH) -> pygame.Surface:
    width, height = surface.get_size()
    box = wide * 9 // 16
    size = (wide, box) if width > height else (box * width // height, box)
    return pygame.transform.smoothscale(surface, size)


def sheet(pictures: list[pygame.Surface], *, columns: int = 5, wide: int = THUMBNAIL_WIDTH) -> pygame.Surface:
    """Return all pictures in rows on one page."""
    box = (wide + 8, wide * 9 // 16 + 8)
    lines = -(-len(pictures) // columns)
    page = pygame.Surface((box[0] * columns, box[1] * max(1, lines)))
    page.fill((90, 90, 90))
    for index, picture in enumerate(pictures):
        left, top = index % columns * box[0] + 4, index // columns * box[1] + 4
        page.blit(picture, (left, top))
    return page


if __name__ == "__main__":
    main()
