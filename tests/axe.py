"""What axe finds wrong with a page for those who hear it, or steer it by keyboard."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

from playwright.sync_api import Page

_RUN = """() => axe.run().then((found) => found.violations.map((one) => [
    one.id, one.help, one.nodes.slice(0, 5).map((node) => node.html.slice(0, 200))]))"""


@cache
def _source() -> str:
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[Any]:
    """Return each rule that the page breaks, with the first places."""
    page.evaluate(_source())
    found: list[Any] = page.evaluate(_RUN)
    return found
