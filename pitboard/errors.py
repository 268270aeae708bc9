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
    ├── PeerLost                a node cannot be reached
    ├── PeerBusy                a node asks us to come back later
    ├── JournalLost             the database cannot be written or read
    └── BeamLost                the sensor's port is gone or unreadable

A Refusal carries a stable `code` for the API; the sentence may change.
"""

from __future__ import annotations

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


class PeerLost(Loss):
    def __init__(self, *, peer: str, reason: str) -> None:
        super().__init__(f"{peer} cannot be reached: {reason}")
        self.peer = peer
        self.reason = reason


class PeerBusy(PeerLost):
    def __init__(self, *, peer: str, retry_after_ms: int) -> None:
        super().__init__(peer=peer, reason=f"busy, asks for {retry_after_ms} ms of patience")
        self.retry_after_ms = retry_after_ms


class JournalLost(Loss):
    def __init__(self, *, path: Path | str, reason: str) -> None:
        super().__init__(f"journal {path} cannot be used: {reason}")
        self.path = str(path)
        self.reason = reason


class BeamLost(Loss):
    def __init__(self, *, port: str, reason: str) -> None:
        super().__init__(f"sensor port {port} lost: {reason}")
        self.port = port
        self.reason = reason
