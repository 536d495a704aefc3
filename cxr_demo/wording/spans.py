"""Sentences as HTML in every language at once; the page's style shows the one that was chosen.

Data contract: `in_every_language` makes HTML of an `i18n.Wording`, `<span lang="en">…</span><span
lang="de">…</span>…`, escaped. `ui/components/findings.css` hides the spans of other languages than
that of the closest `.gradio-container[lang]`, which `ui/components/map_link.js` keeps in step with
Gradio's choice. So HTML made in Python changes its language without a request.
"""

import html

from cxr_demo.i18n import LANGUAGES, Wording, either, number, percent, sentence

__all__ = ["Wording", "either", "in_every_language", "number", "percent", "say", "sentence"]


def in_every_language(wording: Wording) -> str:
    """Escaped HTML of a text, in as many spans as it has forms."""
    texts = {language: html.escape(wording(language)) for language in LANGUAGES}
    if len(set(texts.values())) == 1:
        return texts[LANGUAGES[0]]
    return "".join(f'<span lang="{name}">{text}</span>' for name, text in texts.items())


def say(key: str, **values: str | int | Wording) -> str:
    """Escaped HTML of one sentence in every language."""
    return in_every_language(sentence(key, **values))
