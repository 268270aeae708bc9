"""What the official may ask of the unit: the bodies of `POST /v1/act`."""

from __future__ import annotations

from typing import Literal

import msgspec


class Act(msgspec.Struct, frozen=True, kw_only=True, tag_field="act"):
    """Base of the acts; `said` is the sentence shown once the unit has it durably."""

    @property
    def said(self) -> str:
        return "Saved"

    @property
    def unanswered(self) -> str:
        """The sentence shown when it is unknown whether the unit has the act."""
        return "No answer: look whether it was saved before you tap again."


class Register(Act, frozen=True, kw_only=True, tag="register"):
    name: str

    @property
    def said(self) -> str:
        return f"Saved: {self.name} is registered"


class KeepContact(Act, frozen=True, kw_only=True, tag="keep-contact"):
    """A contact as it was sealed here; it has a call of its own, `POST /v1/contact`."""

    competitor: str
    contact_key: str
    sealed: str

    def __repr__(self) -> str:
        return f"KeepContact({self.competitor})"  # for the log, where the sealed bytes help nobody

    @property
    def said(self) -> str:
        return "Saved: the contact is sealed"

    @property
    def unanswered(self) -> str:
        return "No answer: tap Save again, twice does no harm. Or tap Skip."


class Arm(Act, frozen=True, kw_only=True, tag="arm"):
    competitor: str

    @property
    def said(self) -> str:
        return "Saved: ready for the first passing"


class Stop(Act, frozen=True, kw_only=True, tag="stop"):
    run: str
    mono_ns: int

    @property
    def said(self) -> str:
        return "Saved: timing has ended"


class ManualPassing(Act, frozen=True, kw_only=True, tag="manual-passing"):
    run: str
    mono_ns: int

    @property
    def said(self) -> str:
        return "Saved: passing by hand"


class Judge(Act, frozen=True, kw_only=True, tag="judge"):
    run: str
    lap: str
    verdict: Literal["valid", "void"]

    @property
    def said(self) -> str:
        return f"Saved: lap is {self.verdict}"


class Confirm(Act, frozen=True, kw_only=True, tag="confirm"):
    run: str

    @property
    def said(self) -> str:
        return "Saved: run confirmed and on the board"


class Discard(Act, frozen=True, kw_only=True, tag="discard"):
    run: str

    @property
    def said(self) -> str:
        return "Saved: run discarded"


def stamped(act: Act, tapped_mono_ns: int) -> Act:
    """Return the act with the moment of the tap, where it carries one."""
    if isinstance(act, Stop | ManualPassing):
        return msgspec.structs.replace(act, mono_ns=tapped_mono_ns)
    return act
