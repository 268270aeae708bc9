"""Who may sign in at the desk: one file beside the journal, mode 0600, that no record and no export holds.

The secret of the second factor lies in it as it is, since central must make the code itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from pitboard.errors import NOT_UNDERSTOOD, ConfigRefused
from pitboard.trust.identity import write_secret
from sync.central.admin.desk.password import PasswordHash

DEVICES_MAX_COUNT = 8
DeskRole = Literal["admin", "timekeeper"]
"""A timekeeper types runs and registers competitors, and nothing else."""
AccountName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}\Z")]


class Passkey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a key that somebody's device keeps.

    `sign_count` is its own count of signatures, 0 where it has none: one that goes back is of a copy.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,2048}\Z")]
    public_key: Annotated[str, Meta(pattern=r"^[0-9a-f]{1,4096}\Z")]
    sign_count: int
    label: Annotated[str, Meta(max_length=80)]
    made_utc_ms: int


class Account(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`last_step` is the half minute of the last code used; `devices` are digests of what browsers keep that
    signed in before, the newest last."""

    name: AccountName
    password: PasswordHash
    totp_secret: Annotated[str, Meta(pattern=r"^[0-9a-f]{40}\Z")]
    role: DeskRole = "admin"
    last_step: int = 0
    devices: tuple[str, ...] = ()
    passkeys: tuple[Passkey, ...] = ()


class Accounts:
    """The accounts by name; each change is on disk before it counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._accounts = {one.name: one for one in _load(path)}

    def __len__(self) -> int:
        return len(self._accounts)

    def get(self, name: str) -> Account | None:
        return self._accounts.get(name)

    def of_passkey(self, passkey_id: str) -> Account | None:
        """Return the account that has this passkey."""
        return next(
            (one for one in self._accounts.values() if any(key.id == passkey_id for key in one.passkeys)),
            None,
        )

    def keep(self, account: Account) -> None:
        """Return once the account is durable; raises OSError with nothing changed."""
        accounts = {**self._accounts, account.name: account}
        write_secret(self._path, msgspec.json.encode(list(accounts.values())) + b"\n")
        self._accounts = accounts


def _load(path: Path) -> list[Account]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[Account])
    except FileNotFoundError:
        return []
    except (OSError, *NOT_UNDERSTOOD) as error:
        raise ConfigRefused(path=path, reason=f"is not a readable file of accounts ({error})") from error


def accounts_beside(journal: Path) -> Path:
    return journal.with_suffix(".admins.json")
