"""`pitboard central … next-event`: end the event and begin the next one, with its units and its names.

A new root key is a new event. All of the new one is made in a folder of its own first; a cut in between is
taken up by typing the command again. The old event's files are moved aside, its root key too."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path

import click

from pitboard.clock import SystemClock
from pitboard.errors import ActRefused, JournalLost
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.kinds import DisplayEnrolled, UnitEnrolled
from pitboard.journal.replica import Replica
from pitboard.keeping.journal_copy import fold_file, is_held, open_copy
from pitboard.program.ownership import give_to_owner_of_folder
from pitboard.program.speech import how_many, say, shell_language
from pitboard.race.bodies.body import Body
from pitboard.race.bodies.event_bodies import ClassSet, FormatSet
from pitboard.race.bodies.people_bodies import CompetitorRegistered, OfficialAppointed
from pitboard.race.roll import Official
from pitboard.trust.identity import Identity, write_secret
from sync.central.admin.pin_keeper import appointment, verifier_of
from sync.central.commands.contact_commands import contact_key_path
from sync.central.config import CentralConfig
from sync.central.config_bodies import bodies_to_say
from sync.enrolling.hand_over import (
    HandOver,
    free_name,
    hand_overs_beside,
    load_hand_overs,
    past_folder,
    save_hand_overs,
    set_aside,
)

BATCH_COUNT = 200


@click.command("next-event")
@click.option("--without-names", is_flag=True, help="Do not take the competitors over.")
@click.pass_obj
def next_event_command(config: CentralConfig, without_names: bool) -> None:
    """End this event and begin the one that [event] name says; central is stopped.

    Enrolled units, displays, officials, classes, formats and competitors' names go on; runs and results stay
    with the old event. Then type `pitboard next-event` on each unit and display.
    """
    if config.journal is None:
        raise ActRefused(
            code="database",
            reason="This central keeps its journal in a database. Copy it to a file with 'migrate', name that"
            " file in a central.toml, begin the next event with it, and 'migrate' that to a new database.",
        )
    if not config.journal.exists() and not _Staging(config.journal).is_ready:
        raise JournalLost(path=config.journal, reason="there is no event that could end; start central")
    if is_held(config.journal):
        raise JournalLost(path=config.journal, reason="central runs; stop it first")
    staging = _Staging(config.journal)
    if staging.is_ready:
        say("command.event-resumed")
    else:
        _prepare(config, config.journal, staging, with_names=not without_names)
    past = staging.finish(config)
    say("command.event-kept", path=past)
    say("command.event-begins", event=config.event.name)
    other = shell_language().say("command.or-display")
    click.echo(f"  pitboard next-event --config /etc/pitboard/trackside.toml   {other}")


def carried(fold: Fold, *, root: Identity, next_root: Identity, with_names: bool) -> list[Body]:
    """Return what of the old event is said anew in the next one: who may write, the rules, and who is who."""
    bodies: list[Body] = [UnitEnrolled(key=key, name=name) for key, name in fold.roster.enrolled().items()]
    bodies += [DisplayEnrolled(key=key, name=name) for key, name in fold.roster.displays().items()]
    bodies += [FormatSet(name=name, format=rules) for name, rules in fold.race.programme.formats().items()]
    bodies += [
        ClassSet(
            race_class=one.race_class,
            name=one.name,
            format=one.format,
            is_outside_awards=one.is_outside_awards,
        )
        for one in fold.race.programme.classes()
    ]
    bodies += [
        _appointed_again(one, fold, root=root, next_root=next_root)
        for one in fold.race.roll.officials()
        if one.official_id not in fold.race.erased
    ]
    if with_names:
        bodies += [
            CompetitorRegistered(
                competitor_id=one.competitor_id,
                name=one.name,
                number=one.number,
                race_class=one.race_class,
                transponders=one.transponders,
                team=one.team,
                flag=one.flag,
            )
            for one in fold.race.roll.entered()
            if one.name and one.competitor_id not in fold.race.erased
        ]
    return bodies


def _appointed_again(official: Official, fold: Fold, *, root: Identity, next_root: Identity) -> Body:
    """Return the official with the same PIN; without one where the old event's key does not open it."""
    verifier = verifier_of(official, root)
    if verifier is None:
        return OfficialAppointed(official_id=official.official_id, name=official.name)
    units = fold.roster.enrolled()
    return appointment(official.official_id, official.name, verifier, root=next_root, units=units)


class _Staging:
    """The next event while it is made; it counts from when it is ready."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self.folder = journal.with_name(f"{journal.stem}-next-event")
        self.root_key = self.folder / "root.key"
        self.journal = self.folder / "central.db"
        self.hand_overs = self.folder / "handed-over.json"
        self._ready = self.folder / "ready"

    @property
    def is_ready(self) -> bool:
        return self._ready.exists()

    def begin(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)

    def say_ready(self, past: Path) -> None:
        write_secret(self._ready, str(past).encode())

    def finish(self, config: CentralConfig) -> Path:
        """Put everything in its place; each step may have been done before. Returns where the old one is."""
        past = Path(self._ready.read_text())
        past.mkdir(parents=True, exist_ok=True)
        if self.journal.exists():
            owner = config.root_key_file.stat()
            if config.root_key_file.read_bytes() != self.root_key.read_bytes():
                write_secret(free_name(past / config.root_key_file.name), config.root_key_file.read_bytes())
            set_aside(self._journal, past)
            contact_key = contact_key_path(config)
            if contact_key.exists():
                contact_key.rename(free_name(past / contact_key.name))
            write_secret(config.root_key_file, self.root_key.read_bytes())
            write_secret(hand_overs_beside(self._journal), self.hand_overs.read_bytes())
            if os.geteuid() == 0:
                os.chown(config.root_key_file, owner.st_uid, owner.st_gid)
            self.journal.rename(self._journal)  # last: from here on all is done
        give_to_owner_of_folder(past.parent, past, *past.iterdir())
        give_to_owner_of_folder(self._journal, hand_overs_beside(self._journal))
        shutil.rmtree(self.folder)
        return past


def _prepare(config: CentralConfig, journal: Path, staging: _Staging, *, with_names: bool) -> None:
    """Make key, journal and hand-over of the next event, in the staging folder."""
    old_root = Identity.load_or_create(config.root_key_file)
    fold = fold_file(journal)
    old = fold.race.event.value
    old_name = "" if old is None else old.name
    if fold.root_key != old_root.key:
        raise JournalLost(
            path=journal, reason=f"it is not of the event whose root key is {config.root_key_file}"
        )
    if old_name == config.event.name:
        raise ActRefused(
            code="same-name",
            reason=f"[event] name in central.toml says {old_name} still; write the next event's name there.",
        )
    with open_copy(journal) as database:
        heads = dict(database.execute("SELECT stream, max(seq) FROM records GROUP BY stream").fetchall())
    staging.begin()
    root = Identity.load_or_create(staging.root_key)
    hand_over = HandOver.make(old_root, next_event=config.event.name, next_key=root.key, heads=heads)
    save_hand_overs(staging.hand_overs, [*load_hand_overs(hand_overs_beside(journal)), hand_over])
    bodies = carried(fold, root=old_root, next_root=root, with_names=with_names)
    asyncio.run(_write(config, staging, root, bodies))
    staging.say_ready(past_folder(journal, old_name, old_root.key))
    units = sum(isinstance(body, UnitEnrolled) for body in bodies)
    displays = sum(isinstance(body, DisplayEnrolled) for body in bodies)
    people = sum(isinstance(body, CompetitorRegistered) for body in bodies)
    say(
        "command.taken-over",
        units=how_many("command.count-units", units),
        displays=how_many("command.count-displays", displays),
        competitors=how_many("command.count-competitors", people),
    )


async def _write(config: CentralConfig, staging: _Staging, root: Identity, bodies: list[Body]) -> None:
    async with Replica.open(staging.journal, root_key=root.key, clock=SystemClock()) as replica:
        writing = await replica.open_stream(root, config.name)
        for start in range(0, len(bodies), BATCH_COUNT):
            await writing.append(*bodies[start : start + BATCH_COUNT])
        await writing.append(*bodies_to_say(replica.fold, config))
