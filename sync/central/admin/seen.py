"""What a form was read from: whoever saves is told where somebody else changed the same thing meanwhile.

A form sends the values that it showed as `seen`, field by field, and nothing is compared where it sends none.
To save over what somebody else said is to send it once more, with what was told as `now` in `seen`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from pitboard.errors import ChangedField, ChangedMeanwhile
from pitboard.journal.folding.fold import Fold
from pitboard.journal.records.record import stamp_utc_ms
from pitboard.race.bodies.body import ActWithdrawn, Body
from pitboard.race.words.word import Statement, Subject
from sync.central.admin.act_history import who_said

Seen = Annotated[dict[str, Any], Meta(max_length=64)] | None
Values = Mapping[str, object]
THE_EVENT: Subject = ("event",)
IsAbout = Callable[[Body, str], bool]
"""Whether a body says something of a field."""


def any_field(body: Body, field: str) -> bool:
    return True


class SeenCheck:
    """Weighs what forms were read from against one fold."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold

    def check(
        self,
        seen: Seen,
        now: Values,
        subject: Subject,
        *,
        wanted: Values | None = None,
        is_about: IsAbout = any_field,
    ) -> None:
        """Raise ChangedMeanwhile where a field of `seen` is another one now, unless all is as wanted anyhow.

        A field that is not there at all is None.
        """
        plain, wish = as_json(now), as_json(wanted or {})
        if wish and all(field in plain and plain[field] == value for field, value in wish.items()):
            return
        changed = [
            self._changed(field, value, plain.get(field), subject, is_about)
            for field, value in (seen or {}).items()
            if value != plain.get(field)
        ]
        if changed:
            raise ChangedMeanwhile(changed)

    def _changed(
        self, field: str, seen: object, now: object, subject: Subject, is_about: IsAbout
    ) -> ChangedField:
        last = self._last_about(subject, field, is_about)
        return ChangedField(
            field=field,
            seen=seen,
            now=now,
            who="" if last is None else who_said(self._fold, last.unit, last.body),
            utc_ms=0 if last is None else stamp_utc_ms(last.word.stamp),
        )

    def _last_about(self, subject: Subject, field: str, is_about: IsAbout) -> Statement | None:
        """Return what was said last of the field, or what took it back."""
        statements = self._fold.race.statements
        if subject == THE_EVENT:
            last = self._fold.race.event.said
            return None if last is None else Statement(last.word, self._fold.root_key, last.value)
        said = [one for one in statements.all_about(subject) if is_about(one.body, field)]
        records = {one.record for one in said}
        said += [
            one
            for one in statements.all_about(("withdrawal",))
            if isinstance(one.body, ActWithdrawn) and (one.body.stream, one.body.seq) in records
        ]
        return max(said, key=lambda one: one.word.moment, default=None)


def as_json(values: Values) -> dict[str, Any]:
    """Return the values as they come back from JSON."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(values))
    return plain
