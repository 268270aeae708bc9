"""What a command says to the person at the terminal, in the language of the shell."""

from __future__ import annotations

import os

import click

from pitboard.sentences.language import LANGUAGES, Language, LanguageCode, language_of


def shell_language() -> Language:
    """Return the language that this process's shell asks for."""
    return language_of(os.environ)


def shell_code() -> LanguageCode:
    """Return the same as a code."""
    asked = shell_language().code
    return next(code for code in LANGUAGES if code == asked)


def say(code: str, /, *, err: bool = False, **fields: object) -> None:
    """Print the sentence of a code."""
    click.echo(shell_language().say(code, **fields), err=err)


def is_agreed(code: str, /, *, default: bool = False, **fields: object) -> bool:
    """Ask a yes-or-no question on standard error; Ctrl-C raises click.Abort."""
    return click.confirm(shell_language().say(code, **fields), default=default, err=True)


def how_many(code: str, count: int) -> str:
    """Return a count with its noun, such as "3 records"; the code has plural forms."""
    return shell_language().say(code, count=count)
