"""An answer encoded once and shared by everybody who asks for it: bytes, compressed bytes and ETag.

The ETag comes from the content alone, so every process and every restart gives the same one."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass, field

from aiohttp import web

GZIP_LEVEL = 6
GZIP_LEAST_BYTES = 600


@dataclass(slots=True)
class EncodedAnswer:
    """A body with its type; `tag` changes with the content."""

    body: bytes
    content_type: str = "application/json"
    cache_control: str = "no-cache"
    tag: str = field(init=False)
    _compressed: bytes | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.tag = hashlib.sha256(self.body).hexdigest()[:20]

    @property
    def etag(self) -> str:
        # Weak, since the compressed form carries the same tag.
        return f'W/"{self.tag}"'

    def answer(self, request: web.Request) -> web.Response:
        """Return 304 where the asker has this content, else the content, compressed if that is taken."""
        headers = {"ETag": self.etag, "Cache-Control": self.cache_control, "Vary": "Accept-Encoding"}
        if any(known.value in (self.tag, "*") for known in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        body = self.body
        if len(body) >= GZIP_LEAST_BYTES and accepts_gzip(request):
            headers["Content-Encoding"] = "gzip"
            body = self._gzipped()
        headers["Content-Type"] = self.content_type
        return web.Response(body=body, headers=headers)

    def _gzipped(self) -> bytes:
        if self._compressed is None:
            self._compressed = gzip.compress(self.body, GZIP_LEVEL, mtime=0)
        return self._compressed


def accepts_gzip(request: web.Request) -> bool:
    """Return whether the asker takes gzip."""
    for offer in request.headers.get("Accept-Encoding", "").lower().split(","):
        coding, _, quality = offer.partition(";")
        if coding.strip() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
