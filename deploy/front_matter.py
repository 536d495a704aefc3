"""Checks README's front matter, which tells Spaces how to build and show the page.

It has exactly the keys of FrontMatter, a part of the Hub's "Spaces Configuration Reference". Spaces
ignores unknown keys, so a misspelt one would go unnoticed there.
"""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from huggingface_hub import metadata_load
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from pydantic import BaseModel, Field, ValidationError
from yaml import YAMLError

from cxr_demo.errors import CXRError
from deploy.contents import ROOT

_Colour = Literal["red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"]


class FrontMatter(BaseModel, extra="forbid", strict=True):
    """The keys, with the types and values that Spaces accepts."""

    title: Annotated[str, Field(min_length=1, max_length=50)]
    emoji: Annotated[str, Field(pattern=r"^[^\w\s]{1,4}$")]
    colorFrom: _Colour
    colorTo: _Colour
    sdk: Literal["gradio"]
    sdk_version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    python_version: Annotated[str, Field(pattern=r"^3\.\d+$")]
    app_file: str
    license: str
    short_description: Annotated[str, Field(min_length=1, max_length=60)]
    tags: Annotated[list[str], Field(min_length=1)]
    suggested_hardware: Literal["cpu-basic"]
    startup_duration_timeout: Annotated[str, Field(pattern=r"^\d+[smh]$")]
    disable_embedding: bool = False


def front_matter(folder: Path) -> FrontMatter:
    """README's front matter is complete and agrees with requirements.txt and LICENSE.

    Raises:
        CXRError: with one sentence for each fault.
    """
    try:
        given = FrontMatter.model_validate(metadata_load(folder / "README.md"))
    except ValidationError as error:
        raise CXRError("\n".join(map(_sentence, error.errors()))) from None
    except (YAMLError, ValueError) as error:
        raise CXRError(f"README's front matter is not keys and values ({error}).") from None
    lines = (folder / "requirements.txt").read_text().splitlines()
    asked = [Requirement(line) for line in lines if line and not line.startswith("#")]
    gradio = next((package for package in asked if package.name == "gradio"), None)
    compatible = gradio is not None and given.sdk_version in gradio.specifier
    pythons = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    named = f"{given.license} license" in (folder / "LICENSE").read_text().lower()
    for key, right, expected in (
        ("sdk_version", compatible, f"requirements.txt has {gradio or 'no Gradio'}"),
        ("python_version", given.python_version in SpecifierSet(pythons), f"we need {pythons}"),
        ("app_file", (folder / given.app_file).is_file(), "the Space has no such file"),
        ("license", named, "LICENSE is another"),
    ):
        if not right:
            raise CXRError(f"README's {key} is {getattr(given, key)!r}; {expected}. Correct it.")
    return given


def _sentence(fault: dict) -> str:
    key = ".".join(map(str, fault["loc"])) or "front matter"
    received = "missing" if fault["type"] == "missing" else repr(fault["input"])
    return f"README's {key} is {received}; Spaces says: {fault['msg']}. Correct it."
