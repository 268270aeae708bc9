"""Passkeys at the desk: who is let in by one, and everything that is no passkey of this desk."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from playwright.sync_api import expect

from sync.central.admin.desk.passkeys import CHALLENGE_LIFE_NS, PASSKEYS_MAX_COUNT
from sync.central.admin.desk.passkeys_api import ENTER, OWN, RECENT_MAX_NS
from tests.sync.central.admin.desk.conftest import Organiser, Venue
from tests.sync.central.admin.desk.desk_stage import DeskStage, Visitor, desk_at

ORIGIN, HOST = "https://desk.example.org", "desk.example.org"
PRESENT, VERIFIED, MADE = 0x01, 0x04, 0x40


def text_of(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@dataclass
class SoftKey:
    """What a phone does with a passkey; each field is one thing that a false one gets wrong."""

    origin: str = ORIGIN
    host: str = HOST
    flags: int = PRESENT | VERIFIED
    count: int = 1
    id: bytes = b"key one"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    user: bytes = b""

    def makes(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to what the desk asks of a new passkey."""
        self.user = base64.urlsafe_b64decode(options["user"]["id"] + "==")
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        data = self._data(self.flags | MADE) + attested
        made = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", options["challenge"])
        return self._said({"clientDataJSON": text_of(client), "attestationObject": text_of(made)})

    def signs(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a challenge of the sign-in."""
        self.count += 1
        client, data = self._client("webauthn.get", options["challenge"]), self._data(self.flags)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._said(
            {
                "clientDataJSON": text_of(client),
                "authenticatorData": text_of(data),
                "signature": text_of(signature),
                "userHandle": text_of(self.user),
            }
        )

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _said(self, response: dict[str, str]) -> dict[str, Any]:
        return {"id": text_of(self.id), "rawId": text_of(self.id), "type": "public-key", "response": response}


async def keeps(visitor: Visitor, key: SoftKey, label: str = "phone") -> str:
    """Let a visitor who signed in make a passkey; return "done" or the refusal's code."""
    status, options = await visitor.ask("POST", f"{OWN}/ask", {})
    if status == 200:
        body = {"label": label, "credential": key.makes(options)}
        status, options = await visitor.ask("POST", f"{OWN}/keep", body)
    return "done" if status == 200 else str(options["error"])


async def asked(visitor: Visitor) -> dict[str, Any]:
    status, options = await visitor.ask("POST", "/v1/desk/passkey/ask", {})
    assert status == 200
    return dict(options)


async def enters(visitor: Visitor, credential: dict[str, Any]) -> str:
    status, answer = await visitor.ask("POST", ENTER, {"credential": credential})
    return str(answer["account"] if status == 200 else answer["error"])


def with_desk(folder: Path, story: Callable[[DeskStage], Awaitable[None]], origin: str = ORIGIN) -> None:
    async def run() -> None:
        async with desk_at(folder, origin=origin) as desk:
            await story(desk)

    asyncio.run(run())


def test_a_passkey_signs_in_without_password_and_code(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna, key = await desk.admin(), SoftKey()
        assert await keeps(anna, key) == "done"
        elsewhere = desk.visitor("198.51.100.9")
        assert await enters(elsewhere, key.signs(await asked(elsewhere))) == "anna"
        _, session = await elsewhere.ask("GET", "/v1/desk/session")
        elsewhere.csrf = session["csrf"]
        assert (await elsewhere.ask("POST", "/v1/admin/acts", {}))[0] == 200
        assert desk.acted == ["anna"]
        [view] = (await elsewhere.ask("GET", OWN))[1]["passkeys"]
        assert view["label"] == "phone"
        assert (await elsewhere.ask("POST", f"{OWN}/remove", {"id": view["id"]}))[0] == 200
        assert await enters(elsewhere, key.signs(await asked(elsewhere))) == "unknown-passkey"
        assert (await anna.sign_in("anna"))[0] == 200, "password and code go on"

    with_desk(tmp_path, story)


@pytest.mark.parametrize(
    "change",
    [
        {"origin": "https://desk.example.org.evil.example"},
        {"host": "evil.example"},
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"count": -1},
        {"key": ec.generate_private_key(ec.SECP256R1())},
        {"user": b"somebody else"},
    ],
    ids=[
        "other origin",
        "other host",
        "owner not asked",
        "nobody there",
        "a copied key",
        "other key",
        "other user",
    ],
)
def test_what_is_no_passkey_of_this_desk_is_not_let_in(tmp_path: Path, change: dict[str, Any]) -> None:
    async def story(desk: DeskStage) -> None:
        anna, key = await desk.admin(), SoftKey(count=5)
        assert await keeps(anna, key) == "done"
        true = {name: getattr(key, name) for name in change}
        for name, value in change.items():
            setattr(key, name, value)
        stranger = desk.visitor("198.51.100.9")
        assert await enters(stranger, key.signs(await asked(stranger))) == "wrong-passkey"
        for name, value in true.items():
            setattr(key, name, value)
        assert await enters(stranger, key.signs(await asked(stranger))) == "anna", (
            "the true one, all else alike"
        )

    with_desk(tmp_path, story)


def test_a_challenge_is_good_for_two_minutes_one_sign_in_and_its_own_purpose(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna, key = await desk.admin(), SoftKey()
        assert await keeps(anna, key) == "done"
        visitor = desk.visitor("198.51.100.9")
        late = key.signs(await asked(visitor))
        desk.clock.advance(ms=CHALLENGE_LIFE_NS // 1_000_000 - 1)
        once = key.signs(await asked(visitor))
        desk.clock.advance(ms=1)
        assert await enters(visitor, late) == "late-passkey"
        assert await enters(visitor, once) == "anna"
        assert await enters(visitor, once) == "late-passkey"
        _, of_making = await anna.ask("POST", f"{OWN}/ask", {})
        assert await enters(visitor, key.signs(of_making)) == "wrong-passkey"
        own = {"challenge": text_of(bytes(56))}
        assert await enters(visitor, key.signs(own)) == "wrong-passkey"
        odd = key.signs(await asked(visitor))
        odd["response"]["clientDataJSON"] = text_of(b"[]")
        assert await enters(visitor, odd) == "wrong-passkey"
        odd["response"] = {}
        assert await enters(visitor, odd) == "bad-request"

    with_desk(tmp_path, story)


def test_who_may_make_a_passkey_and_how_many(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna, ben = await desk.admin(), await desk.admin("ben")
        for number in range(PASSKEYS_MAX_COUNT):
            assert await keeps(anna, SoftKey(id=b"key %d" % number)) == "done"
        assert await keeps(anna, SoftKey(id=b"one more")) == "too-many-passkeys"
        assert await keeps(ben, SoftKey(id=b"key 0")) == "known-passkey", "an id is one account's"
        assert await keeps(ben, SoftKey(flags=PRESENT)) == "wrong-passkey"
        assert await keeps(ben, SoftKey(), label="\u200b") == "bad-name"
        desk.clock.advance(ms=RECENT_MAX_NS // 1_000_000 + 1)
        assert await keeps(ben, SoftKey()) == "sign-in-again"
        stranger = desk.visitor("198.51.100.9")
        assert await keeps(stranger, SoftKey()) == "signed-out"
        again = desk.visitor("198.51.100.10")
        assert (await again.set_up(desk.sign_in.make_link("anna")))[0] == 200
        assert (await again.ask("GET", OWN))[1]["passkeys"] == [], "a new link ends what a lost phone had"

    with_desk(tmp_path, story)


def test_a_desk_at_an_address_of_numbers_says_that_passkeys_need_a_name(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna = await desk.admin()
        assert await keeps(anna, SoftKey()) == "no-passkeys"
        status, answer = await desk.visitor().ask("POST", "/v1/desk/passkey/ask", {})
        assert (status, answer["error"]) == (409, "no-passkeys")

    with_desk(tmp_path, story, origin="https://192.0.2.7:8082")


def test_a_browser_makes_a_passkey_and_signs_in_by_it(venue: Venue, organiser: Organiser) -> None:
    page = organiser.page
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    traits = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    phone = tools.send("WebAuthn.addVirtualAuthenticator", {"options": traits})["authenticatorId"]
    organiser.go("#/account")
    page.get_by_label("Name of this passkey").fill("Anna's phone")
    page.get_by_role("button", name="Make a passkey").click()
    expect(page.locator("li", has_text="Anna's phone")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).click()
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": phone, "isUserVerified": False})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("main .trouble:not(:empty)")).to_contain_text("no passkey")
    tools.send("WebAuthn.setUserVerified", {"authenticatorId": phone, "isUserVerified": True})
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Needs attention")).to_be_visible()
    organiser.go("#/account")
    page.locator("li", has_text="Anna's phone").get_by_role("button", name="Remove").click()
    page.locator("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("main")).to_contain_text("No passkey yet")
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("main .trouble:not(:empty)")).to_contain_text("not kept here")
