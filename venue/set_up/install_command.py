"""`pitboard install`, `upgrade` and `uninstall`: make this machine a node of a venue, and keep it one."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import click

from pitboard.clock import SystemClock
from pitboard.errors import Refusal
from pitboard.program.speech import is_agreed, say
from venue.set_up.installation import (
    CONFIGS,
    DATA,
    PROGRAM,
    VERSIONS,
    Installation,
    LeftUndone,
    NodeFiles,
    is_healthy,
    system_folder,
)
from venue.set_up.machine import Machine, RealMachine, ToldMachine
from venue.set_up.node_configs import Role
from venue.set_up.node_defaults import ALL_IN_ONE, SECRETS, default_node
from venue.set_up.terminal_help import terminal_help
from venue.set_up.upgrade import (
    FIRST_START_WITHIN_S,
    HOW_TO_SEE,
    make_environment,
    new_version_folder,
    old_versions,
    restart_and_see,
    switch_to,
)

FIRST_BOOT = "first-boot"
BASE_PYTHON = str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")
_DRY = click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")


@click.command()
@click.argument("role", required=False, type=click.Choice([*get_args(Role), ALL_IN_ONE, FIRST_BOOT]))
@click.option(
    "--node",
    "node_folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="This machine's folder, as pitboard venue make wrote it.",
)
@click.option(
    "--root",
    default="/",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Set up the system below this folder instead, such as the image of a card; nothing is started.",
)
@click.option("--instead", is_flag=True, help="Take the place of what this machine is now.")
@_DRY
def install(role: str | None, node_folder: Path | None, root: Path, instead: bool, dry_run: bool) -> None:
    """Make this machine a trackside unit, a display, central, or all in one.

    With --node it gets the configs and keys of the venue's file. With a ROLE alone it gets a sensible
    default, says what it assumed, and is enrolled afterwards with pitboard enrol. As first-boot it shows at
    its next start how a phone sets it up. Programs that run here and would stop by it are said, and
    --instead is asked for.
    """
    if role == FIRST_BOOT:
        machine = _machine(root, is_dry=dry_run)
        _tell(_installation(machine, root=root).install_first_boot(program=Path(sys.prefix)), is_dry=dry_run)
        return
    node = NodeFiles.of_folder(node_folder) if node_folder is not None else role_node(role, root=root)
    if not instead:
        looked_at = Installation(RealMachine(root=root), systemd=system_folder(), root=root)
        looked_at.refuse_to_stop(node, is_by_role=node_folder is None)
    install_node(node, root=root, is_dry=dry_run)


def install_node(node: NodeFiles, *, root: Path = Path("/"), is_dry: bool = False) -> None:
    """Make this machine that node and wait until its programs serve; raises Refusal with the reason."""
    if not is_dry:
        refuse_read_only(os.statvfs(root).f_flag)
    machine = _machine(root, is_dry=is_dry)
    changes = _tell(_installation(machine, root=root).install(node, program=Path(sys.prefix)), is_dry=is_dry)
    if not changes:
        say("command.nothing-to-do")
    if not is_dry and root == Path("/"):
        see_that_it_serves(machine, node, changes=changes)


def see_that_it_serves(machine: Machine, node: NodeFiles, *, changes: int) -> None:
    """Start all anew where something was changed, and wait; raises Refusal where a program does not serve."""
    if not changes and is_healthy(machine, node.services):
        say("command.programs-serve")  # and none is disturbed: a run may be under way
        return
    say("command.waits-for-programs")
    if not asyncio.run(restart_and_see(machine, node.services, SystemClock(), within_s=FIRST_START_WITHIN_S)):
        raise Refusal(f"it is installed, but not every program serves; {HOW_TO_SEE}")
    say("command.programs-serve")


def refuse_read_only(mount_flags: int) -> None:
    """Raise Refusal where the system's own folder takes no writes, as statvfs(3) says of it."""
    if mount_flags & os.ST_RDONLY:
        raise Refusal(
            "this machine's system is read-only; type: sudo mount -o remount,rw / and this command again. "
            "It is read-only anew after the next start"
        )


def _tell(lines: Iterable[str], *, is_dry: bool) -> int:
    """Print what was changed, and return how much; a dry machine has told each step already."""
    count = 0
    for line in lines:
        count += not isinstance(line, LeftUndone)
        if not is_dry:
            click.echo(f"  {line}")
    return count


@click.command()
@click.argument("wheels", type=click.Path(path_type=Path, file_okay=False, exists=True))
@_DRY
def upgrade(wheels: Path, dry_run: bool) -> None:
    """Install the version whose wheels lie in the folder WHEELS, without any network.

    The version in use stays beside it. If a program of the new one does not serve within a minute, this
    machine goes back by itself.
    """
    if not dry_run:
        refuse_read_only(os.statvfs("/").f_flag)
    machine = _machine(Path("/"), is_dry=dry_run)
    former = PROGRAM.resolve()
    there = [path.name for path in VERSIONS.iterdir()] if VERSIONS.is_dir() else []
    folder = new_version_folder(there)
    make_environment(machine, folder, python=BASE_PYTHON, wheels=wheels)
    if dry_run:
        click.echo(f"  would use {folder}, and go back to {former} if it does not serve")
        return
    services = [f"pitboard-{path.stem}.service" for path in sorted(CONFIGS.glob("*.toml"))]
    is_server = services == ["pitboard-central.service"]

    def bring_version(environment: Path) -> None:
        for line in _installation(machine, environment).bring_version(is_server=is_server):
            click.echo(f"  {line}")

    asyncio.run(
        switch_to(
            machine,
            folder,
            former=former,
            services=services,
            clock=SystemClock(),
            say=click.echo,
            bring_version=bring_version,
        )
    )
    for old in old_versions(there, in_use=folder.name, former=former.name):
        machine.remove(old)
    say("command.upgraded", path=former)


@click.command()
@_DRY
@click.option("--yes", is_flag=True, help="Do not ask.")
def uninstall(dry_run: bool, yes: bool) -> None:
    """Take the programs off this machine; results, keys and settings stay."""
    machine = _machine(Path("/"), is_dry=dry_run)
    if not (dry_run or yes or is_agreed("command.ask-uninstall")):
        raise Refusal("nothing was changed")
    for line in _installation(machine).uninstall():
        if not dry_run:
            click.echo(f"  {line}")


def _installation(
    machine: Machine, environment: Path = Path(sys.prefix), *, root: Path = Path("/")
) -> Installation:
    return Installation(
        machine, systemd=system_folder(environment), terminal_help=terminal_help(environment), root=root
    )


def _machine(root: Path, *, is_dry: bool) -> Machine:
    real = RealMachine(root=root)
    if is_dry:
        return ToldMachine(real=real)
    if os.geteuid() != 0:
        raise Refusal(
            "this changes the system; type it with sudo in front, or add --dry-run to see what it does"
        )
    return real


def role_node(role: str | None, *, root: Path = Path("/")) -> NodeFiles:
    """Return a node of the role with sensible defaults, saying what was assumed."""
    if role is None:
        raise Refusal(
            "say what this machine is: trackside, display, central or all-in-one; or name its --node"
        )
    there = {name: RealMachine(root=root).read(DATA / name) for name in SECRETS}
    kept = {name: content for name, content in there.items() if content is not None}
    node, assumed = default_node(role, host_name(), kept=kept)
    say("command.assumed")
    for line in assumed:
        click.echo(f"  {line}")
    return node


def host_name() -> str:
    """Return this machine's name as a venue's file may have it."""
    name = re.sub(r"[^a-z0-9-]+", "-", socket.gethostname().split(".")[0].lower()).strip("-")
    return name or "pitboard"
