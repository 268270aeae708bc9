"""`make appliance`: boot a venue of five machines from the stick and put it through a bad day."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from pitboard.errors import MachineRefused, PitboardError, Refusal
from venue.appliance import virtual_machine
from venue.appliance.box import debian_root, needed_tools
from venue.appliance.drill import Drill
from venue.appliance.glass_client import CONTROL
from venue.appliance.small_drill import SmallDrill, why_not
from venue.appliance.steps import SUMMARY
from venue.appliance.virtual_disk import debian
from venue.appliance.virtual_drill import VirtualDrill

_APART = "PITBOARD_APPLIANCE_APART"


@click.command()
@click.option("--bundle", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
@click.option("--virtual", is_flag=True, help="A virtual machine with a screen instead of five containers.")
@click.option(
    "--small", is_flag=True, help="One machine, one run, one power cut, from this machine's own system."
)
@click.option(
    "--screen", default="bochs", show_default=True, type=click.Choice(list(virtual_machine.SCREENS))
)
@click.option("--with-display/--alone", default=True, help="A display as a second virtual machine, or none.")
@click.option("--in-memory", is_flag=True, help="Their disks in memory, where this machine's own is busy.")
def appliance(
    bundle: Path, out: Path, virtual: bool, small: bool, screen: str, with_display: bool, in_memory: bool
) -> None:
    """Boot machines, install them from BUNDLE without a way out, race, cut, hang, break and replace."""
    if small and (no_machine := _no_small_machine()):
        raise MachineRefused(no_machine)
    if os.geteuid() != 0:
        raise Refusal("booting machines needs root; type: sudo make appliance")
    if missing := virtual_machine.needed_tools() if virtual else needed_tools():
        raise Refusal(f"tools are missing; type: sudo apt install {' '.join(missing)}")
    if _APART not in os.environ:
        # A network, mounts and processes of its own: all of it ends with this program.
        os.environ[_APART] = "1"
        # Fetched from Debian, so before there is no way out.
        if virtual:
            debian(out.absolute(), control=CONTROL)
        elif not small:
            debian_root(out.absolute())
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
    folder = out.absolute() / ("virtual-drill" if virtual else "small-drill" if small else "drill")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if virtual:
        VirtualDrill(
            folder=folder,
            bundle=bundle.absolute(),
            screen=screen,
            has_display=with_display,
            in_memory=in_memory,
        ).play()
    else:
        (SmallDrill if small else Drill)(folder=folder, bundle=bundle.absolute()).play()
    click.echo(f"All of it worked. Look at {folder / SUMMARY}: each step and every picture.")


def _no_small_machine() -> str:
    """Return why no machine can be booted here, nothing where one can."""
    if os.geteuid() != 0:
        return "it needs root"
    if missing := [package for package in needed_tools() if package != "mmdebstrap"]:
        return f"tools are missing; type: sudo apt install {' '.join(missing)}"
    return why_not() if _APART not in os.environ else ""


if __name__ == "__main__":
    try:
        appliance()
    except MachineRefused as error:
        click.echo(f"\n*** THE SMALL DRILL WAS NOT DONE: {error}", err=True)
        click.echo("*** No machine boots here, so nothing has shown that Pitboard starts on one.\n", err=True)
    except PitboardError as error:
        click.echo(f"appliance: {error}", err=True)
        sys.exit(1)
