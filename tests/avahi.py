"""Debian's mDNS, avahi-daemon, with a bus and a /run of its own, for tests in a network of their own."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path

STARTED_MAX_S = 10.0
_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=/run/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
<allow send_type="method_call"/></policy></busconfig>"""
# A /run of its own, so that several daemons and this machine's do not meet.
_DAEMONS = """set -e
mount -t tmpfs own-run /run; mkdir -p /run/avahi-daemon; cp "$1" /run/bus.conf
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus
dbus-daemon --config-file=/run/bus.conf --nofork --nopidfile &
while [ ! -S /run/bus ]; do sleep 0.02; done
avahi-daemon --no-drop-root --no-chroot --no-rlimits --file "$2" &
exec cat  # until the test closes it
"""
_CONF = (
    "[server]\nhost-name={name}\nuse-ipv6=no\ndisallow-other-stacks=no\n[publish]\npublish-workstation=no\n"
)


class Avahi:
    """avahi-daemon with a bus and a /run of its own, in the network of the thread that starts it."""

    def __init__(self, folder: Path, name: str) -> None:
        (bus := folder / "bus.conf").write_text(_BUS)
        (conf := folder / f"{name}.conf").write_text(_CONF.format(name=name))
        self._process = subprocess.Popen(
            ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _DAEMONS, "sh", bus, conf],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def command(self, *words: str) -> list[str]:
        """Return the command as it is typed on this machine."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        until_s = time.monotonic() + STARTED_MAX_S
        while not (child := children.read_text().strip()) and time.monotonic() < until_s:
            time.sleep(0.01)  # unshare has not forked it yet
        bus = "DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus"
        return ["nsenter", f"--target={child}", "--mount", "--net", "env", bus, *words]

    async def browse(self, service: str) -> str:
        """Return what avahi-browse has resolved of the service by now."""
        words = ("avahi-browse", "--resolve", "--parsable", "--terminate", service.removesuffix(".local."))
        process = await asyncio.create_subprocess_exec(
            *self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        out, _ = await process.communicate()
        return out.decode()

    @contextlib.asynccontextmanager
    async def publishing(self, name: str, service: str, port: int, *texts: str) -> AsyncIterator[None]:
        words = ("avahi-publish", "--service", name, service.removesuffix(".local."), str(port), *texts)
        process = await asyncio.create_subprocess_exec(*self.command(*words), stderr=subprocess.DEVNULL)
        try:
            yield
        finally:
            process.terminate()
            await process.wait()

    def stop(self) -> None:
        with self._process:  # closes its input too
            self._process.kill()


def has_avahi() -> bool:
    return all(shutil.which(one) is not None for one in ("avahi-daemon", "avahi-browse", "dbus-daemon"))
