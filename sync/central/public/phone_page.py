"""The phone page's files, read once and served from memory.

The service worker keeps the whole page on the phone under the name `PAGE_VERSION`, which is put into it here
and comes from the files' content: so a phone holds either the old page or the new one, never half of each."""

from __future__ import annotations

import hashlib
from importlib import resources

from aiohttp import web

from sync.central.public.encoded_answer import EncodedAnswer

WORKER = "worker.js"
_VERSION_MARK = b"PAGE_VERSION"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
NOT_FOUND = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    '<title>Not here</title><link rel="stylesheet" href="/board.css"><main class="lost"><h1>Not here</h1>'
    '<p>There is no such page.</p><p><a class="button" href="/">To the board</a></p></main></html>'
)


class PhonePage:
    """Serves `/` and the files it is made of."""

    def __init__(self) -> None:
        self._files = _load()

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self._serve)
        for name in self._files:
            app.router.add_get(f"/{name}", self._serve)

    async def _serve(self, request: web.Request) -> web.Response:
        return self._files[request.path.lstrip("/") or "index.html"].answer(request)


def _load() -> dict[str, EncodedAnswer]:
    folder = resources.files("sync.central.public") / "page"
    bodies = {file.name: file.read_bytes() for file in folder.iterdir() if _suffix(file.name) in _TYPES}
    version = hashlib.sha256(b"\0".join(bodies[name] for name in sorted(bodies))).hexdigest()[:12]
    bodies[WORKER] = bodies[WORKER].replace(_VERSION_MARK, version.encode())
    return {name: EncodedAnswer(body, _TYPES[_suffix(name)]) for name, body in bodies.items()}


def _suffix(name: str) -> str:
    return "." + name.rpartition(".")[2]
