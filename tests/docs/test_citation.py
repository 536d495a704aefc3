"""How the project is cited, and what is said to have changed."""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent.parent
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
"""The headings of Keep a Changelog, in its order."""


def test_the_citation_agrees_with_licence_and_version():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    licence = (ROOT / "LICENSE").read_text()
    assert cited["cff-version"] == "1.2.0" and {"message", "title"} <= cited.keys()
    assert cited["version"] == project["version"]
    assert licence.startswith(f"{cited['license']} License")
    assert f"Copyright (c) 2026 {cited['authors'][0]['name']}\n" in licence
    assert "doi" not in cited and cited["references"][0]["doi"] == "10.17632/rscbjbr9sj.2"


def test_the_changelog_keeps_its_form():
    text = (ROOT / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert all(re.fullmatch(r"Unreleased|\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", v) for v in versions)
    for version in text.split("\n## ")[1:]:
        kinds = re.findall(r"^### (.+)$", version, re.MULTILINE)
        assert kinds == [kind for kind in KINDS if kind in kinds]
