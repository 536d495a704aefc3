"""Variants that are done are known by the recipe they were done with."""

import json

import pytest

from cxr_demo.artefacts import ASSETS
from train.experiments.ablation import VARIANTS
from train.models.training import recipe_as_json

TABLE = json.loads((ASSETS / "metrics/ablation.json").read_text())


@pytest.mark.parametrize("name", TABLE)
def test_the_recorded_recipe_of_a_variant_is_the_one_it_has(name):
    assert TABLE[name]["recipe"] == recipe_as_json(VARIANTS[name])
