"""Each script that the desk's pages import is served at the desk too, those of the phones' page included."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from pitboard.sentences.po_file import read_po
from sync.central.admin.desk.desk_door import _load


def test_whatever_a_script_of_the_desk_imports_is_served() -> None:
    served = _load()
    scripts = {name: answer.body.decode() for name, answer in served.items() if name.endswith(".js")}
    wanted = {found for text in scripts.values() for found in re.findall(r'from "\./([^"]+)"', text)}
    assert {"api.js", "say.js", "words.js"} <= wanted
    assert wanted - served.keys() == set()


def test_a_page_fills_in_every_field_that_a_sentence_names() -> None:
    """`{since1}` and `{why:port}` stood on the German desk as they are: the page knew letters alone."""
    served = {name: answer.body.decode() for name, answer in _load().items()}
    found = re.search(r"text\.replace\(/(.+?)/g", served["say.js"])
    assert found is not None
    named = set(re.findall(r"\{[^{}]*\}", served["words.js"].partition("WORDS = ")[2].replace('":{"', "")))
    fields = {one for one in named if '"' not in one}
    assert {"{since1}", "{why:port}", "{name}"} <= fields
    assert [one for one in sorted(fields) if not re.fullmatch(found[1], one)] == []


@pytest.mark.parametrize(("language", "what"), [("en", "restart"), ("de", "neu starten")])
def test_where_an_admin_erases_a_name_he_reads_that_running_programs_keep_it(
    language: str, what: str
) -> None:
    """It was said in docs/admin.md alone."""
    asked = _load()["person.js"].body.decode().partition("function askErase(")[2].partition("\n}\n")[0]
    codes = re.findall(r'note: say\("([^"]+)"\)', asked)
    catalogue = resources.files("pitboard.sentences").joinpath(f"{language}.po").read_text(encoding="utf-8")
    said = {entry.code: entry.texts[0] for entry in read_po(catalogue)}
    assert what in said[codes[0]]
    assert what in said["command.erase-memory"]
