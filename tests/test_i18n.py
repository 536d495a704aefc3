"""Every sentence is there in every language, and none is there for nothing."""

import ast
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from cxr_demo.i18n import FOLDER, LANGUAGES, messages, translate

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cxr_demo"
SCRIPTS = {path.name: path.read_text() for path in sorted(PACKAGE.rglob("*.js"))}
MODULES = {
    path.relative_to(ROOT).as_posix(): path.read_text() for path in sorted(PACKAGE.rglob("*.py"))
}
ENGLISH = json.loads((FOLDER / "en.json").read_text(encoding="utf-8"))


def placeholders(words: str) -> list[str]:
    return sorted(re.findall(r"{(\w+)}", words))


# --- filling in


def test_values_are_filled_in():
    assert translate("refused.method", methods="detector, autoencoder") == (
        "The method has to be one of detector, autoencoder."
    )


def test_a_value_is_filled_in_everywhere():
    """`least` stands there twice."""
    said = translate("refused.too_small", width=63, height=70, least=64)
    assert said.startswith("The image is only 63 x 70 pixels; at least 64 x 64 are needed")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1,000"),
        (25_000_001, "25,000,001"),
        (-1000, "-1,000"),
        ("1000", "1000"),
        (1234.5, "1234.5"),
        (True, "True"),
        (None, "None"),
    ],
)
def test_whole_numbers_get_separators(value, shown):
    said = translate("refused.k", k=value, most=100)
    assert said == (
        f"The number of neighbours was given as {shown}; it can be a whole number from 1 to 100."
    )


def test_a_sentence_without_values_is_as_it_is_written():
    assert translate("failed") == ENGLISH["failed"]


def test_what_was_given_is_not_filled_in_itself():
    assert "given as {most};" in translate("refused.k", k="{most}", most=100)


# --- languages


@cache
def written(language: str) -> list[tuple[str, object]]:
    """Keys and sentences as the file has them, repeated ones included."""
    text = (FOLDER / f"{language}.json").read_text(encoding="utf-8")
    return json.loads(text, object_pairs_hook=list)


def test_english_is_what_others_are_translated_from():
    assert LANGUAGES[0] == "en"
    assert messages() == messages("en") == ENGLISH


def test_there_are_no_languages_that_are_not_offered():
    assert {path.stem for path in FOLDER.iterdir()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_key_once(language):
    keys = [key for key, _ in written(language)]
    assert set(keys) - set(ENGLISH) == set() == set(ENGLISH) - set(keys)
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_fills_in_the_same_values(language):
    """However often, and in whatever order."""
    differing = {
        key: (placeholders(words), placeholders(ENGLISH[key]))
        for key, words in written(language)
        if set(placeholders(words)) != set(placeholders(ENGLISH[key]))
    }
    assert differing == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_says_something_everywhere(language):
    for key, words in written(language):
        assert isinstance(words, str) and words.strip() == words != "", key
        assert "{" not in re.sub(r"{\w+}", "", words), key


# --- what is said


def literals() -> tuple[set[str], set[str]]:
    """All strings in modules and scripts; and patterns of those that are put together."""
    whole, patterns = set(), set()
    for text in MODULES.values():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole |= {node.value, *re.findall(r'data-(?:t|label|title)="([^"]+)"', node.value)}
                patterns |= {re.escape(node.value) + ".+"} if node.value.endswith(".") else set()
            elif isinstance(node, ast.JoinedStr):
                parts = [
                    one.value if isinstance(one, ast.Constant) else None for one in node.values
                ]
                patterns.add("".join(".+" if one is None else re.escape(one) for one in parts))
    for text in SCRIPTS.values():
        whole |= set(re.findall(r"['\"]([^'\"\n]*)['\"]", text))
        for put in re.findall(r"(?=`([a-z_][\w.]*\.\$\{[^`\n]*)`)", text):
            patterns.add(".+".join(map(re.escape, re.split(r"\$\{[^}]*\}", put))))
    return whole, {one for one in patterns if re.match(r"[a-z_]+\\\.", one)}


def idle(keys: Iterable[str]) -> list[str]:
    """Keys that neither stand anywhere nor can be put together."""
    whole, patterns = literals()
    return [
        key for key in keys if key not in whole and not any(re.fullmatch(p, key) for p in patterns)
    ]


def test_no_sentence_is_there_for_nothing():
    assert idle(ENGLISH) == []
    assert idle(["nowhere.said", "card.equine"]) == ["nowhere.said", "card.equine"]


def test_every_sentence_of_the_scripts_exists():
    """`t(language, 'key'` and `this.t('key'`, whole or put together."""
    said = [
        (name, key)
        for name, text in SCRIPTS.items()
        for key in re.findall(r"\bt\((?:[\w.]+, )?['`]([\w.${}]+)['`]", text)
    ]
    assert len(said) > 20
    for name, key in said:
        pattern = ".+".join(map(re.escape, re.split(r"\$\{[^}]*\}", key)))
        assert any(re.fullmatch(pattern, other) for other in ENGLISH), (name, key)


# --- what the program says


def said_by(module: str) -> Iterator[tuple[ast.expr, list[ast.keyword]]]:
    """The first argument and the named ones of whatever says a sentence."""
    for node in ast.walk(ast.parse(MODULES[module])):
        if isinstance(node, ast.Call) and node.args:
            function = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if function in ("UserError", "RadiographError", "translate", "say", "sentence", "T"):
                yield node.args[0], node.keywords


@pytest.mark.parametrize("module", MODULES)
def test_every_sentence_of_a_module_exists_and_gets_its_values(module):
    for key, values in said_by(module):
        if isinstance(key, ast.JoinedStr):
            prefix = key.values[0].value
            assert any(other.startswith(prefix) for other in ENGLISH), prefix
        elif isinstance(key, ast.Constant):
            names = {value.arg for value in values}
            assert key.value in ENGLISH
            assert None in names or names == set(placeholders(ENGLISH[key.value])), key.value


def test_the_modules_say_something():
    assert sum(len(list(said_by(module))) for module in MODULES) > 20
