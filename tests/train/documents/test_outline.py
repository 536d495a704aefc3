"""The list of modules says what each file says of itself."""

import pytest

from train.documents.outline import outline


@pytest.fixture
def package(tmp_path):
    files = {
        "b.py": '"""Reads files, all\nof them. And more."""',
        "a/d.js": "// Draws what it\n// is given. No more.\nimport x;\n// else\n",
        "a/c.js": "/* Starts the page\n   once, see `a.b.c`; nothing else */\nrun();",
        "__init__.py": "",
        "a/__init__.py": '"""A heading\n\nThen more."""',
        "a/style.css": "",
    }
    for name, source in files.items():
        (tmp_path / "house" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "house" / name).write_text(source)
    return tmp_path


def test_the_first_sentence_of_each_file_in_order(package):
    assert outline("house", package) == [
        ("b.py", "Reads files, all of them."),
        ("a/__init__.py", "A heading"),
        ("a/c.js", "Starts the page once, see `a.b.c`; nothing else"),
        ("a/d.js", "Draws what it is given."),
    ]


@pytest.mark.parametrize(("name", "source"), [("e.py", "x = 1  # no"), ("e.js", "run(); // no")])
def test_a_file_that_says_nothing_of_itself_is_an_error(package, name, source):
    (package / "house" / name).write_text(source)
    with pytest.raises(ValueError, match=f"{name} does not say what it is"):
        outline("house", package)
