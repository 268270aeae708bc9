"""Every error Pitboard raises by name, as one tree.

PitboardError
├── Refusal                     bad input; nothing changed
│   ├── ActRefused              a person asked for what cannot be done now
│   │   └── ChangedMeanwhile    somebody else changed the same thing while a form stood open
│   ├── BodyRefused             a body does not fit its kind
│   ├── CallRefused             a door does not carry out a call
│   ├── ConfigRefused           a file's key or value is wrong
│   │   └── ConfigUnreadable    the file cannot be read at all
│   ├── ContactClosed           a sealed contact does not open with this key
│   ├── CountRefused            so many entries are not to be had in one answer
│   ├── FrameRefused            a piece of a device's line is no good frame
│   ├── HexTextRefused          a text is not hexadecimal
│   ├── MachineRefused          no machine of a drill can be booted here
│   ├── MigrationRefused        a journal cannot be moved there
│   ├── NoSwitch                nobody closed the switch that two systems are compared by
│   ├── PassingsRefused         trackside will never take these passings
│   ├── PassphraseRefused       the contact key does not open with this passphrase
│   ├── PictureRefused          a display's picture is too large, or not signed by it just now
│   ├── PinRefused              what was typed is no PIN
│   ├── QueryRefused            what was typed cannot be searched for
│   ├── RawLogRefused           a file is no raw log of ours
│   ├── RecordRefused           a record is malformed or its signature does not hold
│   ├── StatusRefused           a unit's status is malformed or not signed by it
│   └── TableRefused            a table of laps cannot be read
└── Loss                        the world broke; try again or show it
    ├── BeamLost                the sensor's port is gone or unreadable
    ├── BridgeStatusLost        the bridge says nothing
    ├── JournalLost             the database cannot be written or read
    │   └── JournalDamaged      its file is not what was written
    ├── PeerLost                a node cannot be reached, or answers what cannot be used
    │   ├── AnotherEvent        a node of another event
    │   ├── NoCentral           nobody answers at the admin's socket
    │   ├── NotRunning          nobody listens at a node's socket
    │   ├── NothingSent         nobody listens: the call was never made
    │   └── PeerBusy            a node asks us to come back later
    ├── RawLogLost              the spool cannot be written or read
    ├── SourceLost              a display's source failed, is silent, or cannot show that it is one
    └── StreamTaken             another process wrote into our stream

A Refusal carries a stable `code` for the API; the sentence may change. So does a loss of a node (`LossCode`)
and of a sensor's port (`PortCode`): each is a small closed set, chosen where the exception's type and errno
are at hand, and code decides by it alone. `may_be_retried` says whether the same may succeed later by itself;
else a person must act first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

NOT_UNDERSTOOD = (msgspec.MsgspecError, UnicodeError, RecursionError)
"""All that msgspec raises for bytes that are not what was expected: text that is not UTF-8 is no error of its
own, nor is one that is nested too deeply."""


class PitboardError(Exception):
    """Root of the tree."""

    may_be_retried = False


class Refusal(PitboardError):
    """Bad input: the sentence says what to do next."""

    code = "refused"


class MachineRefused(Refusal):
    """No machine of a drill can be booted here; nothing of Pitboard was tried yet."""


class ConfigRefused(Refusal):
    code = "config-refused"

    def __init__(self, *, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


class ConfigUnreadable(ConfigRefused):
    """Whether the file is right nobody knows: it is not there, or the program may not read it."""


class RecordRefused(Refusal):
    code = "record-refused"

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BodyRefused(Refusal):
    code = "body-refused"

    def __init__(self, *, kind: str, reason: str) -> None:
        super().__init__(f"{kind}: {reason}")
        self.kind = kind
        self.reason = reason


class ContactClosed(Refusal):
    code = "contact-closed"

    def __init__(self, *, competitor: str) -> None:
        super().__init__(f"the contact of competitor {competitor} does not open with this key")
        self.competitor = competitor


class PassphraseRefused(Refusal):
    code = "passphrase-refused"

    def __init__(self) -> None:
        super().__init__("This is not the passphrase of the contact key; nothing was opened.")


class ActRefused(Refusal):
    """A person's act that does not fit the state; `code` is what the API answers.

    `fields` are what another language's sentence of the code names.
    """

    def __init__(self, *, code: str, reason: str, fields: Mapping[str, str | int] | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.fields = dict(fields or {})


class ChangedField(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a form: what the form was read from, and what somebody made of it since, as in JSON.

    `who` is empty where no person said it; `utc_ms` is 0 then.
    """

    field: str
    seen: Any
    now: Any
    who: str = ""
    utc_ms: int = 0


class ChangedMeanwhile(ActRefused):
    """What the form was read from is not so any more; nothing was saved."""

    def __init__(self, changed: Sequence[ChangedField]) -> None:
        newest = max(changed, key=lambda one: one.utc_ms)
        who = newest.who or "Something"
        what = "; ".join(f"{one.field}: {_plain(one.seen)} → {_plain(one.now)}" for one in changed)
        super().__init__(
            code="changed-by-another",
            reason=f"{who} changed this meanwhile ({what}). Look at it; save again to save over it.",
            fields={"who": newest.who},
        )
        self.changed = tuple(changed)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_plain, value)) or "nothing"
    return "nothing" if value in (None, "") else str(value)


class CallRefused(Refusal):
    """A call that is not carried out, with the status that HTTP has for it.

    `retry_after_ms` is given where the door is only busy.
    """

    def __init__(self, code: str, reason: str, *, status: int, retry_after_ms: int | None = None) -> None:
        super().__init__(reason)
        self.code = code
        self.status = status
        self.retry_after_ms = retry_after_ms
        self.may_be_retried = retry_after_ms is not None


class CountRefused(Refusal):
    code = "bad-count"

    def __init__(self, *, most: int) -> None:
        super().__init__(f"'count' must be a number from 0 to {most}.")


class FrameRefused(Refusal):
    """`reason` goes into the `damaged` event."""

    code = "frame-refused"

    def __init__(self, *, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class HexTextRefused(Refusal):
    """What stood before the line was read."""

    code = "hex-text-refused"

    def __init__(self, *, line_number: int) -> None:
        super().__init__(f"line {line_number} is not hexadecimal text")
        self.line_number = line_number


class MigrationRefused(Refusal):
    code = "not-migrated"


class NoSwitch(Refusal):
    """Nobody closed the switch in time, or the gate has not two systems."""

    code = "no-switch"


class PassingsRefused(Refusal):
    """Trackside understood the request and will never take it."""

    code = "passings-refused"

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"trackside refuses passings: {reason}")
        self.reason = reason


class PinRefused(Refusal):
    code = "bad-pin"


class QueryRefused(Refusal):
    def __init__(self, *, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class RawLogRefused(Refusal):
    """The file is no raw log of ours, or was changed."""

    code = "raw-log-refused"

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"the raw log cannot be replayed: {reason}")
        self.reason = reason


class StatusRefused(Refusal):
    code = "status-refused"


class PictureRefused(Refusal):
    code = "picture-refused"


class TableRefused(Refusal):
    """A table of laps that cannot be read; says where."""

    code = "table-refused"

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        super().__init__(f"{path}: {reason}" if line is None else f"{path}, line {line}: {reason}")
        self.path = path
        self.reason = reason
        self.line = line


class Loss(PitboardError):
    """The world broke; whoever can retry, show or journal it catches this by name."""

    may_be_retried = True


class LossCode(StrEnum):
    """Why a node cannot be used now."""

    NO_NETWORK = "no-network"
    NO_MACHINE = "no-machine"
    NOTHING_LISTENS = "nothing-listens"
    NOT_RUNNING = "not-running"
    NOT_PERMITTED = "not-permitted"
    NO_ANSWER = "no-answer"
    BROKEN = "broken"
    NAME_UNKNOWN = "name-unknown"
    OTHER_CERTIFICATE = "other-certificate"
    UNVOUCHED = "unvouched"
    NOT_TLS = "not-tls"
    REDIRECTS = "redirects"
    ENCODED = "encoded"
    TOO_LONG = "too-long"
    NOT_UNDERSTOOD = "not-understood"
    STATUS = "status"
    BUSY = "busy"
    DISK = "disk"
    ANOTHER_EVENT = "another-event"
    UNPROVEN = "unproven"
    STRANGER = "stranger"
    REVOKED = "revoked"
    CENTRAL_GONE = "central-gone"
    OLDER = "older"
    FAILED = "failed"


LOSS_REASONS = {
    LossCode.NO_NETWORK: "no network",
    LossCode.NO_MACHINE: "no machine answers at that address",
    LossCode.NOTHING_LISTENS: "nothing answers there",
    LossCode.NOT_RUNNING: "it is not running",
    LossCode.NOT_PERMITTED: "only its own user may; try with sudo",
    LossCode.NO_ANSWER: "no answer in time",
    LossCode.BROKEN: "the connection broke",
    LossCode.NAME_UNKNOWN: "the name is not known",
    LossCode.OTHER_CERTIFICATE: "another certificate than at the enrolment answers; enrol anew if so meant",
    LossCode.UNVOUCHED: "nobody vouches for its certificate; name its fingerprint",
    LossCode.NOT_TLS: "it does not speak TLS",
    LossCode.REDIRECTS: "it sends us to another address, and we do not follow",
    LossCode.ENCODED: "its answer is packed, and we take none like that",
    LossCode.TOO_LONG: "its answer is too long",
    LossCode.NOT_UNDERSTOOD: "its answer is not understood",
    LossCode.STATUS: "it answered with an error",
    LossCode.BUSY: "it is busy",
    LossCode.DISK: "its disk cannot be used",
    LossCode.ANOTHER_EVENT: "it belongs to another event",
    LossCode.UNPROVEN: "it cannot show that it belongs to this event",
    LossCode.STRANGER: "it is not enrolled",
    LossCode.REVOKED: "it is revoked",
    LossCode.CENTRAL_GONE: "central is not heard there",
    LossCode.OLDER: "it tells an older state than before",
    LossCode.FAILED: "it cannot be used",
}


LOST_UNTIL_A_PERSON_ACTS = frozenset(
    {LossCode.NOT_PERMITTED, LossCode.OTHER_CERTIFICATE, LossCode.UNVOUCHED, LossCode.ANOTHER_EVENT}
    | {LossCode.REVOKED}
)


class PeerLost(Loss):
    """`code` says why, for programs; `reason` for people, and may say more than the code does."""

    def __init__(self, *, peer: str, code: LossCode = LossCode.FAILED, reason: str | None = None) -> None:
        reason = LOSS_REASONS[code] if reason is None else reason
        super().__init__(f"{peer} cannot be reached: {reason}")
        self.peer = peer
        self.code = code
        self.reason = reason
        self.may_be_retried = code not in LOST_UNTIL_A_PERSON_ACTS


class AnotherEvent(PeerLost):
    """The node serves another event than we do; `event` is what people call that one."""

    def __init__(self, *, peer: str, event: str) -> None:
        reason = f"{LOSS_REASONS[LossCode.ANOTHER_EVENT]}: {event}"
        super().__init__(peer=peer, code=LossCode.ANOTHER_EVENT, reason=reason)
        self.event = event


class PeerBusy(PeerLost):
    def __init__(self, *, peer: str, retry_after_ms: int) -> None:
        reason = f"busy, asks for {retry_after_ms} ms of patience"
        super().__init__(peer=peer, code=LossCode.BUSY, reason=reason)
        self.retry_after_ms = retry_after_ms


class NoCentral(PeerLost):
    def __init__(self, *, socket: Path, code: LossCode, reason: str) -> None:
        super().__init__(peer="central", code=code, reason=reason)
        self.args = (f"central cannot be asked at {socket}: {reason}",)


class NotRunning(PeerLost):
    """Nobody listens at the node's socket."""


class NothingSent(PeerLost):
    """Nobody listens on the socket: the call may be made again without being made twice."""


class JournalLost(Loss):
    def __init__(self, *, path: Path | str, reason: str) -> None:
        super().__init__(f"journal {path} cannot be used: {reason}")
        self.path = str(path)
        self.reason = reason


class JournalDamaged(JournalLost):
    """What can be read of it can be saved; see `pitboard.journal.salvage`."""

    may_be_retried = False


class StreamTaken(Loss):
    may_be_retried = False

    def __init__(self, *, stream: str, seq: int) -> None:
        super().__init__(
            f"another program wrote record {seq} of our stream {stream[:8]}; stop one, then start again"
        )
        self.stream = stream
        self.seq = seq


class PortCode(StrEnum):
    """Why a sensor's port, connection or pins cannot be used now."""

    NOT_OPENED = "not-opened"
    NO_SUCH_PORT = "no-such-port"
    OTHER_PORT = "other-port"
    NOT_PERMITTED = "not-permitted"
    FORBIDDEN = "forbidden"
    NO_DEVICE = "no-device"
    HELD = "held"
    HELD_UNSEEN = "held-unseen"
    UNPLUGGED = "unplugged"
    FAILED = "failed"
    REFUSED = "refused"
    NO_ANSWER = "no-answer"
    NOTHING_LISTENS = "nothing-listens"
    NAME_UNKNOWN = "name-unknown"
    NOBODY_DIALLED = "nobody-dialled"
    CANNOT_LISTEN = "cannot-listen"
    CLOSED = "closed"
    CLOSED_HERE = "closed-here"
    BROKEN = "broken"
    REPLACED = "replaced"
    NO_CHIP = "no-chip"
    OTHER_CHIP = "other-chip"
    CHIP_NOT_PERMITTED = "chip-not-permitted"
    PACKAGE_MISSING = "package-missing"
    PACKAGE_OLD = "package-old"
    PINS_REFUSED = "pins-refused"
    PINS_UNREADABLE = "pins-unreadable"
    PINS_FAILED = "pins-failed"


PORT_REASONS = {
    PortCode.NOT_OPENED: "it has not been opened yet",
    PortCode.NO_SUCH_PORT: "there is no such port; is the sensor plugged in?",
    PortCode.OTHER_PORT: "there is no such port; is the sensor plugged in? Beside it there is {beside}",
    PortCode.NOT_PERMITTED: "we may not open it; is the user in the group 'dialout'?",
    PortCode.FORBIDDEN: "the system forbids us this port; see DeviceAllow in pitboard-bridge.service",
    PortCode.NO_DEVICE: "no device is behind this name; is the port switched on (raspi-config)?",
    PortCode.HELD: "another program has it open: {holders}",
    PortCode.HELD_UNSEEN: "another program has it open, one that we may not see",
    PortCode.UNPLUGGED: "it was unplugged",
    PortCode.FAILED: "it was unplugged or failed ({text})",
    PortCode.REFUSED: "the system does not open it ({text})",
    PortCode.NO_ANSWER: "it does not answer; check cable, power and address",
    PortCode.NOTHING_LISTENS: "nothing listens there; is the decoder on, and is the port right?",
    PortCode.NAME_UNKNOWN: "the name is not known",
    PortCode.NOBODY_DIALLED: (
        "nobody has dialled us on port {number} yet; start the export of the timing software"
    ),
    PortCode.CANNOT_LISTEN: "we cannot listen there ({text})",
    PortCode.CLOSED: "the connection was closed",
    PortCode.CLOSED_HERE: "we closed it",
    PortCode.BROKEN: "the connection broke ({text})",
    PortCode.REPLACED: "another connection took its place",
    PortCode.NO_CHIP: "no GPIO chip {wanted} is here, none at all; is this a Raspberry Pi?",
    PortCode.OTHER_CHIP: "no GPIO chip {wanted} is here, only {seen}; is this a Raspberry Pi?",
    PortCode.CHIP_NOT_PERMITTED: "we may not open {chips}; is the user in the group 'gpio'?",
    PortCode.PACKAGE_MISSING: (
        "the Python package '{package}' is missing; in Pitboard's folder type: pip install '.[pi]'"
    ),
    PortCode.PACKAGE_OLD: (
        "the Python package '{package}' is older than {version}; type: pip install '{package}>={version}'"
    ),
    PortCode.PINS_REFUSED: "{giver} does not give us the pins: {text}",
    PortCode.PINS_UNREADABLE: "the pins cannot be read any more ({text})",
    PortCode.PINS_FAILED: "the pins fail ({text})",
}


@dataclass(frozen=True, slots=True)
class PortTrouble:
    """A code with the fields that its sentence names; code decides by `code` alone."""

    code: PortCode
    fields: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """The same in English, a few words without a stop."""
        return PORT_REASONS[self.code].format(**self.fields)


class BeamLost(Loss):
    """`trouble` says why, for programs; `reason` says it in English."""

    def __init__(self, *, port: str, trouble: PortTrouble) -> None:
        self.reason = trouble.reason
        super().__init__(f"sensor port {port} lost: {self.reason}")
        self.port = port
        self.trouble = trouble


class BridgeStatusLost(Loss):
    """There is no status to read: the bridge does not run, or not with this config."""

    def __init__(self, *, path: Path, reason: str) -> None:
        super().__init__(f"the bridge says nothing in {path}: {reason}")
        self.path = path
        self.reason = reason


class RawLogLost(Loss):
    def __init__(self, *, path: Path, reason: str) -> None:
        super().__init__(f"raw log {path} cannot be used: {reason}")
        self.path = path
        self.reason = reason


class SourceLost(Loss):
    """`trouble` is the display's own account of it, see `display.following.trouble`."""

    def __init__(self, trouble: Any) -> None:
        super().__init__(trouble.sentence)
        self.trouble = trouble
