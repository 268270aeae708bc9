"""What a terminal knows of the command line: manual pages, and the Tab key in bash and zsh."""

from __future__ import annotations

import warnings
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from pitboard.program.command_line import pitboard

MANUAL = Path("share/man/man1")
"""Where the pages lie below a virtual environment, and below /usr/local once they are installed."""
_LOCAL = Path("/usr/local")
_COMPLETIONS = {
    "bash": _LOCAL / "share/bash-completion/completions/pitboard",
    "zsh": _LOCAL / "share/zsh/site-functions/_pitboard",
}


def terminal_help(environment: Path) -> dict[Path, bytes]:
    """Return {place: content} of what a machine with this virtual environment should have."""
    pages = {
        _LOCAL / MANUAL / page.name: page.read_bytes()
        for page in sorted((environment / MANUAL).glob("pitboard*.1"))
    }
    return pages | {place: _completion(shell).encode() for shell, place in _COMPLETIONS.items()}


def _completion(shell: str) -> str:
    kind = get_completion_class(shell)
    assert kind is not None
    return kind(pitboard, {}, "pitboard", "_PITBOARD_COMPLETE").source()


def write_manual(folder: Path, version: str) -> None:
    """Write a page for every command below `folder`; click-man, of the development packages, draws them."""
    from click_man.core import write_man_pages

    folder.mkdir(parents=True, exist_ok=True)
    context = click.Context(pitboard)
    commands = {name: pitboard.get_command(context, name) for name in pitboard.list_commands(context)}
    whole = click.Group(
        "pitboard",
        commands={name: one for name, one in commands.items() if one},
        params=pitboard.params,
        help=pitboard.help,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # click-man's own use of click
        write_man_pages("pitboard", whole, version=version, target_dir=str(folder))
