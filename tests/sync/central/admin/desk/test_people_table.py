"""Tables of competitors: what is taken, what is left alone, what is refused, and that twice is once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pitboard.errors import ActRefused
from sync.central.admin.desk.people_table import ROWS_MAX_COUNT, TableRow, read_people, registrations
from tests.sync.central.admin.test_admin_acts import desk_at


def outcomes(rows: list[TableRow]) -> list[tuple[int, str, str]]:
    return [(row.line, row.outcome, row.name) for row in rows]


def test_a_table_is_looked_at_taken_and_known_the_second_time(tmp_path: Path) -> None:
    lines = ("\ufeffName;Number;Class;Transponder", "Carla Öz;7;Pro;1234 AB9", "", "ANNA BERG;;;")
    table = "\n".join((*lines, "carla oz;7;Pro;", ";8;;", ""))

    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            rows = read_people(table, desk.replica.fold)
            assert outcomes(rows) == [
                (2, "new", "Carla Öz"),
                (4, "known", "ANNA BERG"),
                (5, "known", "carla oz"),
                (6, "refused", ""),
            ]
            bodies = registrations(rows, "entries of the day")
            assert [(one.name, one.number, one.race_class, one.transponders) for one in bodies] == [
                ("Carla Öz", "7", "Pro", (1234, "AB9"))
            ]
            await desk.replica.append(*bodies)
            assert registrations(read_people(table, desk.replica.fold), "again") == []

    asyncio.run(story())


def test_what_is_no_table_of_people_is_refused_in_a_sentence(tmp_path: Path) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            rows = "".join(f"Driver {number}\n" for number in range(ROWS_MAX_COUNT))
            assert len(read_people("name\n" + rows, desk.replica.fold)) == ROWS_MAX_COUNT
            for table, code in (
                ("", "bad-table"),
                ("number,class\n7,Pro\n", "bad-table"),
                ('name\n"open', "bad-table"),
                ("name\n" + rows + "One More\n", "too-many-rows"),
            ):
                with pytest.raises(ActRefused) as refused:
                    read_people(table, desk.replica.fold)
                assert refused.value.code == code

    asyncio.run(story())


@pytest.mark.parametrize(
    ("cells", "taken"),
    [
        (f"{'W' * 80},", True),
        (f"{'W' * 81},", False),
        (f"Zoe,{' '.join('12345678')}", True),
        (f"Zoe,{' '.join('123456789')}", False),
    ],
)
def test_the_bounds_of_a_row(tmp_path: Path, cells: str, taken: bool) -> None:
    async def story() -> None:
        async with desk_at(tmp_path) as desk:
            [row] = read_people(f"name,transponder\n{cells}\n", desk.replica.fold)
            assert (row.outcome == "new") is taken
            assert bool(row.trouble) is not taken

    asyncio.run(story())
