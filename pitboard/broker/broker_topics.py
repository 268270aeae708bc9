"""What stands below an event's topic on a broker, and what each message of it says.

The journal is there in pieces of a fixed number of records: who has some of it asks for the rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

PIECE_COUNT = 16
"""Records of a piece. A new one is sent with its piece: 6 kB on average; more would cost each follower more,
fewer the broker, which keeps a message for each."""
BEAT_EVERY_S = 1.0
BEAT_SILENT_MAX_S = 3.5
"""After so long without a beat central is taken to be gone, whatever the broker says."""
HEADS_MAX_COUNT = 10_000
HEAD_MAX = 2**53


class State(msgspec.Struct, frozen=True):
    """Central's beat: it is here, at this moment of its wall clock; or the word that it is gone."""

    state: Literal["here", "gone"]
    utc_ms: Annotated[int, Meta(ge=0, le=HEAD_MAX)] = 0


Heads = Annotated[
    dict[Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")], Annotated[int, Meta(ge=1, le=HEAD_MAX)]],
    Meta(max_length=HEADS_MAX_COUNT),
]
"""{stream: its last record}, all of what is there in pieces."""


@dataclass(slots=True)
class Newest:
    """The newest state of the event that was heard from a broker since this program began."""

    records: int = 0
    utc_ms: int = 0


def state_topic(root: str) -> str:
    return f"{root}/state"


def heads_topic(root: str) -> str:
    return f"{root}/records/heads"


def piece_topic(root: str, stream: str, piece: int) -> str:
    """Return where the records from `piece * PIECE_COUNT + 1` on stand."""
    return f"{root}/records/{stream}/{piece}"


def lacking_pieces(heads: Mapping[str, int], have: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    """Yield (stream, piece) of all that stands in pieces and is lacking, each stream's in order."""
    for stream, head in heads.items():
        known = have.get(stream, 0)
        if known < head:
            for piece in range(known // PIECE_COUNT, (head - 1) // PIECE_COUNT + 1):
                yield stream, piece
