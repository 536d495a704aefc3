"""All wording of the page and of its refusals: one JSON file a language, the same keys in each.

`en.json` is the one to translate from. A value in braces is filled in; numbers are written as the
language does. Here sentences are filled in one language: for the command line and the API, whose
language is English, and for the page (`wording/spans.py`; in the browser `ui/components/words.js`).

Data contract: a `Wording` makes a plain text for a language.
"""

import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "i18n"
LANGUAGES = ("en", "de", "es")
SEPARATORS = {"en": (",", "."), "de": (".", ","), "es": (".", ",")}
"""Between thousands, and before decimals; Spanish groups from five digits on."""

Wording = Callable[[str], str]
"""Language → text."""


@cache
def messages(language: str = "en") -> dict[str, str]:
    """Every sentence of a language by its key."""
    return json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))


def translate(key: str, **values: object) -> str:
    """One sentence in English with its values filled in."""
    return sentence(key, **values)("en")


def sentence(key: str, **values: object) -> Wording:
    """A sentence with its values filled in; whole numbers are grouped, a value may be a Wording."""

    def said(language: str) -> str:
        def value(place: re.Match) -> str:
            given = values.get(place[1], place[0])
            if callable(given):
                return given(language)
            return number(given, 0)(language) if type(given) is int else str(given)

        return re.sub(r"{(\w+)}", value, messages(language)[key])

    return said


def number(value: float, decimals: int) -> Wording:
    """A number with so many decimals."""
    english = f"{value:,.{decimals}f}"

    def said(language: str) -> str:
        short = len(english.partition(".")[0].lstrip("-")) == len("1,000")
        thousands, decimal = SEPARATORS[language]
        thousands = "" if short and language == "es" else thousands
        return english.translate(str.maketrans({",": thousands, ".": decimal}))

    return said


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
