"""A small picture of what a display shows right now, signed by it together with the asker's nonce.

So a stranger's box puts no picture of its own before an official, nor yesterday's of the display. It is
looked at before anybody unpacks it: how long it is, and how large it says that it becomes."""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Annotated

import msgspec
from msgspec import Meta

from pitboard.errors import NOT_UNDERSTOOD, PictureRefused
from pitboard.trust.identity import Identity, signature_holds

PICTURE_DOMAIN = b"pitboard picture 1\0"
PICTURE_MAX_BYTES = 128 * 1_024
SIDE_MAX_PX = 320
SIGNED_MAX_BYTES = 192 * 1_024
"""Of the whole answer, in which the picture takes a third more."""
NONCE_BYTES = 16
_NONCE = re.compile(r"[0-9a-f]{32}\Z")
_PNG_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


class SignedPicture(msgspec.Struct, frozen=True, kw_only=True):
    """`picture` is a PNG."""

    key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    nonce: Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
    picture: Annotated[bytes, Meta(max_length=PICTURE_MAX_BYTES)]
    signature: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")]


_decoder = msgspec.json.Decoder(SignedPicture)


def new_nonce() -> str:
    return secrets.token_hex(NONCE_BYTES)


def is_nonce(text: str) -> bool:
    return _NONCE.match(text) is not None


def sign_picture(picture: bytes, nonce: str, identity: Identity) -> SignedPicture:
    """Return the picture with the display's word that it is on its glass now."""
    signature = identity.sign(_message(picture, nonce), domain=PICTURE_DOMAIN)
    return SignedPicture(key=identity.key, nonce=nonce, picture=picture, signature=signature.hex())


def read_picture(answer: bytes) -> SignedPicture:
    """Return what somebody answered, not looked at yet. Raises PictureRefused for what is no picture."""
    try:
        return _decoder.decode(answer)
    except NOT_UNDERSTOOD as error:
        raise PictureRefused(f"The picture makes no sense: {error}.") from error


def check_picture(signed: SignedPicture, *, key: str, nonce: str) -> None:
    """Raise PictureRefused unless the display of this key answered this nonce with it."""
    message = _message(signed.picture, signed.nonce)
    if (signed.key, signed.nonce) != (key, nonce) or not signature_holds(
        key, message, bytes.fromhex(signed.signature), domain=PICTURE_DOMAIN
    ):
        raise PictureRefused("The picture is not signed by the display, just now.")
    if not _is_small(signed.picture):
        raise PictureRefused("The picture is no small PNG.")


def _is_small(picture: bytes) -> bool:
    """Return whether it says of itself that it is a PNG of our size: nobody unpacks another."""
    start = len(_PNG_HEAD)
    width, height = (int.from_bytes(picture[at : at + 4]) for at in (start, start + 4))
    return picture.startswith(_PNG_HEAD) and 0 < width <= SIDE_MAX_PX and 0 < height <= SIDE_MAX_PX


def _message(picture: bytes, nonce: str) -> bytes:
    return bytes.fromhex(nonce) + hashlib.sha256(picture).digest()
