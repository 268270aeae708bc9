"""Pages as they are read from right to left, and what stands on the wrong side there."""

from __future__ import annotations

import json

from playwright.sync_api import BrowserContext, Page

from pitboard.sentences.language import language
from sync.central.public.page_words import OF_DESK, OF_PHONES
from tests.pitboard.sentences.pseudo_language import HEBREW

_SIGNS_SEEN = r"""() => {
  const seen = [];
  const sideOf = (text, at) => {
    const range = document.createRange();
    range.setStart(text, at);
    range.setEnd(text, at + 1);
    return range.getBoundingClientRect();
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    for (const found of text.data.matchAll(/[+−≈±]\d|\d (?=µs|ms|°C)/g)) {
      const [first, last] = [sideOf(text, found.index), sideOf(text, found.index + found[0].length - 1)];
      if (first.width) seen.push([text.data, first.left < last.left]);
    }
  }
  return seen;
}"""


def speak_hebrew(context: BrowserContext) -> None:
    """Give every page of the context our sentences in Hebrew letters; its locale must be he-IL."""
    prefixes = {*OF_PHONES, *OF_DESK}
    texts = {
        one.code: {code: text for prefix in prefixes for code, text in one.texts(prefix).items()}
        for one in (language(), HEBREW)
    }
    body = f"export const WORDS = {json.dumps(texts)};"
    context.route("**/words.js", lambda route: route.fulfill(body=body, content_type="text/javascript"))


def signs_seen(page: Page) -> dict[str, bool]:
    """Return {text: whether its signs stand left of their figures}, of all that is visible."""
    seen: list[tuple[str, bool]] = page.evaluate(_SIGNS_SEEN)
    wrong = {text for text, is_left in seen if not is_left}
    return {text.strip("\u2066\u2069"): text not in wrong for text, _ in seen}
