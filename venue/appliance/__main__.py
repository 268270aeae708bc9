"""`make appliance`: boot a venue of five machines from the stick and put it through a bad day."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from pitboard.errors import PitboardError, Refusal
from venue.appliance.box import needed_tools
from venue.appliance.drill import Drill

_APART = "PITBOARD_APPLIANCE_APART"


@click.command()
@click.option("--bundle", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
def appliance(bundle: Path, out: Path) -> None:
    """Boot five machines, install them from BUNDLE without a way out, race, cut, hang, break and replace."""
    if os.geteuid() != 0:
        raise Refusal("booting machines needs root; type: sudo make appliance")
    if missing := needed_tools():
        raise Refusal(f"tools are missing; type: sudo apt install {' '.join(missing)}")
    if _APART not in os.environ:
        # A network, mounts and processes of its own: all of it ends with this program.
        os.environ[_APART] = "1"
        apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        # A shell as first process of it, for it takes in what ends without a parent.
        again = [
            *apart,
            "sh",
            "-c",
            '"$@"; exit $?',
            "sh",
            sys.executable,
            "-m",
            "venue.appliance",
            *sys.argv[1:],
        ]
        os.execvp(apart[0], again)  # noqa: S606
    drill = out.absolute() / "drill"
    shutil.rmtree(drill, ignore_errors=True)
    drill.mkdir(parents=True)
    Drill(folder=drill, bundle=bundle.absolute()).play()
    click.echo(f"All of it worked. Pictures and summary.json are in {drill}.")


if __name__ == "__main__":
    try:
        appliance()
    except PitboardError as error:
        click.echo(f"appliance: {error}", err=True)
        sys.exit(1)
