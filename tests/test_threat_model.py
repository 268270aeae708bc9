"""The bounds in docs/threat-model.md are the program's own, and each names tests that show it."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

import pytest

from display.following import source_follower
from display.screen import show_maker
from pitboard.contacts import contact_seal
from pitboard.doors import bounded_listener, bounded_socket, caller, door_limits, node_client, turnstile
from pitboard.journal import replica, taking_in
from pitboard.journal.records import record
from pitboard.journal.streams import quarantine, stream_watch
from pitboard.keeping import sealed_archive
from pitboard.presence import heard_nodes, packet_sieve, signed_advert, venue_mdns
from pitboard.program import log_lines
from pitboard.race import names
from pitboard.trust import signed_picture
from pitboard.unit_api import unit_status
from sync.central.admin import picture_check, sponsor_desk
from sync.central.admin.desk import passkeys, people_table
from sync.central.enrolment import enrolment_api
from sync.central.ingest import ingest_app, picture_post
from sync.central.joining import join_box, join_desk
from sync.central.public import board_feed, live_stream, public_app
from sync.exchanging import exchange, exchange_api, picture_words
from trackside.others import display_pictures, display_watch, neighbours
from trackside.timing import lights
from venue.first_boot import parcel

ROOT = Path(__file__).resolve().parent.parent
LIMITS = door_limits.DoorLimits()


def of(rate: door_limits.Rate) -> str:
    return f"{rate.per_s:,.10g}/s"


def size(count: int) -> str:
    for unit, bytes_of_unit in (("MiB", 1_024 * 1_024), ("KiB", 1_024)):
        if count >= bytes_of_unit:
            return f"{count // bytes_of_unit} {unit}"
    return f"{count:,} bytes"


SAID: dict[str, list[str]] = {
    "record header, body": [size(record.HEADER_MAX_BYTES), size(record.BODY_MAX_BYTES)],
    "request": [size(caller.REQUEST_MAX_BYTES), f"{replica.BATCH_MAX_COUNT} records"],
    "an answer to us": [
        size(exchange.ANSWER_MAX_BYTES),
        f"{exchange.HAVE_MAX_COUNT:,} heads",
        size(node_client.SMALL_ANSWER_MAX_BYTES),
        f"{size(bounded_socket.HEAD_MAX_BYTES)} of headers",
    ],
    "waits for news": [f"{exchange_api.WAITING_MAX_COUNT} of strangers"],
    "records of strangers to check": [
        f"{exchange_api.DELIVERIES_MAX_COUNT} deliveries",
        f"{exchange_api.SLICE_MAX_COUNT} records",
    ],
    "bodies on their way": [size(LIMITS.bodies_max_bytes), f"{caller.BODY_MAX_S:.0f} s"],
    "connections: a unit, ingest, a display's status": [
        f"{LIMITS.connections_max_count}, {LIMITS.connections_max_count}, 64 of strangers",
        f"{LIMITS.proven_max_count} more of the proven",
    ],
    "from the accept, or a request's first byte, to its whole head; idle": [
        f"{bounded_listener.HEAD_MAX_S:.0f} s; {bounded_listener.IDLE_MAX_S:.0f} s"
    ],
    "TLS handshake": [
        f"{bounded_listener.HANDSHAKE_MAX_S:.0f} s",
        f"{of(LIMITS.handshakes_of_source)} of a source, {of(LIMITS.handshakes_of_all)} of all",
        f"bursts of {LIMITS.handshakes_of_source.burst} and {LIMITS.handshakes_of_all.burst}",
        f"{of(LIMITS.handshakes_of_quiet)} more for sources",
        f"{of(LIMITS.handshakes_of_known)} more, bursts of {LIMITS.handshakes_of_known.burst}",
    ],
    "calls of strangers at a unit": [
        f"{of(LIMITS.calls_of_source)} of a source, {of(LIMITS.calls_of_all)} of all",
        f"bursts of {LIMITS.calls_of_source.burst:,}",
        f"{of(LIMITS.calls_of_quiet)} more",
    ],
    "refusals of who calls too often": [f"{door_limits.REFUSAL_AFTER_S} s", size(caller.HELD_BODY_MAX_BYTES)],
    "strangers' calls begun in one turn of the loop, boards and searches at the public door, connections": [
        f"{turnstile.PER_TURN_COUNT}; {caller.QUICK_PER_TURN_COUNT} more;",
        f"{bounded_listener.ACCEPTED_AT_ONCE_COUNT} are accepted",
    ],
    "records of one enrolled unit": [
        f"{exchange_api.UNIT_DELIVERIES_MAX_COUNT} large calls",
        f"each {size(caller.COST_OF_PROVEN_BYTES)}",
        "1 GiB" if stream_watch.UNIT_MAX_BYTES == 1_024**3 else "?",
    ],
    "sponsors' pictures, from whoever's stick": [
        f"{show_maker.PICTURES_MAX_COUNT}, {size(show_maker.PICTURE_MAX_BYTES)}",
        f"{show_maker.PICTURE_MAX_PIXELS // 1_000_000} million pixels",
    ],
    "sponsors' pictures sent from the desk": [
        f"{size(sponsor_desk.PICTURE_MAX_BYTES)} and",
        f"{picture_check.PIXELS_MAX_COUNT // 1_000_000} million pixels each",
        f"{sponsor_desk.SPONSORS_MAX_COUNT} at a time, {size(sponsor_desk.EVENT_MAX_BYTES)} in an event",
        f"{picture_check.CHECK_MAX_S:.0f} s",
    ],
    "passkeys at the desk": [f"{passkeys.PASSKEYS_MAX_COUNT} an account"],
    "people's tables at the desk": [
        f"{people_table.ROWS_MAX_COUNT:,} rows, a field {people_table.FIELD_MAX_LENGTH} characters"
    ],
    "asks by phone to join a queue": [
        f"{join_desk.CODE_ASKS_MAX_COUNT} of a code, {join_desk.EVENT_ASKS_MAX_COUNT:,} of an event",
        f"{join_box.LETTERS_MAX_COUNT} on their way",
    ],
    "contacts handed in": [
        f"{contact_seal.ENVELOPES_MAX_COUNT} a call, {ingest_app.UNIT_MAX_COUNT:,} of a unit"
    ],
    "other units that an answer tells of": [f"{exchange.UNITS_TOLD_MAX_COUNT}"],
    "an archive from whoever's stick": [f"{sealed_archive.ENTRIES_MAX_COUNT:,} entries"],
    "a set-up sent to a machine without one": [
        f"{parcel.FILES_MAX_COUNT} files of {parcel.FILE_MAX_BYTES // 1_024} kB"
    ],
    "live streams": [f"{board_feed.WOKEN_PER_TURN_COUNT} are told of a change"],
    "who reads no answer": [
        f"a live stream {live_stream.SLOW_MAX_S:.0f} s",
        f"{bounded_listener.UNTAKEN_MAX_S:.0f} s without a byte taken",
        f"{size(bounded_listener.UNTAKEN_OF_CALL_MAX_BYTES)} untaken",
        f"{size(LIMITS.untaken_max_bytes)} in all",
        f"public door {size(public_app.UNTAKEN_MAX_BYTES)}",
    ],
    "calls of a proven key": [of(LIMITS.calls_of_key), f"burst of {LIMITS.calls_of_key.burst:,}"],
    "wrong enrolment secrets": [
        f"{enrolment_api.WRONG_OF_SOURCE.burst}, then {of(enrolment_api.WRONG_OF_SOURCE)}"
    ],
    "streams and bytes of what does not count": [
        f"{stream_watch.STREAMS_MAX_COUNT}, {size(stream_watch.BYTES_MAX)}"
    ],
    "streams of one enrolled key": [f"{stream_watch.UNIT_STREAMS_MAX_COUNT:,}"],
    "evidence of forks, of enrolled keys only": [
        f"{quarantine.STREAM_MAX_COUNT} of a stream, {quarantine.ALL_MAX_COUNT} in all",
        f"{quarantine.ALARMS_MAX_COUNT} alarms",
    ],
    "bad records of a batch": [f"{taking_in.BAD_MAX_COUNT}"],
    "log": [
        f"{log_lines.PLACE_MAX_COUNT} lines",
        size(log_lines.ALL_MAX_BYTES),
        f"{log_lines.LINE_MAX_CHARS:,} characters",
    ],
    "mDNS: packets read": [
        f"{of(packet_sieve.PACKETS_OF_SOURCE)} of a source, {of(packet_sieve.PACKETS_OF_ALL)} of all",
        f"{of(packet_sieve.PACKETS_OF_QUIET)} more",
        f"{of(packet_sieve.PACKETS_OF_KNOWN)} that name",
    ],
    "mDNS: what the library remembers": [size(packet_sieve.REMEMBERED_MAX_BYTES)],
    "mDNS: texts read": [
        f"{of(venue_mdns.READS_OF_ALL)} in all, {of(venue_mdns.READS_OF_NAME)} of a name",
        f"{signed_advert.RECORD_MAX_BYTES:,} bytes",
        f"{venue_mdns.REMEMBERED_MAX_COUNT} of each kind",
    ],
    "mDNS: nodes kept of strangers": [
        f"{heard_nodes.NODES_MAX_COUNT} in all, {heard_nodes.CLAIMS_OF_NODE_MAX_COUNT} of a name,"
        f" {heard_nodes.NODES_OF_ADDRESS_MAX_COUNT} of an address",
        f"{heard_nodes.FORGOTTEN_AFTER_S / 60:.0f} min",
    ],
    "mDNS: signatures checked": [of(venue_mdns.CHECKS_OF_ALL)],
    "sources tried at once by a display": [
        f"{source_follower.TRIES_AT_ONCE}, of strangers {source_follower.STRANGERS_TRIED_AT_ONCE}"
    ],
    "neighbours pulled from": [
        f"{neighbours.STRANGERS_MAX_COUNT} strangers; {neighbours.PLACES_MAX_COUNT} places"
    ],
    "displays asked for their status": [
        f"{display_watch.ASKED_MAX_COUNT} every {display_watch.ASK_EVERY_S:.0f} s",
        f"{display_watch.STRANGERS_ASKED_AT_ONCE} that never",
    ],
    "a display's picture, at the touchscreen and the desk": [
        f"{size(signed_picture.PICTURE_MAX_BYTES)} and {signed_picture.SIDE_MAX_PX} pixels",
        f"{display_pictures.AT_ONCE_MAX_COUNT} at once from {display_pictures.PLACES_MAX_COUNT} places",
        f"{picture_words.WANTED_MAX_COUNT} wanted, {picture_post.WAITING_MAX_COUNT} nodes wait",
    ],
    "how a unit is, told to central": [size(unit_status.STATUS_MAX_LENGTH)],
    "names": [f"{names.NAME_MAX_LENGTH} characters"],
    "warnings kept": [f"{lights.WARNINGS_MAX_COUNT}"],
}


def bounds() -> dict[str, str]:
    """Return {what: the rest of its row} of the page's table of bounds."""
    page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    table = page.partition("\n## Bounds\n")[2].partition("\n## ")[0]
    rows = [line.strip("|").split("|", 1) for line in table.splitlines() if line.startswith("| ")]
    return {what.strip(): rest for what, rest in rows[1:]}


@pytest.mark.parametrize("what", SAID)
def test_a_bound_of_the_page_is_the_programs(what: str) -> None:
    said = bounds()[what]
    assert [one for one in SAID[what] if one not in said] == []


def cells_of(what: str) -> list[str]:
    return [cell.strip() for cell in bounds()[what].strip().strip("|").split("|")]


@pytest.mark.parametrize("what", bounds())
def test_a_row_says_where_it_is_kept_and_which_tests_show_it(what: str) -> None:
    bound, where, shown_by = cells_of(what)
    assert bound
    assert re.search(r"`[a-z_/]+(\.py|/)`|the same", where) or where == "the doors"
    assert [one for one in shown_by.split(", ") if not is_a_test(one.strip("`"))] == []


def is_a_test(named: str) -> bool:
    """Whether `file::name` is a test of ours that asserts something, itself or by a function beside it."""
    path, _, name = named.partition("::")
    return path.startswith("tests/") and name.startswith("test_") and name in asserting(path)


@functools.cache
def asserting(path: str) -> frozenset[str]:
    """Return the functions of the file that assert, or call one beside them that does."""
    if not (ROOT / path).is_file():
        return frozenset()
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8")).body
    functions = {one.name: one for one in tree if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}
    direct = {name for name, one in functions.items() if any(map(asserts, ast.walk(one)))}
    return frozenset(
        name
        for name, one in functions.items()
        if name in direct or any(isinstance(part, ast.Name) and part.id in direct for part in ast.walk(one))
    )


def asserts(part: ast.AST) -> bool:
    return isinstance(part, ast.Assert) or (isinstance(part, ast.Attribute) and part.attr == "raises")


@pytest.mark.parametrize(
    "named",
    [
        "",
        "tests/test_docs.py",
        "tests/test_threat_model.py::bounds",
        "tests/test_no.py::test_a",
        "x.py::test_a",
    ],
)
def test_what_is_no_test_is_not_taken_for_one(named: str) -> None:
    assert not is_a_test(named)


def test_every_test_that_the_page_names_is_there() -> None:
    page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page)
    assert len(named) > 100
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or (name and not is_a_test(f"{path}::{name}"))
    ]
    assert missing == []
