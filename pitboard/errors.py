"""Every error Pitboard raises by name, as one tree.

PitboardError
├── Refusal                     bad input; nothing changed
│   ├── ConfigRefused           a file's key or value is wrong
│   ├── RecordRefused           a record is malformed or its signature does not hold
│   ├── BodyRefused             a body does not fit its kind
│   ├── ContactClosed           a sealed contact does not open with this key
│   ├── PassphraseRefused       the contact key does not open with this passphrase
│   └── ActRefused              a person asked for what cannot be done now
└── Loss                        the world broke; try again or show it
    ├── PeerLost                a node cannot be reached, or answers what cannot be used
    │   ├── AnotherEvent        a node of another event
    │   └── PeerBusy            a node asks us to come back later
    ├── JournalLost             the database cannot be written or read
    │   └── JournalDamaged      its file is not what was written
    ├── StreamTaken             another process wrote into our stream
    └── BeamLost                the sensor's port is gone or unreadable

A Refusal carries a stable `code` for the API; the sentence may change. So does a loss of a node: `LossCode`
is a small closed set, chosen where the exception's type and errno are at hand, and code decides by it alone.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class PitboardError(Exception):
    """Root of the tree."""


class Refusal(PitboardError):
    """Bad input: the sentence says what to do next."""

    code = "refused"


class ConfigRefused(Refusal):
    code = "config-refused"

    def __init__(self, *, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


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
    """A person's act that does not fit the state; `code` is what the API answers."""

    def __init__(self, *, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Loss(PitboardError):
    """The world broke; whoever can retry, show or journal it catches this by name."""


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
    LossCode.FAILED: "it cannot be used",
}


class PeerLost(Loss):
    """`code` says why, for programs; `reason` for people, and may say more than the code does."""

    def __init__(self, *, peer: str, code: LossCode = LossCode.FAILED, reason: str | None = None) -> None:
        reason = LOSS_REASONS[code] if reason is None else reason
        super().__init__(f"{peer} cannot be reached: {reason}")
        self.peer = peer
        self.code = code
        self.reason = reason


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


class JournalLost(Loss):
    def __init__(self, *, path: Path | str, reason: str) -> None:
        super().__init__(f"journal {path} cannot be used: {reason}")
        self.path = str(path)
        self.reason = reason


class JournalDamaged(JournalLost):
    """What can be read of it can be saved; see `pitboard.journal.salvage`."""


class StreamTaken(Loss):
    def __init__(self, *, stream: str, seq: int) -> None:
        super().__init__(
            f"another program wrote record {seq} of our stream {stream[:8]}; stop one, then start again"
        )
        self.stream = stream
        self.seq = seq


class BeamLost(Loss):
    def __init__(self, *, port: str, reason: str) -> None:
        super().__init__(f"sensor port {port} lost: {reason}")
        self.port = port
        self.reason = reason
