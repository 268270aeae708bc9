"""Attacks on the desk's sign-in, over a real socket, and that no attacker can keep the admin out."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sync.central.admin.desk.desk_door import COOKIE, DEVICE_COOKIE
from sync.central.admin.desk.desk_sign_in import (
    LINK_LIFE_NS,
    LINKS_MAX_COUNT,
    TRIES_OF_ACCOUNT,
    TRIES_OF_DEVICE,
    TRIES_OF_SOURCE,
)
from sync.central.admin.desk.password import ITERATIONS, LANES, MEMORY_KIB, hash_password
from sync.central.admin.desk.sessions import IDLE_MAX_NS, LIFE_MAX_NS
from sync.central.admin.desk.totp import STEP_MS
from tests.sync.central.admin.desk.desk_stage import PASSWORD, DeskStage, desk_at

Story = Callable[[DeskStage], Awaitable[None]]


def tell(folder: Path, story: Story) -> None:
    async def run() -> None:
        async with desk_at(folder) as desk:
            await story(desk)

    asyncio.run(run())


def test_a_link_makes_an_admin_who_signs_in_acts_and_signs_out(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna = await desk.admin()
        assert (await anna.ask("POST", "/v1/admin/acts", {}))[0] == 200
        assert desk.acted == ["anna"]
        assert (await anna.ask("POST", "/v1/desk/sign-out", {}))[0] == 200
        assert (await anna.ask("POST", "/v1/admin/acts", {}))[0] == 401
        assert (await anna.sign_in("anna"))[0] == 200
        assert (await anna.ask("POST", "/v1/admin/acts", {}))[0] == 200

    tell(tmp_path, story)
    assert stat.S_IMODE((tmp_path / "admins.json").stat().st_mode) == 0o600
    assert PASSWORD not in (tmp_path / "admins.json").read_text()


def test_nothing_but_the_pages_is_there_for_who_is_not_signed_in(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        stranger = desk.visitor()
        for method, path in (("POST", "/v1/admin/acts"), ("GET", "/v1/admin/units"), ("GET", "/v1/x")):
            assert (await stranger.ask(method, path, {}))[0] == 401, path
        for forged in ("", "x", "a" * 4_000):
            stranger.cookies[COOKIE] = forged
            assert (await stranger.ask("POST", "/v1/admin/acts", {}))[0] == 401
        assert desk.acted == []
        assert (await stranger.ask("GET", "/v1/desk/session"))[1] == {
            "account": "",
            "csrf": "",
            "role": "admin",
        }
        async with desk.session.get(desk.base + "/") as page:
            assert page.status == 200
            policy = page.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert page.headers["X-Frame-Options"] == "DENY"

    tell(tmp_path, story)


@pytest.mark.parametrize("wrong", ["password", "code", "name", "old code"])
def test_whatever_was_wrong_the_answer_is_the_same(tmp_path: Path, wrong: str) -> None:
    async def story(desk: DeskStage) -> None:
        anna = await desk.admin()
        guesser = desk.visitor()
        guesser.secret = anna.secret
        if wrong == "old code":  # the one that the set-up used
            status, answer = await guesser.sign_in("anna", code=anna.code())
        else:
            desk.clock.advance(ms=STEP_MS)
            status, answer = await guesser.sign_in(
                "nobody" if wrong == "name" else "anna",
                "wrong horse battery" if wrong == "password" else PASSWORD,
                code="000000" if wrong == "code" else anna.code(),
            )
        assert (status, answer["error"]) == (409, "wrong-sign-in")
        assert COOKIE not in guesser.cookies

    tell(tmp_path, story)


def test_a_wrong_password_does_not_use_up_the_code(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna = await desk.admin()
        desk.clock.advance(ms=STEP_MS)
        code = anna.code()
        assert (await anna.sign_in("anna", "wrong horse battery", code))[0] == 409
        assert (await anna.sign_in("anna", PASSWORD, code))[0] == 200
        assert (await anna.sign_in("anna", PASSWORD, code))[0] == 409  # seen over the shoulder

    tell(tmp_path, story)


def test_of_twenty_who_show_one_code_at_once_one_comes_in(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna = await desk.admin()
        desk.clock.advance(ms=STEP_MS)
        thieves = [desk.visitor(f"198.51.100.{number}") for number in range(8)]
        outcomes = await asyncio.gather(*(one.sign_in("anna", code=anna.code()) for one in thieves))
        assert sorted(status for status, _ in outcomes) == [200] + [409] * 7

    tell(tmp_path, story)


def test_guessing_costs_time_and_the_wait_is_told(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        await desk.admin()
        guesser = desk.visitor("203.0.113.9")
        for _ in range(TRIES_OF_SOURCE.burst):
            assert (await guesser.sign_in("anna", "guess guess guess", "123456"))[0] == 409
        status, answer = await guesser.sign_in("anna", "guess guess guess", "123456")
        assert (status, answer["error"]) == (429, "too-often")
        assert 0 < answer["retry_after_ms"] <= 60_001
        desk.clock.advance(ms=60_001)
        assert (await guesser.sign_in("anna", "guess guess guess", "123456"))[0] == 409
        assert (await guesser.sign_in("anna", "guess guess guess", "123456"))[0] == 429

    tell(tmp_path, story)


def test_guessers_with_many_addresses_do_not_keep_the_admins_own_browser_out(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna = await desk.admin()
        await anna.ask("POST", "/v1/desk/sign-out", {})
        for number in range(TRIES_OF_ACCOUNT.burst):
            guesser = desk.visitor(f"203.0.113.{number}")
            assert (await guesser.sign_in("anna", "guess guess guess", "123456"))[0] == 409
        elsewhere = desk.visitor("192.0.2.1")
        elsewhere.secret = anna.secret
        assert (await elsewhere.sign_in("anna", code=anna.code()))[
            0
        ] == 429  # a browser that nobody knows waits
        assert (await anna.sign_in("anna"))[0] == 200  # her own does not

    tell(tmp_path, story)


def test_a_stolen_browser_is_held_too_and_a_new_link_throws_it_out(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna = await desk.admin()
        thief = desk.visitor("203.0.113.9")
        thief.cookies = dict(anna.cookies)
        for _ in range(TRIES_OF_DEVICE.burst):
            assert (await thief.sign_in("anna", "guess guess guess", "123456"))[0] == 409
        assert (await thief.sign_in("anna", "guess guess guess", "123456"))[0] == 429
        assert (await thief.ask("GET", "/v1/admin/units"))[0] == 200  # the session itself was stolen
        again = desk.visitor("192.0.2.1")
        status, _ = await again.set_up(desk.sign_in.make_link("anna"), "another horse battery")
        assert status == 200
        assert (await thief.ask("GET", "/v1/admin/units"))[0] == 401
        thief.secret = anna.secret
        assert (await thief.sign_in("anna"))[0] in (409, 429)  # neither password nor phone counts any more
        assert (await again.sign_in("anna", "another horse battery"))[0] == 200

    tell(tmp_path, story)


def test_a_page_of_another_site_can_do_nothing_with_our_cookies(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna = await desk.admin()
        csrf, anna.csrf = anna.csrf, ""
        assert (await anna.ask("POST", "/v1/admin/acts", {}))[1]["error"] == "bad-csrf"
        anna.csrf = (await desk.admin("ben")).csrf
        assert (await anna.ask("POST", "/v1/admin/acts", {}))[1]["error"] == "bad-csrf"
        anna.csrf, anna.headers = csrf, {"Sec-Fetch-Site": "cross-site"}
        assert (await anna.ask("POST", "/v1/admin/acts", {}))[1]["error"] == "other-site"
        assert (await anna.ask("POST", "/v1/desk/sign-in", {}))[1]["error"] == "other-site"
        cookie = "; ".join(f"{name}={value}" for name, value in anna.cookies.items())
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            headers = {"Cookie": cookie, "X-Pitboard-CSRF": csrf, "Content-Type": kind}
            async with desk.session.post(desk.base + "/v1/admin/acts", data=b"{}", headers=headers) as answer:
                assert answer.status == 415
        assert desk.acted == []

    tell(tmp_path, story)


def test_a_session_that_was_planted_before_is_not_the_one_that_signs_in(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna = await desk.admin()
        await anna.ask("POST", "/v1/desk/sign-out", {})
        anna.cookies[COOKIE] = "planted"
        await anna.sign_in("anna")
        assert anna.cookies[COOKIE] != "planted"
        thief = desk.visitor()
        thief.cookies = {COOKIE: "planted"}
        assert (await thief.ask("GET", "/v1/admin/units"))[0] == 401

    tell(tmp_path, story)


def test_a_session_ends_when_nobody_uses_it_and_after_a_day_whatever_is_done(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        anna = await desk.admin()
        desk.clock.advance(ns=IDLE_MAX_NS - 1)
        assert (await anna.ask("GET", "/v1/admin/units"))[0] == 200
        desk.clock.advance(ns=IDLE_MAX_NS)
        assert (await anna.ask("GET", "/v1/admin/units"))[0] == 401
        await anna.sign_in("anna")
        for _ in range(LIFE_MAX_NS // (IDLE_MAX_NS // 2) - 1):
            desk.clock.advance(ns=IDLE_MAX_NS // 2)
            assert (await anna.ask("GET", "/v1/admin/units"))[0] == 200
        desk.clock.advance(ns=IDLE_MAX_NS // 2)
        assert (await anna.ask("GET", "/v1/admin/units"))[0] == 401

    tell(tmp_path, story)


def test_a_link_is_good_once_for_half_an_hour_and_only_the_newest_of_an_account(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        first = desk.sign_in.make_link("anna")
        second = desk.sign_in.make_link("anna")
        assert (await desk.visitor().set_up(first))[1]["error"] == "bad-link"
        assert (await desk.visitor().set_up(second, "too short"))[1]["error"] == "bad-password"
        assert (await desk.visitor().set_up(second))[0] == 200
        assert (await desk.visitor().set_up(second))[1]["error"] == "bad-link"
        third = desk.sign_in.make_link("anna")
        desk.clock.advance(ns=LINK_LIFE_NS)
        assert (await desk.visitor().set_up(third))[1]["error"] == "bad-link"
        for number in range(LINKS_MAX_COUNT):
            desk.sign_in.make_link(f"admin-{number}")
        with pytest.raises(Exception, match="wait half an hour"):
            desk.sign_in.make_link("one-more")

    tell(tmp_path, story)


def test_who_guesses_links_has_to_wait(tmp_path: Path) -> None:
    async def story(desk: DeskStage) -> None:
        guesser = desk.visitor("203.0.113.9")
        for _ in range(TRIES_OF_SOURCE.burst):
            assert (await guesser.set_up("guess"))[0] == 409
        assert (await guesser.set_up("guess"))[0] == 429
        assert (await desk.visitor("192.0.2.1").set_up(desk.sign_in.make_link("anna")))[0] == 200

    tell(tmp_path, story)


def test_accounts_and_known_browsers_outlive_a_restart_and_sessions_do_not(tmp_path: Path) -> None:
    kept = {}

    async def before(desk: DeskStage) -> None:
        anna = await desk.admin()
        kept.update(anna.cookies)
        kept["secret"] = anna.secret.hex()

    async def after(desk: DeskStage) -> None:
        anna = desk.visitor()
        anna.cookies = {name: kept[name] for name in (COOKIE, DEVICE_COOKIE)}
        anna.secret = bytes.fromhex(kept["secret"])
        assert (await anna.ask("GET", "/v1/admin/units"))[0] == 401
        assert (await anna.sign_in("anna"))[0] == 200

    tell(tmp_path, before)
    tell(tmp_path, after)


def test_a_password_costs_what_rfc_9106_asks_of_small_machines() -> None:
    assert (MEMORY_KIB, ITERATIONS, LANES) == (65_536, 3, 4)
    kept = hash_password(PASSWORD)
    assert kept.memory_kib == MEMORY_KIB
    assert kept.fits(PASSWORD)
    assert not kept.fits(PASSWORD + "x")
    assert hash_password(PASSWORD, memory_kib=8_192).salt != kept.salt
