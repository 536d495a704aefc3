"""Sentences as HTML in every language at once; the page's style shows the one that was chosen.

Data contract: a `Wording` makes a plain text for a language; `in_every_language` makes HTML of it,
`<span lang="en">…</span><span lang="de">…</span>…`, escaped. `components/findings.css` hides the
spans of other languages than that of the closest `.gradio-container[lang]`, which `map_link.js`
keeps in step with Gradio's choice. So HTML made in Python changes its language without a request.
"""

import html
import re
from collections.abc import Callable

from cxr_demo.i18n import LANGUAGES, messages

Wording = Callable[[str], str]
"""Language → text."""

_SEPARATORS = {"en": (",", "."), "de": (".", ","), "es": (".", ",")}
"""Between thousands, and before decimals; Spanish groups from five digits on."""


def sentence(key: str, **values: str | int | Wording) -> Wording:
    """A sentence of `i18n/*.json` with its values filled in; whole numbers are grouped."""

    def said(language: str) -> str:
        def value(place: re.Match) -> str:
            given = values.get(place[1], place[0])
            if callable(given):
                return given(language)
            return _grouped(f"{given:,}", language) if type(given) is int else str(given)

        return re.sub(r"{(\w+)}", value, messages(language)[key])

    return said


def number(value: float, decimals: int) -> Wording:
    """A number with so many decimals."""
    return lambda language: _grouped(f"{value:,.{decimals}f}", language)


def percent(share: float, decimals: int = 0) -> Wording:
    """A share in [0, 1] in per cent."""
    space = {"en": "", "de": "\N{NO-BREAK SPACE}", "es": "\N{NO-BREAK SPACE}"}
    return lambda language: number(100 * share, decimals)(language) + space[language] + "%"


def either(words: list[Wording]) -> Wording:
    """At least one word: "A", "A or B", "A, B or C"."""

    def said(language: str) -> str:
        *first, last = [word(language) for word in words]
        return f"{', '.join(first)} {messages(language)['or']} {last}" if first else last

    return said


def in_every_language(wording: Wording) -> str:
    """Escaped HTML of a text, in as many spans as it has forms."""
    texts = {language: html.escape(wording(language)) for language in LANGUAGES}
    if len(set(texts.values())) == 1:
        return texts[LANGUAGES[0]]
    return "".join(f'<span lang="{name}">{text}</span>' for name, text in texts.items())


def say(key: str, **values: str | int | Wording) -> str:
    """Escaped HTML of one sentence in every language."""
    return in_every_language(sentence(key, **values))


def _grouped(english: str, language: str) -> str:
    if language == "es" and len(english.partition(".")[0].lstrip("-")) == len("1,000"):
        english = english.replace(",", "")
    thousands, decimal = _SEPARATORS[language]
    return english.translate(str.maketrans({",": thousands, ".": decimal}))
