"""All wording of the page and of its refusals: one JSON file a language, the same keys in each.

`en.json` is the one to translate from. A value in braces is filled in; whole numbers get the
separators of the language. The page fills sentences of all languages (`ui/wording.py`,
`ui/components/words.js`), so that one is chosen without the server; here they are filled for the
command line and the API, whose language is English.
"""

import json
import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "i18n"
LANGUAGES = ("en", "de", "es")


@cache
def messages(language: str = "en") -> dict[str, str]:
    """Every sentence of a language by its key."""
    return json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))


def translate(key: str, **values: object) -> str:
    """One sentence in English with its values filled in."""

    def value(place: re.Match) -> str:
        given = values.get(place[1], place[0])
        return f"{given:,}" if type(given) is int else str(given)

    return re.sub(r"{(\w+)}", value, messages()[key])
