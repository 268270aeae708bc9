"""Passkeys: a key that a phone, a computer or a stick keeps signs in, in place of password and code.

The device asks its owner for a finger, a face or a PIN each time, and the key never leaves it: so one passkey
is both factors. A challenge is told by a seal and not kept, so whoever asks for many pushes nobody's out; it
is good for two minutes and one sign-in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Callable
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from pitboard.clock import Clock
from pitboard.errors import NOT_UNDERSTOOD, ActRefused
from pitboard.race.names import clean_name
from sync.central.admin.desk.accounts import Account, Accounts, Passkey

PASSKEYS_MAX_COUNT = 8
CHALLENGE_LIFE_NS = 120 * 1_000_000_000
NAME = "Pitboard desk"
_NONCE_BYTES, _TIME_BYTES = 16, 8
_ENTER = "enter"

Base64 = Annotated[str, Meta(max_length=4_096, pattern=r"^[A-Za-z0-9_-]*\Z")]


class AssertionAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    client_data_json: Base64 = msgspec.field(name="clientDataJSON")
    authenticator_data: Base64
    signature: Base64
    user_handle: Base64 | None = None


class Assertion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a browser says to sign in, as the Web Authentication standard has it."""

    id: Base64
    raw_id: Base64
    type: Literal["public-key"]
    response: AssertionAnswer


class AttestationAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    client_data_json: Base64 = msgspec.field(name="clientDataJSON")
    attestation_object: Annotated[str, Meta(max_length=65_536, pattern=r"^[A-Za-z0-9_-]*\Z")]


class Attestation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a browser says of a key that it made."""

    id: Base64
    raw_id: Base64
    type: Literal["public-key"]
    response: AttestationAnswer


class Passkeys:
    """The passkeys of the accounts at one desk; `origin` is how a browser reaches it."""

    def __init__(self, accounts: Accounts, clock: Clock, *, origin: str) -> None:
        self._accounts = accounts
        self._clock = clock
        self._origin = origin
        self._host = _host_of(origin)
        self._seal_key = secrets.token_bytes(32)
        self._used: dict[bytes, int] = {}  # nonces of sign-ins, and until when they could be shown again

    # A new one

    def ask_new(self, account: Account) -> bytes:
        """Return what the browser needs to make a passkey for this account, as JSON."""
        self._check_room(account)
        webauthn, structs = _library()
        wanted = structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
        options = webauthn.generate_registration_options(
            rp_id=self._named_host(),
            rp_name=NAME,
            user_name=account.name,
            user_id=_handle_of(account.name),
            challenge=self._challenge(account.name),
            authenticator_selection=wanted,
            exclude_credentials=[
                structs.PublicKeyCredentialDescriptor(id=_bytes_of(one.id)) for one in account.passkeys
            ],
        )
        return str(webauthn.options_to_json(options)).encode()

    def keep_new(self, account: Account, label: str, said: Attestation) -> None:
        """Keep the passkey that a browser made for the account; raises ActRefused."""
        label = clean_name(label)
        if not label:
            raise ActRefused(code="bad-name", reason="Give a name with a letter or digit.")
        self._check_room(account)
        webauthn, _ = _library()
        verified = _checked(
            lambda: webauthn.verify_registration_response(
                credential=msgspec.to_builtins(said),
                expected_challenge=self._own_challenge(said.response.client_data_json, account.name),
                expected_rp_id=self._named_host(),
                expected_origin=self._origin,
                require_user_verification=True,
            )
        )
        passkey = Passkey(
            id=_text_of(verified.credential_id),
            public_key=verified.credential_public_key.hex(),
            sign_count=verified.sign_count,
            label=label,
            made_utc_ms=self._clock.utc_ms(),
        )
        if self._accounts.of_passkey(passkey.id) is not None:
            raise ActRefused(code="known-passkey", reason="This passkey is kept already.")
        kept = (*account.passkeys, passkey)
        self._accounts.keep(msgspec.structs.replace(account, passkeys=kept))

    def remove(self, account: Account, passkey_id: str) -> None:
        left = tuple(one for one in account.passkeys if one.id != passkey_id)
        if len(left) == len(account.passkeys):
            raise ActRefused(code="unknown-passkey", reason="This passkey is gone already.")
        self._accounts.keep(msgspec.structs.replace(account, passkeys=left))

    # Signing in

    def ask(self) -> bytes:
        """Return what a browser needs to sign in by any passkey of this desk, as JSON."""
        webauthn, structs = _library()
        options = webauthn.generate_authentication_options(
            rp_id=self._named_host(),
            challenge=self._challenge(_ENTER),
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
        return str(webauthn.options_to_json(options)).encode()

    def account_of(self, said: Assertion) -> Account:
        """Return whose passkey signed this challenge, with its count as it is now; raises ActRefused."""
        webauthn, _ = _library()
        account = self._accounts.of_passkey(said.id)
        if account is None:
            raise ActRefused(
                code="unknown-passkey",
                reason="This passkey is not kept here (any more). Sign in with password and code.",
            )
        passkey = next(one for one in account.passkeys if one.id == said.id)
        challenge = self._own_challenge(said.response.client_data_json, _ENTER)
        verified = _checked(
            lambda: webauthn.verify_authentication_response(
                credential=msgspec.to_builtins(said),
                expected_challenge=challenge,
                expected_rp_id=self._named_host(),
                expected_origin=self._origin,
                credential_public_key=bytes.fromhex(passkey.public_key),
                credential_current_sign_count=passkey.sign_count,
                require_user_verification=True,
            )
        )
        if said.response.user_handle and _bytes_of(said.response.user_handle) != _handle_of(account.name):
            raise _wrong()
        self._use_up(challenge)
        counted = msgspec.structs.replace(passkey, sign_count=verified.new_sign_count)
        passkeys = tuple(counted if one.id == passkey.id else one for one in account.passkeys)
        return msgspec.structs.replace(account, passkeys=passkeys)

    # Challenges

    def _challenge(self, purpose: str) -> bytes:
        ends = self._clock.mono_ns() + CHALLENGE_LIFE_NS
        told = secrets.token_bytes(_NONCE_BYTES) + ends.to_bytes(_TIME_BYTES, "big")
        return told + self._seal(told, purpose)

    def _own_challenge(self, client_data_json: str, purpose: str) -> bytes:
        """Return the challenge that the browser signed; raises ActRefused unless it is ours and good."""
        try:
            challenge = _bytes_of(msgspec.json.decode(_bytes_of(client_data_json))["challenge"])
        except (ValueError, KeyError, TypeError, AttributeError, *NOT_UNDERSTOOD) as error:
            raise _wrong() from error
        told, seal = challenge[: _NONCE_BYTES + _TIME_BYTES], challenge[_NONCE_BYTES + _TIME_BYTES :]
        if not hmac.compare_digest(seal, self._seal(told, purpose)):
            raise _wrong()
        ends = int.from_bytes(told[_NONCE_BYTES:], "big")
        if self._clock.mono_ns() >= ends or told[:_NONCE_BYTES] in self._used:
            raise ActRefused(code="late-passkey", reason="That took too long, or was sent twice. Try again.")
        return challenge

    def _use_up(self, challenge: bytes) -> None:
        now = self._clock.mono_ns()
        self._used = {nonce: ends for nonce, ends in self._used.items() if ends > now}
        self._used[challenge[:_NONCE_BYTES]] = now + CHALLENGE_LIFE_NS

    def _seal(self, told: bytes, purpose: str) -> bytes:
        return hmac.digest(self._seal_key, told + purpose.encode(), "sha256")

    def _named_host(self) -> str:
        if self._host is None:
            raise ActRefused(
                code="no-passkeys",
                reason="Passkeys need a desk with a name: say 'address' under [admin] in central.toml.",
            )
        return self._host

    def _check_room(self, account: Account) -> None:
        if len(account.passkeys) >= PASSKEYS_MAX_COUNT:
            raise ActRefused(
                code="too-many-passkeys",
                reason=f"An account has at most {PASSKEYS_MAX_COUNT} passkeys; remove one first.",
            )


def _host_of(origin: str) -> str | None:
    """Return the host's name, None for an address of numbers: browsers bind passkeys to names only."""
    host = urlsplit(origin).hostname
    try:
        ipaddress.ip_address(host or "")
    except ValueError:
        return host
    return None


def _handle_of(account: str) -> bytes:
    return hashlib.sha256(b"pitboard passkey of " + account.encode()).digest()


def _checked(verify: Callable[[], Any]) -> Any:
    """Return what the library verified; raises ActRefused whatever it found wrong."""
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        return verify()
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise _wrong() from error


def _wrong() -> ActRefused:
    return ActRefused(
        code="wrong-passkey", reason="This passkey did not fit. Try again, or sign in with password and code."
    )


def _library() -> tuple[Any, Any]:
    """Return the library and its values, read in when first needed: it takes 12 MiB."""
    try:
        import webauthn
        from webauthn.helpers import structs
    except ModuleNotFoundError as error:
        raise ActRefused(
            code="no-passkeys", reason="Passkeys need the package webauthn; install the extra 'central'."
        ) from error
    return webauthn, structs


def _bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _text_of(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
