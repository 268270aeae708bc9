"""What central and units say to each other about pictures of displays."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.trust.signed_picture import SIGNED_MAX_BYTES

WANTED_PATH = "/v1/pictures-wanted"
PICTURE_PATH = "/v1/display-picture"
PICTURE_ANSWER_MAX_BYTES = SIGNED_MAX_BYTES
WAIT_MAX_MS = 10_000
WANTED_MAX_COUNT = 64


class PicturesWanted(msgspec.Struct, frozen=True, kw_only=True):
    """`nonces` {display's key: what it signs with its picture}; `version` is what to ask for news after."""

    version: int = 0
    nonces: Annotated[dict[str, str], Meta(max_length=WANTED_MAX_COUNT)] = {}
