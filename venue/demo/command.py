"""`pitboard demo`: a whole venue on this machine, with cars that drive on a real pseudo-terminal."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import click

from pitboard.program.program import LOCK_NAME, only_one, run_program
from venue.demo.crew import Crew
from venue.demo.demo_venue import DemoVenue
from venue.demo.director import Blow, Director, KillOption, Script, SpanOption, is_sound, plan, summarise


@click.command()
@click.option("--headless", is_flag=True, help="No windows: draw off screen and keep pictures.")
@click.option("--seconds", type=click.FloatRange(min=5), help="End after so long; without it, at Ctrl-C.")
@click.option("--seed", type=int, default=1, show_default=True, help="Drives cars, noise and official.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("out"),
    show_default=True,
    help="Folder for pictures, summary, logs and data; an earlier demo's content is replaced.",
)
@click.option("--manual", is_flag=True, help="Leave the tapping to you; needs a screen.")
@click.option("--noise/--no-noise", default=True, show_default=True, help="Faults on the sensor's line.")
@click.option("--cut-central", type=SpanOption(), help="Stop central from second FROM to second TO.")
@click.option("--kill", type=KillOption(), multiple=True, help="SIGKILL a program and start it again.")
def demo(
    headless: bool,
    seconds: float | None,
    seed: int,
    out: Path,
    manual: bool,
    noise: bool,
    cut_central: tuple[float, float] | None,
    kill: tuple[Blow, ...],
) -> None:
    """Run a whole venue on this machine: simulated cars, unit, touchscreen, display and central.

    Exits 0 if every passing was accounted for, no lap was lost or doubled, and all boards are equal.
    """
    has_windows = not headless and bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if headless and seconds is None:
        raise click.UsageError("--headless needs --seconds, for nobody could see when to end it.")
    if manual and not has_windows:
        raise click.UsageError("--manual needs a screen to tap on; leave it out or start a desktop.")
    refuse_other_things(out)
    script = Script(
        seconds=seconds, seed=seed, blows=plan(kill, cut_central), is_manual=manual, has_noise=noise
    )
    run_program("demo", lambda stop: _alone(out.resolve(), script, has_windows, stop))


async def _alone(out: Path, script: Script, has_windows: bool, stop: asyncio.Event) -> None:
    with only_one(out, "demo"):
        clear_earlier_demo(out)
        await _run(out, script, has_windows, stop)


async def _run(out: Path, script: Script, has_windows: bool, stop: asyncio.Event) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, stop.set)  # the terminal was closed
    venue = DemoVenue.set_up(out, has_windows=has_windows)
    environment = {} if has_windows else {"SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "dummy"}
    try:
        async with Crew.assembled(out, environment) as crew:
            director = Director(venue, crew, script)
            director.cast()
            await director.open()
            _say_what_to_open(venue, script, has_windows)
            await director.play(stop)
            click.echo("Ending the race…", err=True)
            await director.close()
            summary = summarise(venue, crew, script)
    finally:
        shutil.rmtree(venue.socket_folder, ignore_errors=True)
    (out / "summary.json").write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    _report(summary, out)
    if not is_sound(summary):
        sys.exit(1)


def _say_what_to_open(venue: DemoVenue, script: Script, has_windows: bool) -> None:
    click.echo(f"Phone page:    {venue.public_url}")
    click.echo(f"Public API:    {venue.public_url}api/v1/board")
    click.echo("Touchscreen and board: " + ("in their windows" if has_windows else "drawn off screen"))
    click.echo(f"Logs and data: {venue.folder}")
    click.echo("It is a race day in progress: 56 have driven in two classes, six wait for their turn.")
    if script.is_manual:
        click.echo("You are the official: tap a name in the touchscreen's window, then START; a car drives.")
        click.echo("After the run judge what is doubtful, then CONFIRM: the result slides onto the board.")
    elif has_windows:
        click.echo(
            "A scripted official works at the touchscreen; look at the board. --manual leaves it to you."
        )
    if has_windows:
        click.echo("Esc closes the board's window; the race goes on without it.")
    click.echo(f"It ends after {script.seconds:g} s." if script.seconds else "Press Ctrl-C to end.")


def _report(summary: dict[str, object], out: Path) -> None:
    for key in (
        "passings_sent",
        "passings_received",
        "laps_timed",
        "laps_confirmed",
        "laps_void",
        "laps_lost",
        "laps_doubled",
        "laps_wrong",
        "lap_error_us",
        "beam_to_board_ms",
        "boards_equal",
        "unexpected_exits",
    ):
        click.echo(f"{key:>18}: {summary[key]}")
    click.echo(f"Summary and pictures: {out}")


def refuse_other_things(out: Path) -> None:
    """Raise UsageError where the folder holds anything but an earlier demo."""
    if not out.exists():
        return
    ours = {*("keys", "data", "logs", "sponsors", "board.png", "touch.png", "summary.json"), LOCK_NAME}
    strangers = [p.name for p in out.iterdir() if p.name not in ours and p.suffix != ".toml"]
    if strangers:
        raise click.UsageError(f"{out} holds other things ({strangers[0]}, …); name an empty folder.")


def clear_earlier_demo(out: Path) -> None:
    """Remove an earlier demo from its folder, but not the lock, which the next demo holds by now."""
    for path in out.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != LOCK_NAME:
            path.unlink()
