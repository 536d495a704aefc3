"""Every sentence is there in every language, and none is there for nothing."""

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from cxr_demo.i18n import FOLDER, LANGUAGES, messages, translate

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cxr_demo"
STATIC = PACKAGE / "ui/static"
SCRIPTS = {
    path.relative_to(STATIC).as_posix(): path.read_text() for path in sorted(STATIC.rglob("*.js"))
}
PAGE = (STATIC / "index.html").read_text()
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


# --- what the page says


CLOSING = {"(": ")", "[": "]", "{": "}", "'": "'", '"': '"', "`": "`"}


def calls(text: str, name: str) -> Iterator[list[str]]:
    """The arguments of each call of a JavaScript function, as they are written."""
    for start in re.finditer(rf"(?<![\w.]){name}\(", text):
        arguments, begin, i = [], start.end(), start.end()
        awaited = [")"]  # what closes all that is open, innermost last
        while awaited:
            character, within_string = text[i], awaited[-1] in "'\"`"
            if character == awaited[-1]:
                awaited.pop()
            elif within_string and character == "\\":
                i += 1
            elif awaited[-1] == "`" and text.startswith("${", i):
                awaited.append("}")
                i += 1
            elif not within_string and character in CLOSING:
                awaited.append(CLOSING[character])
            if not awaited or (awaited == [")"] and character == ","):
                arguments.append(text[begin:i].strip())
                begin = i + 1
            i += 1
        yield arguments


def keys_in(argument: str) -> list[str]:
    """The keys that an argument can be: one literal, or those of a conditional."""
    return re.findall(r"(?:^|[?:]\s*)'([^']*)'", argument)


def pattern_of(argument: str) -> str | None:
    """What keys that are put together look like; None where they begin with anything."""
    found = re.fullmatch(r"`([^`$]+\$\{.*)`", argument)
    if not found:
        return None
    return "(.+)".join(re.escape(part) for part in re.split(r"\$\{[^}]*\}", found[1]))


def names_in(argument: str) -> set[str]:
    """The names of an object's values; "..." for what is spread into it."""
    if not argument.startswith("{"):
        return set()
    values = next(calls(f"f({argument[1:-1]})", "f"))
    return {found[0] for value in values if (found := re.match(r"\w+|\.{3}", value))}


SAID = [
    (name, function, arguments)
    for name, script in SCRIPTS.items()
    for function in ("t", "say", "CallFailed")
    for arguments in calls(script, function)
    if not re.match(r"key\b", arguments[0])  # where a function is written, or hands on
]


def test_the_scripts_are_read_as_they_are_meant():
    """The reader of JavaScript above, on what is in use."""
    text = "a(t('x.y', { a, b: f(1, 2), c: `${t(`z.${n}`)}, `, ...d })); t(s > 1 ? 'p' : 'q')"
    found = list(calls(text, "t"))
    assert [arguments[0] for arguments in found] == ["'x.y'", "`z.${n}`", "s > 1 ? 'p' : 'q'"]
    assert names_in(found[0][1]) == {"a", "b", "c", "..."}
    assert keys_in(found[0][0]) == ["x.y"] and keys_in(found[2][0]) == ["p", "q"]
    assert pattern_of(found[1][0]) == r"z\.(.+)" and pattern_of("`${a}.${b}`") is None
    assert pattern_of("`a.${b}.${c}.d`") == r"a\.(.+)\.(.+)\.d"
    assert len(SAID) > 100


def test_every_sentence_of_the_scripts_exists():
    missing = [
        (name, key) for name, _, (first, *_) in SAID for key in keys_in(first) if key not in ENGLISH
    ]
    assert missing == []


def test_there_are_keys_like_every_one_that_is_put_together():
    missing = [
        (name, pattern)
        for name, _, (first, *_) in SAID
        if (pattern := pattern_of(first)) and not any(re.fullmatch(pattern, key) for key in ENGLISH)
    ]
    assert missing == []


def test_the_scripts_fill_in_all_values():
    """A key put together is left aside, as are the values a refusal comes with."""
    unfilled = [
        (name, key, wanted)
        for name, function, (first, *others) in SAID
        for key in keys_in(first)
        for given in [others[1:] if function == "say" else others]
        for names in [names_in(given[0]) if given else set()]
        for wanted in [set(placeholders(ENGLISH.get(key, "")))]
        if not wanted <= names and "..." not in names
    ]
    assert unfilled == []


MARKED = re.findall(r'\sdata-t(?:-\w+)?="([^"]*)"', PAGE)


def test_every_sentence_of_the_page_exists_and_needs_no_values():
    assert len(MARKED) > 50
    assert [key for key in MARKED if key not in ENGLISH] == []
    assert [key for key in MARKED if placeholders(ENGLISH[key])] == []


def test_marks_are_those_that_are_filled():
    """Text, aria-label, title and placeholder; see wording.js."""
    marks = set(re.findall(r"\sdata-t(-\w+)?=", PAGE))
    assert marks <= {"", "-label", "-title", "-placeholder"}


# --- what the program says


def said_by(module: str) -> Iterator[tuple[ast.expr, list[ast.keyword]]]:
    """The first argument and the named ones of whatever says a sentence."""
    for node in ast.walk(ast.parse(MODULES[module])):
        if isinstance(node, ast.Call) and node.args:
            function = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if function in ("UserError", "RadiographError", "translate"):
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
            assert names == set(placeholders(ENGLISH[key.value])), key.value


def test_the_modules_say_something():
    assert sum(len(list(said_by(module))) for module in MODULES) > 20


# --- nothing for nothing


@cache
def patterns() -> set[str]:
    """What keys that are put together look like."""
    spoken = {pattern for _, _, (first, *_) in SAID if (pattern := pattern_of(first))}
    built = {
        re.escape(key.values[0].value) + "(.+)"
        for module in MODULES
        for key, _ in said_by(module)
        if isinstance(key, ast.JoinedStr)
    }
    return spoken | built


@cache
def words_of_the_program() -> str:
    """All that a key may be put together from: scripts, modules, and what was measured."""
    measured = [
        path.read_text()
        for folder in ("classifier", "detector", "autoencoder", "metrics")
        for path in sorted((ROOT / "assets" / folder).glob("*.json"))
        if "history" not in path.name
    ]
    return "\n".join([*SCRIPTS.values(), *MODULES.values(), *measured])


def is_used(key: str) -> bool:
    """Whether it is said as it stands, or put together from words of the program."""
    if key in MARKED or re.search(rf"['\"`]{re.escape(key)}['\"`]", words_of_the_program()):
        return True
    return any(
        all(
            re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.]*\w)", words_of_the_program())
            for word in found.groups()
        )
        for pattern in patterns()
        if (found := re.fullmatch(pattern, key))
    )


def test_every_sentence_is_used():
    assert [key for key in ENGLISH if not is_used(key)] == []


def test_a_sentence_that_nobody_says_is_found():
    for key in ("nowhere.said", "class.equine", "refused.kind.floppy"):
        assert not is_used(key)
