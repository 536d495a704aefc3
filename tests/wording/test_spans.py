"""Sentences in every language at once."""

import pytest

from cxr_demo.i18n import messages
from cxr_demo.wording.spans import either, in_every_language, number, percent, say, sentence


@pytest.mark.parametrize(
    ("wording", "english", "german", "spanish"),
    [
        (number(0.9412, 3), "0.941", "0,941", "0,941"),
        (number(-1234.5, 1), "-1,234.5", "-1.234,5", "-1234,5"),
        (number(12345.5, 1), "12,345.5", "12.345,5", "12.345,5"),
        (percent(0.9876, 1), "98.8%", "98,8\N{NO-BREAK SPACE}%", "98,8\N{NO-BREAK SPACE}%"),
        (
            sentence("map.selected", count=5232),
            "5,232 ref",
            "Referenzbilder im Lasso: 5.232",
            "5232",
        ),
    ],
)
def test_numbers_are_written_as_each_language_does(wording, english, german, spanish):
    assert wording("en").startswith(english)
    assert wording("de").startswith(german)
    assert wording("es").startswith(spanish)


def test_a_value_may_be_a_wording_itself():
    said = sentence("card.rank", rank=2, **{"class": sentence("class.bacterial")})
    assert said("de") == f"2. {messages('de')['class.bacterial']}"


def test_alternatives():
    one, two, three = (sentence(f"class.{name}") for name in ("normal", "bacterial", "viral"))
    assert either([one])("en") == "Normal"
    assert either([one, two])("de") == "Normal oder Bakteriell"
    assert either([one, two, three])("en") == "Normal, Bacterial or Viral"


def test_html_has_a_span_for_each_language_and_is_escaped():
    assert in_every_language(lambda language: f"<{language}>") == (
        '<span lang="en">&lt;en&gt;</span><span lang="de">&lt;de&gt;</span>'
        '<span lang="es">&lt;es&gt;</span>'
    )
    assert in_every_language(lambda language: "a & b") == "a &amp; b"
    assert "<script>" not in say("status.known", ids="<script>")
