"""`pitboard central-address`: tell this machine where central is now; the enrolment stays as it is.

Central is known by its certificate's fingerprint, so a new address needs nobody's trust: only the same
central is taken there."""

from __future__ import annotations

import os
from pathlib import Path

import click
import msgspec

from pitboard.errors import ActRefused, ConfigRefused
from pitboard.program.config import event_file_beside, load_config, load_event_file
from pitboard.program.program import config_option
from pitboard.program.speech import say
from sync.enrolling.enrol_command import NodeFiles
from sync.enrolling.enrolment_client import shown_fingerprint


@click.command("central-address")
@config_option("trackside.toml or display.toml of this machine.")
@click.argument("url")
def central_address(config_path: Path, url: str) -> None:
    """Tell this unit or display that central is at URL (https://HOST:PORT) now; it stays enrolled."""
    event_file = event_file_beside(load_config(NodeFiles, config_path).journal)
    told = load_event_file(event_file)
    if told is None:
        raise ConfigRefused(path=event_file, reason="this machine is not enrolled; run pitboard enrol first")
    address = url.rstrip("/")
    if shown_fingerprint(address) != told.central_fingerprint:
        raise ActRefused(
            code="another-central",
            reason=f"{address} is another central than the one of the enrolment; nothing was changed. "
            "If central has a new certificate, enrol this machine anew.",
        )
    owner = event_file.stat()
    msgspec.structs.replace(told, central=address).save(event_file)
    if os.geteuid() == 0:
        os.chown(event_file, owner.st_uid, owner.st_gid)  # else the program may not read what root wrote
    say("command.central-is-at", address=address, path=event_file)
