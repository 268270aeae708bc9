"""The tables and roles of central's database, as numbered steps that are each carried out once.

Who owns the database prepares it. The three roles may then do what their doors need, and PostgreSQL refuses
the rest: public reads records; ingest adds records and sealed contacts, and cannot read a contact back; admin
reads contacts and empties the bodies of erased records."""

from __future__ import annotations

from typing import Any, Literal

from pitboard.errors import ConfigRefused
from sync.central.database.postgres_link import LOST, SCHEMA, connect, plain, shown

Role = Literal["public", "ingest", "admin"]
ROLE_NAMES: dict[Role, str] = {
    "public": "pitboard-public",
    "ingest": "pitboard-ingest",
    "admin": "pitboard-admin",
}
"""Named like the system users of the three processes, so that PostgreSQL's peer authentication knows them."""

_PREPARING_LOCK = 7_482_201
PREPARE_MAX_S = 600.0

_ROLES = "".join(
    f"""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') THEN CREATE ROLE "{name}" LOGIN; END IF;
END $$;
"""
    for name in ROLE_NAMES.values()
)
_FIRST = f"""
CREATE TABLE meta (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE records (
    arrival bigint PRIMARY KEY,
    stream text NOT NULL,
    seq bigint NOT NULL,
    header bytea NOT NULL,
    signature bytea NOT NULL,
    body bytea,
    UNIQUE (stream, seq)
);
CREATE TABLE quarantine (
    stream text NOT NULL,
    seq bigint NOT NULL,
    header bytea NOT NULL,
    signature bytea NOT NULL,
    body bytea,
    reason text NOT NULL,
    UNIQUE (stream, seq, header)
);
CREATE TABLE contacts (
    arrival bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    contact text NOT NULL UNIQUE,
    competitor text NOT NULL,
    unit text NOT NULL,
    received_utc_ms bigint NOT NULL,
    envelope bytea NOT NULL
);
CREATE INDEX contacts_of_unit ON contacts (unit);
CREATE TABLE reads (
    read bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    utc_ms bigint NOT NULL,
    reader text NOT NULL,
    act text NOT NULL,
    reason text NOT NULL,
    competitors text NOT NULL
);
CREATE FUNCTION only_empty_bodies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a record is never changed; its body can only be emptied';
END $$;
CREATE TRIGGER only_empty_bodies BEFORE UPDATE ON records FOR EACH ROW
    WHEN (NEW.body IS NOT NULL) EXECUTE FUNCTION only_empty_bodies();

REVOKE ALL ON ALL TABLES IN SCHEMA {SCHEMA} FROM PUBLIC;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA {SCHEMA} TO "pitboard-public", "pitboard-ingest", "pitboard-admin";
GRANT SELECT ON meta, records TO "pitboard-public", "pitboard-ingest", "pitboard-admin";
GRANT INSERT ON records TO "pitboard-ingest", "pitboard-admin";
GRANT SELECT, INSERT ON quarantine TO "pitboard-ingest", "pitboard-admin";
GRANT INSERT, SELECT (unit) ON contacts TO "pitboard-ingest";
GRANT INSERT ON meta TO "pitboard-admin";
GRANT UPDATE (body) ON records TO "pitboard-admin";
GRANT SELECT, INSERT, DELETE ON contacts TO "pitboard-admin";
GRANT SELECT, INSERT ON reads TO "pitboard-admin";
"""

# Of a stolen key another history may be here than the one that central saw. Who may add records may put it
# aside, and no more than aside: only the owner of the database can make it vanish.
_SECOND = f"""
CREATE FUNCTION put_aside_beyond(wanted text, after bigint) RETURNS void LANGUAGE sql
SECURITY DEFINER SET search_path = {SCHEMA}, pg_temp AS $$
    INSERT INTO quarantine SELECT stream, seq, header, signature, body, 'replaced' FROM records
        WHERE stream = wanted AND seq > after ON CONFLICT DO NOTHING;
    DELETE FROM records WHERE stream = wanted AND seq > after;
$$;
REVOKE ALL ON FUNCTION put_aside_beyond FROM PUBLIC;
GRANT EXECUTE ON FUNCTION put_aside_beyond TO "pitboard-ingest", "pitboard-admin";
"""  # noqa: S608 - the schema's name is ours

# An advisory lock is taken by anybody who can connect: the public role could hold up all who write, for ever.
# A table is locked only by who has a right to it. The trigger keeps in turn who writes without asking for it.
_THIRD = f"""
CREATE TABLE turn ();
REVOKE ALL ON turn FROM PUBLIC;
CREATE FUNCTION take_turn() RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {SCHEMA}, pg_temp AS $$ BEGIN LOCK TABLE turn IN EXCLUSIVE MODE; END $$;
CREATE FUNCTION write_in_turn() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = {SCHEMA}, pg_temp AS $$
BEGIN LOCK TABLE turn IN EXCLUSIVE MODE; RETURN NULL; END $$;
CREATE TRIGGER write_in_turn BEFORE INSERT ON records FOR EACH STATEMENT EXECUTE FUNCTION write_in_turn();
REVOKE ALL ON FUNCTION take_turn, write_in_turn FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_turn TO "pitboard-ingest", "pitboard-admin";
"""

MIGRATIONS: tuple[str, ...] = (_FIRST, _SECOND, _THIRD)
"""Step n brings a database of version n to version n + 1. Never change one that was released: add another."""
SCHEMA_VERSION = len(MIGRATIONS)


async def prepare_database(url: str) -> tuple[int, int]:
    """Make the roles and bring the tables up to date; return the version before and after.

    Each step is one transaction, and two who prepare at once go one after the other. Raises ConfigRefused
    where the URL's user may not, or the tables are of a newer Pitboard.
    """
    try:
        connection = await connect(url, command_max_s=PREPARE_MAX_S)
        try:
            return await _prepare(connection, url)
        finally:
            await connection.close()
    except LOST as error:
        raise ConfigRefused(path=shown(url), reason=f"cannot be prepared: {plain(error)}") from error


async def _prepare(connection: Any, url: str) -> tuple[int, int]:
    await connection.execute(f"SELECT pg_advisory_lock({_PREPARING_LOCK})")
    await connection.execute(_ROLES)
    await connection.execute(
        f"CREATE SCHEMA IF NOT EXISTS {SCHEMA};"
        " CREATE TABLE IF NOT EXISTS versions (version integer PRIMARY KEY, at timestamptz DEFAULT now());"
        ' GRANT SELECT ON versions TO "pitboard-public", "pitboard-ingest", "pitboard-admin"'
    )
    before = int(await connection.fetchval("SELECT coalesce(max(version), 0) FROM versions"))
    if before > SCHEMA_VERSION:
        raise ConfigRefused(path=shown(url), reason="was prepared by a newer Pitboard; upgrade this one")
    for version in range(before, SCHEMA_VERSION):
        async with connection.transaction():
            await connection.execute(MIGRATIONS[version])
            await connection.execute("INSERT INTO versions (version) VALUES ($1)", version + 1)
    return before, SCHEMA_VERSION
