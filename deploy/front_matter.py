"""README's front matter, which tells Spaces how to build and show the page.

Data contract: the keys are those of the Hub's "Spaces Configuration Reference" that a page
like ours may use. Spaces ignores a key it does not know: a misspelt one would go unnoticed.
"""

import re
from pathlib import Path

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

_LOOKS = {"title", "emoji", "colorFrom", "colorTo", "short_description", "tags"}
_RUNS = {"sdk", "sdk_version", "python_version", "app_file", "license", "suggested_hardware"}
NEEDED = _LOOKS | _RUNS | {"startup_duration_timeout", "disable_embedding"}
OTHERS = {"pinned", "header", "fullWidth", "thumbnail", "models", "datasets", "custom_headers"}
COLOURS = ("red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray")
MOST_CHARACTERS = {"title": 50, "short_description": 60, "emoji": 4}
OLDEST_PYTHON = SpecifierSet(">=3.11")


def front_matter(folder: Path) -> dict:
    """The front matter of a folder's README.

    Raises:
        ValueError: if there is none, or it is not a list of keys and values.
    """
    before, began, rest = (folder / "README.md").read_text().partition("---\n")
    block, ended, _ = rest.partition("\n---\n")
    if before or not began or not ended:
        raise ValueError("README.md does not begin with front matter between two lines of ---.")
    try:
        found = yaml.safe_load(block)
    except yaml.YAMLError as error:
        raise ValueError(f"README's front matter is not YAML ({error}).") from None
    if not isinstance(found, dict):
        raise ValueError("README's front matter is not a list of keys and values.")
    return found


def requirements(folder: Path) -> dict[str, Requirement]:
    """What requirements.txt asks for, by name.

    Raises:
        ValueError: if a line is not a package with its versions.
    """
    lines = (folder / "requirements.txt").read_text().splitlines()
    try:
        asked = [Requirement(line) for line in lines if line and not line.startswith("#")]
    except InvalidRequirement as error:
        raise ValueError(f"requirements.txt has a line that is no package ({error}).") from None
    return {canonicalize_name(requirement.name): requirement for requirement in asked}


def faults(given: dict, folder: Path) -> list[str]:
    """What is wrong with a front matter, one sentence each; none if nothing is.

    Args:
        given: the front matter.
        folder: the Space's folder, in which the other files are.
    """
    wrong = [f"README's front matter lacks {key}." for key in sorted(NEEDED - given.keys())]
    for key in sorted(given.keys() - NEEDED - OTHERS):
        wrong.append(f"README's front matter has {key}, which is none of Spaces' keys.")
    if wrong:
        return wrong

    def expect(right: bool, key: str, expected: str) -> None:
        if not right:
            wrong.append(f"README's {key} is {given[key]!r}; it has to be {expected}.")

    for key, most in MOST_CHARACTERS.items():
        text = given[key]
        right = isinstance(text, str) and 0 < len(text) <= most
        expect(right, key, f"a text of at most {most} characters")
    expect(not re.search(r"[\w\s]", str(given["emoji"])), "emoji", "an emoji and nothing else")
    for key in ("colorFrom", "colorTo"):
        expect(given[key] in COLOURS, key, f"one of {', '.join(COLOURS)}")
    expect(given["sdk"] == "gradio", "sdk", "gradio")
    asked = requirements(folder).get("gradio", Requirement("gradio"))
    expect(
        isinstance(given["sdk_version"], str)
        and bool(re.fullmatch(r"\d+\.\d+\.\d+", given["sdk_version"]))
        and given["sdk_version"] in asked.specifier,
        "sdk_version",
        f"one version that requirements.txt admits ({asked})",
    )
    expect(
        isinstance(given["python_version"], str)
        and bool(re.fullmatch(r"3\.\d+", given["python_version"]))
        and given["python_version"] in OLDEST_PYTHON,
        "python_version",
        f'a version {OLDEST_PYTHON} between quotes, as "3.11"; 3.10 without them is the number 3.1',
    )
    expect((folder / str(given["app_file"])).is_file(), "app_file", "a file of the Space")
    licence = folder / "LICENSE"
    text = licence.read_text() if licence.is_file() else ""
    expect(f"{given['license']} license".upper() in text.upper(), "license", "what LICENSE says")
    tags = given["tags"]
    right = isinstance(tags, list) and all(isinstance(tag, str) for tag in tags) and bool(tags)
    expect(right, "tags", "a list of words")
    expect(given["suggested_hardware"] == "cpu-basic", "suggested_hardware", "cpu-basic")
    right = re.fullmatch(r"\d+[smh]", str(given["startup_duration_timeout"])) is not None
    expect(right, "startup_duration_timeout", "a time like 10m")
    expect(isinstance(given["disable_embedding"], bool), "disable_embedding", "true or false")
    return wrong
