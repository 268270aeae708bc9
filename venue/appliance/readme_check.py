"""`make readme-check`: what README types, typed as it stands by a user in a Debian that has nothing yet.

Blocks that change the system are typed too, for a fresh machine's owner may do that; all else is done without
root. What waits for Ctrl-C gets it once the phone page shows that it races."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import click

from pitboard.errors import PitboardError, Refusal
from venue.appliance.box import run, seconds, until

DEBIAN = "trixie"
PACKAGES = "sudo,passwd,ca-certificates,xvfb"
"""What every installed machine has, and a desktop of a kind; all else is what README says."""
USER = "visitor"
MARKS = ("sh", "sh minutes", "sh root")
NEEDS_DESKTOP = "--manual"
"""README says so of it: a person is the official there."""
DESKTOP = """setsid Xvfb :97 -screen 0 1920x1080x24 >/dev/null 2>&1 &
export DISPLAY=:97
until test -S /tmp/.X11-unix/X97; do sleep 0.1; done
"""
WAITS = "Press Ctrl-C to end."
ENDS_MAX_S = 1_800.0
RACES_MAX_S = 300.0
_BLOCK = re.compile(r"^```([^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PHONES = re.compile(r"Phone page: +(\S+)")
_MACHINES_WAY = ("/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs")
"""How this machine reaches the registries."""
_ENTER = """set -e
root=$1; shift
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t sysfs sys "$root/sys"
for path in $WAY; do
  if [ -d "$path" ]; then mkdir -p "$root$path"; else touch "$root$path"; fi
  mount --bind "$path" "$root$path"
done
exec chroot "$root" setpriv --reuid $WHO --regid $WHO --init-groups --inh-caps=-all \\
  env --chdir=/home/$WHO/pitboard HOME=/home/$WHO USER=$WHO PATH=/usr/bin:/bin:/usr/sbin:/sbin "$@"
"""


def lines_of(page: str) -> list[str]:
    """Return what the page types, line by line; what only a person with hardware could type is left out."""
    blocks = [text for mark, text in _BLOCK.findall(page) if mark in MARKS]
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [line for line in map(str.strip, joined.splitlines()) if line and not line.startswith("#")]


def fresh_root(folder: Path, project: Path) -> Path:
    """Return a Debian with a user who owns a copy of the project as it was committed."""
    root = folder / "root"
    shutil.rmtree(root, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    run("mmdebstrap", "--quiet", "--variant=apt", f"--include={PACKAGES}", DEBIAN, str(root))
    run("chroot", str(root), "useradd", "--create-home", "--shell", "/bin/sh", USER)
    (root / "etc/sudoers.d/owner").write_text(f"{USER} ALL=(ALL) NOPASSWD: ALL\n", encoding="utf-8")
    home = root / "home" / USER / "pitboard"
    home.mkdir()
    run("sh", "-c", f"git -C {project} archive HEAD | tar -x -C {home}")
    run("chroot", str(root), "chown", "--recursive", f"{USER}:{USER}", f"/home/{USER}")
    return root


class Typist:
    """Types lines into the root; `said` collects what the current one prints."""

    def __init__(self, root: Path, log: Path) -> None:
        self._root = root
        self._log = log
        self.said = ""

    def type(self, line: str) -> None:
        """Type the line and wait for its end; raises Refusal where it does not end well."""
        self.said = ""
        shell = ["sh", "-c", f"{DESKTOP}{line}" if NEEDS_DESKTOP in line else line]
        registries = [f"{name}={value}" for name, value in os.environ.items() if name.startswith("PIP_")]
        ways = [*_MACHINES_WAY, *(os.environ.get("PIP_FIND_LINKS", "").split())]
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _ENTER, "sh"]
        process = subprocess.Popen(
            [*apart, str(self._root), *registries, "DEBIAN_FRONTEND=noninteractive", *shell],
            env={**os.environ, "WHO": USER, "WAY": " ".join(way for way in ways if Path(way).exists())},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        reader = threading.Thread(target=self._read, args=(process,), daemon=True)
        reader.start()
        is_interrupted = False
        try:
            until(lambda: WAITS in self.said or process.poll() is not None, ENDS_MAX_S, f"'{line}' hangs")
            if process.poll() is None:
                self._see_it_race(is_manual=NEEDS_DESKTOP in line)
                os.killpg(process.pid, signal.SIGINT)
                is_interrupted = True
            until(lambda: process.poll() is not None, ENDS_MAX_S, f"'{line}' does not end")
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            reader.join()
        # Make itself ends by the signal; what it started says whether its summary is sound.
        is_sound = "boards_equal: True" in self.said and "unexpected_exits: {}" in self.said
        ended_well = is_sound if is_interrupted else process.returncode == 0
        if not ended_well:
            raise Refusal(f"'{line}' ended with {process.returncode}:\n{self.said[-2_000:]}")

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with self._log.open("a", encoding="utf-8") as log:
            for line in process.stdout:
                self.said += line
                log.write(line)

    def _see_it_race(self, *, is_manual: bool) -> None:
        """Wait until the board of the phone page changes; where a person is official, until it is there."""
        phones = _PHONES.search(self.said)
        if phones is None:
            raise Refusal(f"it does not say where the phone page is:\n{self.said[-2_000:]}")
        url = f"{phones[1]}api/v1/board"

        def board() -> str:
            with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own demo's
                return json.dumps(json.load(answer)["entries"])

        first = board()
        if not is_manual:
            until(lambda: board() != first, RACES_MAX_S, "no run came to the board")


@click.command()
@click.option("--project", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False))
def readme_check(project: Path, out: Path) -> None:
    """Type README's shell blocks in a fresh Debian, one after another, as a user without root."""
    if os.geteuid() != 0:
        raise Refusal("a fresh Debian needs root; type: sudo make readme-check")
    if shutil.which("mmdebstrap") is None:
        raise Refusal("a tool is missing; type: sudo apt install mmdebstrap")
    began = seconds()
    out = out.absolute()
    root = fresh_root(out, project.absolute())
    click.echo(f"{seconds() - began:7.1f} s  a fresh Debian {DEBIAN} with a user")
    log = out / "typed.txt"
    log.unlink(missing_ok=True)
    typist = Typist(root, log)
    for line in lines_of((project / "README.md").read_text(encoding="utf-8")):
        began = seconds()
        typist.type(line)
        click.echo(f"{seconds() - began:7.1f} s  {line}")
    click.echo(f"Every line of README does what it says. What they printed is in {log}.")


if __name__ == "__main__":
    try:
        readme_check()
    except PitboardError as error:
        click.echo(f"readme-check: {error}", err=True)
        sys.exit(1)
