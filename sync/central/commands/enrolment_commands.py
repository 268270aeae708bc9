"""`pitboard central … enrol | units | revoke`: who may write, from the admin's terminal."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import click
import msgspec
import segno

from pitboard.doors.door import is_loopback
from pitboard.errors import ActRefused
from pitboard.program.speech import how_many, is_agreed, say, shell_language
from sync.central.commands.admin_client import AdminClient
from sync.central.config import CentralConfig
from sync.central.enrolment.enrolment_api import (
    Find,
    Issue,
    Issued,
    Revoke,
    Revoked,
    TicketView,
    Verdict,
    Watch,
)
from sync.central.enrolment.unit_register import Cut, UnitView
from sync.enrolling.enrolment_words import WAIT_MAX_MS, EnrolmentState, Role

_BEFORE_THE_CODE: tuple[EnrolmentState, ...] = ("open", "claimed")


class EnrolmentAdmin:
    """Calls central through its admin socket; raises ActRefused, NoCentral."""

    def __init__(self, socket: Path) -> None:
        self._client = AdminClient(socket)

    def issue(self, name: str, role: Role) -> Issued:
        return self._client.post("/v1/admin/enrolments", Issue(name=name, role=role), Issued)

    def wait_for_code(self, ticket: str) -> TicketView:
        """Return the ticket once both ends can show the digits, or once nothing will come of it."""
        state: EnrolmentState = "open"
        while True:
            watch = Watch(ticket=ticket, wait_ms=WAIT_MAX_MS, after=state)
            seen = self._client.post("/v1/admin/enrolments/watch", watch, TicketView)
            if seen.state not in _BEFORE_THE_CODE:
                return seen
            state = seen.state

    def decide(self, ticket: str, *, accept: bool) -> TicketView:
        verdict = Verdict(ticket=ticket, accept=accept)
        return self._client.post("/v1/admin/enrolments/decide", verdict, TicketView)

    def units(self) -> list[UnitView]:
        return self._client.ask("/v1/admin/units", list[UnitView])

    def find(self, unit: str) -> UnitView:
        """Return the one unit that is meant; raises ActRefused where it is none, or several."""
        return self._client.post("/v1/admin/units/find", Find(unit=unit), UnitView)

    def revoke(self, unit: str, reason: str, cut: Cut, *, discards_runs: bool = False) -> Revoked:
        revoke = Revoke(unit=unit, reason=reason, cut=cut, discards_runs=discards_runs)
        return self._client.post("/v1/admin/units/revoke", revoke, Revoked)


_STATES = {
    "enrolled": "command.state-enrolled",
    "revoked": "command.state-revoked",
    "unknown": "command.state-unknown",
}


@click.command()
@click.argument("name")
@click.option(
    "--display", "is_display", is_flag=True, help="A display: it may read, and nothing it writes counts."
)
@click.option("--yes", is_flag=True, help="Do not ask whether the digits are the same; for scripts.")
@click.pass_obj
def enrol(config: CentralConfig, name: str, is_display: bool, yes: bool) -> None:
    """Show a one-time token for a unit, wait until it was used, and confirm.

    The token is good for one use within ten minutes. On the unit say `pitboard enrol --config FILE`,
    then type the token or scan the code.
    """
    role: Role = "display" if is_display else "unit"
    admin = EnrolmentAdmin(config.admin_socket)
    issued = admin.issue(name, role)
    _show(issued, role)
    try:
        seen = admin.wait_for_code(issued.ticket)
        _refuse_unless_waiting(seen)
        click.echo()
        say("command.token-used", name=seen.name)
        click.echo(f"\n      {seen.code}\n")
        is_same = yes or is_agreed("command.same-digits", name=seen.name)
    except (KeyboardInterrupt, click.Abort):
        admin.decide(issued.ticket, accept=False)
        raise
    admin.decide(issued.ticket, accept=is_same)
    if not is_same:
        raise ActRefused(
            code="refused", reason=f"{name} was not enrolled. Somebody else may be on the network."
        )
    if is_display:
        say("command.display-enrolled", name=seen.name)
    else:
        say("command.unit-enrolled", name=seen.name, key=seen.key[:8])
        settle_names(admin, seen, is_asked=not yes)


def settle_names(admin: EnrolmentAdmin, new: TicketView, *, is_asked: bool) -> None:
    """Ask whether the new unit replaces another one of its name; two that race need two names."""
    for old in admin.units():
        if old.state != "enrolled" or old.role != "unit" or old.name != new.name or old.key == new.key:
            continue
        click.echo()
        say("command.same-name", name=old.name)
        click.echo(f"  {_line(old, len(old.name))}")
        advice = f"revoke {old.key[:8]} --reason …"
        if is_asked and is_agreed("command.is-replaced"):
            _revoke(admin, old, "replaced by a new unit", Cut(), is_asked=True)
        else:
            say("command.two-of-a-name", advice=advice)


def _revoke(admin: EnrolmentAdmin, unit: UnitView, reason: str, cut: Cut, *, is_asked: bool) -> None:
    """Revoke the unit and close what it left open, if the admin says so."""
    discards_runs = bool(unit.open_runs)
    if unit.open_runs and is_asked:
        say("command.left-open", runs="; ".join(unit.open_runs))
        discards_runs = is_agreed("command.discard-open", default=True)
    revoked = admin.revoke(unit.key, reason, cut, discards_runs=discards_runs)
    if revoked.role == "display":
        say("command.display-revoked", name=revoked.name)
        return
    count = sum(revoked.heads.values())
    records = how_many("command.count-records", count)
    streams = how_many("command.count-streams", len(revoked.heads))
    say("command.unit-revoked", name=revoked.name, records=records, streams=streams)
    if revoked.discarded_count:
        say("command.runs-discarded", runs=how_many("command.count-runs", revoked.discarded_count))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.pass_obj
def units(config: CentralConfig, as_json: bool) -> None:
    """List the units and displays: enrolled, revoked, and strangers whose records are kept aside."""
    found = EnrolmentAdmin(config.admin_socket).units()
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
        return
    if not found:
        say("command.nobody-enrolled")
    width = max((len(unit.name) for unit in found), default=0)
    for unit in found:
        click.echo(_line(unit, width))


@click.command()
@click.argument("unit")
@click.option("--reason", required=True, help="Why; kept in the journal. Name nobody in it.")
@click.option("--before", help="Let count only what it wrote before: 14:30, or 2026-05-17 14:30.")
@click.option("--from-seq", multiple=True, metavar="STREAM:SEQ", help="Drop from this record of a stream on.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def revoke(
    config: CentralConfig, unit: str, reason: str, before: str | None, from_seq: tuple[str, ...], yes: bool
) -> None:
    """Take a unit's right to write. What central has of it now still counts, unless you cut earlier.

    Of a display: doors keep no room for it any more. A run that a unit left open is discarded; you are asked
    first, and can take that back.
    """
    cut = Cut(before_utc_ms=None if before is None else _utc_ms(before), from_seq=dict(map(_place, from_seq)))
    admin = EnrolmentAdmin(config.admin_socket)
    found = admin.find(unit)  # before anything is asked: there may be none, or two of that name
    if not (yes or is_agreed("command.ask-revoke", name=found.name, key=found.key[:8])):
        raise click.Abort
    _revoke(admin, found, reason, cut, is_asked=not yes)


UNIT_COMMANDS: list[click.Command] = [enrol, units, revoke]


def _show(issued: Issued, role: Role) -> None:
    segno.make(f"{issued.address}/#{issued.token}", error="m").terminal(out=sys.stdout, compact=True)
    option = " --display" if role == "display" else ""
    click.echo(f"\n  {issued.token}\n")
    say("command.token-life", count=issued.life_s // 60, place=role)
    click.echo(
        f"  pitboard enrol{option} --config {_file_of(role)} --central {issued.address} {issued.token}"
    )
    if is_loopback(urlsplit(issued.address).hostname or ""):
        say("command.loopback", err=True, place=role)
    say("command.waits", err=True)


def _file_of(role: Role) -> str:
    return "/etc/pitboard/display.toml" if role == "display" else "/etc/pitboard/trackside.toml"


def _refuse_unless_waiting(seen: TicketView) -> None:
    if seen.state == "expired":
        raise ActRefused(code="expired-token", reason="Nobody used the token within ten minutes.")
    if seen.state == "refused":
        raise ActRefused(
            code="refused", reason=f"{seen.name} said that the digits differ; it is not enrolled."
        )


def _line(unit: UnitView, width: int) -> str:
    words = shell_language()
    beginning = f"{unit.name:<{width}}  {words.say(_STATES[unit.state]):<12}  {unit.key[:8]}  "
    if unit.role == "display":
        return beginning + words.say("command.is-display")
    so_far = {
        "records": words.say("command.count-records", count=unit.records),
        "streams": words.say("command.count-streams", count=unit.streams),
    }
    if unit.last_utc_ms is None:
        return beginning + words.say("command.of-a-quiet-unit", **so_far)
    when = f"{datetime.fromtimestamp(unit.last_utc_ms / 1_000).astimezone():%Y-%m-%d %H:%M:%S}"
    return beginning + words.say("command.of-a-unit", when=when, **so_far)


def _utc_ms(typed: str) -> int:
    for form in ("%H:%M", "%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
        try:
            moment = datetime.strptime(typed, form).astimezone()
        except ValueError:
            continue
        if "%Y" not in form:
            today = datetime.now().astimezone()
            moment = today.replace(
                hour=moment.hour, minute=moment.minute, second=moment.second, microsecond=0
            )
        return round(moment.timestamp() * 1_000)
    raise click.UsageError("--before is a time like 14:30, or 2026-05-17 14:30.")


def _place(typed: str) -> tuple[str, int]:
    stream, _, seq = typed.partition(":")
    if not stream or not seq.isdigit():
        raise click.UsageError("--from-seq names a stream and a record, like 3f2a9c01:120.")
    return stream, int(seq)
