"""Every code that the tree uses has a sentence in every language, and nothing else stands in a catalogue."""

from __future__ import annotations

import ast
import re
import string
from functools import cache
from importlib import resources
from pathlib import Path

import pytest

from pitboard import errors
from pitboard.errors import (
    LOSS_REASONS,
    PORT_REASONS,
    ActRefused,
    BeamLost,
    ConfigRefused,
    JournalLost,
    LossCode,
    PassphraseRefused,
    PeerLost,
    PitboardError,
    PortCode,
    PortTrouble,
    Refusal,
    TableRefused,
)
from pitboard.race.ranking.presets import PRESETS
from pitboard.race.ranking.score import RULES
from pitboard.sentences.language import LANGUAGES, Language, LanguageCode, Sentence, language, language_of
from pitboard.sentences.po_file import Entry, read_po
from pitboard.sentences.spoken_error import spoken
from sync.central.admin.said import Said, said_format
from tests.pitboard.sentences.pseudo_language import HEBREW

ROOT = Path(__file__).resolve().parents[3]
KEYS_OF_CONFIGS = ROOT / "venue" / "set_up" / "config_keys.py"
"""Its words, such as `sensor.edge`, look like codes."""
ROOMS = ("pitboard", "trackside", "display", "sync", "firmware_bridge", "venue")
PAGES = [
    *(ROOT / "sync" / "central" / "public" / one for one in ("page", "join")),
    ROOT / "sync" / "central" / "admin" / "desk" / "page",
]
RAISED = {"ActRefused", "CallRefused", "QueryRefused"}
SAID_OTHERWISE = {"config-refused", "contact-closed", "table-refused"}
SAID_BY_THE_JOIN_PAGE = {
    "join-closed",
    "list-full",
    "no-link",
    "refused-name",
    "waits-already",
    "wrong-code",
    "wrong-codes",
}
"""A racer's phone says them, by sentences of its own."""
CODE = re.compile(
    r"(touch|saved|unanswered|refused|light|sensor|display|page|desk|result|error|loss|command|file)(\.[a-z0-9-]+)+|saved|unanswered"
)
# Made of a prefix and a word that the code knows: `f"light.{name}"`.
NO_CODES = (".toml", ".key", ".db", ".png", ".sock", ".jsonl", ".log", ".host", ".themes", "-")
PREFIXES = (
    "touch.",
    "saved.lap-",
    "refused.",
    "light.",
    "sensor.",
    "display.phase.",
    "display.column.",
    "display.trouble.",
    "display.clock.",
    "loss.",
    "port.",
    "desk.word-",
    "desk.attention-",
    "desk.preset-",
    "desk.ranking-",
    "desk.refused-",
    "result.column.",
    "file.",
)


def entries(code: LanguageCode) -> list[Entry]:
    return read_po(resources.files("pitboard.sentences").joinpath(f"{code}.po").read_text(encoding="utf-8"))


@cache
def literals() -> set[str]:
    """Return the codes that stand in the tree; what ends in a dash is the beginning of one."""
    found: set[str] = set()
    for room in ROOMS:
        for path in set((ROOT / room).rglob("*.py")) - {KEYS_OF_CONFIGS}:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.add(node.value)
    for path in [one for page in PAGES for one in (*page.glob("*.js"), *page.glob("*.html"))]:
        found |= set(re.findall(r'"((?:page|desk|result)\.[a-z0-9.-]+)"', path.read_text(encoding="utf-8")))
    return {one for one in found if CODE.fullmatch(one) and not one.endswith(NO_CODES)}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_code_in_use_has_a_sentence(code: LanguageCode) -> None:
    known = {entry.code for entry in entries(code)}
    assert sorted(literals() - known - {"light.disk", "light.central", "light.sensor"}) == []


@cache
def refusals() -> frozenset[str]:
    """Return the codes of everything that is refused anywhere."""
    found = {one.code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Refusal)}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
                    codes = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
                    codes += node.args[:1] if node.func.id == "CallRefused" else []
                    found |= {str(one.value) for one in codes if isinstance(one, ast.Constant)}
    return frozenset(found)


def test_every_refusal_has_a_sentence_in_every_language() -> None:
    known = {entry.code for entry in entries("de")}
    assert len(refusals()) > 60
    assert [
        code
        for code in sorted(refusals() - SAID_OTHERWISE - SAID_BY_THE_JOIN_PAGE)
        if f"refused.{code}" not in known
    ] == []


def test_every_loss_of_a_node_has_the_sentence_that_it_speaks_in_english() -> None:
    for code, reason in LOSS_REASONS.items():
        assert language().say(f"loss.{code.value}") == reason
        assert language("de").say(f"loss.{code.value}") != reason


def test_every_trouble_of_a_port_has_the_sentence_that_it_speaks_in_english() -> None:
    assert set(PORT_REASONS) == set(PortCode)
    for code, reason in PORT_REASONS.items():
        assert language().texts("port.")[f"port.{code.value}"] == reason
        assert language("de").texts("port.")[f"port.{code.value}"] != reason


@pytest.mark.parametrize(
    ("error", "german"),
    [
        (ActRefused(code="no-change", reason="Nothing"), "Das ist schon so. Nichts wurde geändert."),
        (ActRefused(code="of-a-later-version", reason="Update first."), "Update first."),
        (
            PeerLost(peer="central", code=LossCode.NO_ANSWER),
            "central ist nicht zu erreichen: keine Antwort in der Zeit",
        ),
        (ConfigRefused(path="f.toml", reason="r"), "f.toml ist so nicht zu benutzen: r"),
        (TableRefused(Path("l.csv"), "r", 3), "l.csv, Zeile 3, ist nicht zu lesen: r"),
        (JournalLost(path="j.db", reason="r"), "Das Journal j.db ist nicht benutzbar: r"),
        (
            BeamLost(port="tty", trouble=PortTrouble(PortCode.HELD, {"holders": "getty (7)"})),
            "Sensoranschluss tty verloren: ein anderes Programm hat ihn geöffnet: getty (7)",
        ),
        (Refusal("f.pdf cannot be written"), "f.pdf cannot be written"),  # more use than "it was refused"
        (PassphraseRefused(), "Das ist nicht das Passwort des Kontaktschlüssels; nichts wurde geöffnet."),
    ],
)
def test_an_error_speaks_the_persons_language(error: PitboardError, german: str) -> None:
    assert spoken(error, language("de")) == german
    assert spoken(error, language()) == str(error)
    assert spoken(error, HEBREW)


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({}, "en"),
        ({"LANG": "de_AT.UTF-8"}, "de"),
        ({"LANG": "de_DE.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8", "LANGUAGE": "de:en"}, "de"),
        ({"LC_MESSAGES": "de", "LANG": "fr_FR"}, "de"),
        ({"LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANG": ""}, "en"),
    ],
)
def test_the_command_line_speaks_the_language_of_the_shell(environment: dict[str, str], code: str) -> None:
    assert language_of(environment).code == code


def test_a_known_format_and_a_rule_have_a_name_in_every_language() -> None:
    named = [said_format(one.rules.name) for one in PRESETS]
    assert [one.text(language()) for one in named if isinstance(one, Said)] == [
        one.rules.name for one in PRESETS
    ]
    for code in LANGUAGES:
        known = {entry.code for entry in entries(code)}
        assert {one.code for one in named if isinstance(one, Said)} <= known
        assert {f"desk.ranking-{name}" for name in RULES} <= known
    assert said_format("Ours") == "Ours"


def test_a_sentence_within_a_sentence_speaks_its_language_and_a_name_stays_as_it_is() -> None:
    run = Said("desk.what-run", {"number": 1, "name": "{run}"})
    what = ("5 s", Said("desk.past-penalty-laps", {"count": 2}))
    said = Said("desk.done-penalty", {"run": run, "what": what})
    assert said.text(language()) == "Run 1 of {run} has a penalty of 5 s, 2 laps."
    assert said.text(language("de")) == "Lauf 1 von {run} hat eine Strafe: 5 s, 2 Runden."


def test_every_language_has_the_same_codes_with_the_same_fields() -> None:
    english = {entry.code: entry for entry in entries("en")}
    for code in LANGUAGES:
        other = {entry.code: entry for entry in entries(code)}
        assert other.keys() == english.keys()
        for name, entry in other.items():
            assert all(text.strip() for text in entry.texts.values()), (code, name)
            assert bool(entry.plural) == bool(english[name].plural), (code, name)
            if name:
                allowed = set[str]().union(*(fields(text) for text in english[name].texts.values()))
                assert all(fields(text) <= allowed for text in entry.texts.values()), (code, name)


def test_no_sentence_stands_there_for_nothing() -> None:
    used = literals()
    spare = [
        entry.code
        for entry in entries("en")
        if entry.code
        and not {entry.code, entry.code.removesuffix("-do")} & used  # what to do stands beside what is so
        and not entry.code.startswith(PREFIXES)
    ]
    assert spare == []


def test_no_code_stands_twice() -> None:
    for code in LANGUAGES:
        codes = [entry.code for entry in entries(code)]
        assert len(codes) == len(set(codes))


def test_the_count_chooses_the_form() -> None:
    english, german = language("en"), language("de")
    assert english.say("touch.laps-count", count=1) == "1 lap counts"
    assert english.say("touch.laps-count", count=0) == "0 laps count"
    assert german.say("touch.laps-count", count=1) == "1 Runde zählt"
    assert german.say("touch.laps-count", count=2) == "2 Runden zählen"


def test_a_name_with_braces_is_a_name() -> None:
    assert (
        language().say("saved.register", name="{count} {0} {name.x}")
        == "Saved: {count} {0} {name.x} is registered"
    )


def test_what_is_missing_never_stops_a_screen() -> None:
    german = language("de")
    assert german.say("no.such-code", name="x") == "no.such-code"
    assert german.say("saved.register") == "Gesichert: … ist eingetragen"
    assert not german.knows("no.such-code")
    assert language().tell([Sentence("saved"), Sentence("light.ok")]) == "Saved OK"


def test_a_language_without_a_sentence_says_it_in_english() -> None:
    part = Language("xx", [entries("de")[0]], otherwise=language("en"))
    assert part.say("touch.start") == "START"


def test_right_to_left_is_known_of_the_language() -> None:
    assert HEBREW.is_right_to_left
    assert not language("de").is_right_to_left
    assert HEBREW.say("touch.laps-count", count=2).startswith("2 ")


@pytest.mark.parametrize(
    "text", ['msgstr "before any code"', 'msgid "a"\nmsgstr \'x', 'msgid "a"\nmsgfoo "b"', "msgid 5"]
)
def test_a_broken_catalogue_names_its_line(text: str) -> None:
    with pytest.raises(ValueError, match=r"line [12]"):
        read_po(text)


def test_the_plural_form_is_the_one_of_the_catalogues_own_header() -> None:
    rule = "nplurals=3; plural=(n%10==1 ? 0 : n%10>=2 && n%10<=4 ? 1 : 2);"
    head = f'msgid ""\nmsgstr ""\n"Plural-Forms: {rule}\\n"\n'
    forms = 'msgid "lap"\nmsgid_plural "laps"\n'
    forms += 'msgstr[0] "{count} A"\nmsgstr[1] "{count} \\"B\\""\nmsgstr[2] "C"\n'
    slavic, without = Language("xx", read_po(head + forms)), Language("yy", read_po(forms))
    assert [slavic.say("lap", count=n) for n in (1, 21, 3, 5)] == ["1 A", "21 A", '3 "B"', "C"]
    assert [without.say("lap", count=n) for n in (1, 21)] == ["1 A", '21 "B"']
