"""Cards and table of references."""

import re

import numpy as np
import pytest

from cxr_demo.reference.library import Neighbour
from cxr_demo.reference.neighbourhood import Neighbourhood, find_neighbourhood
from cxr_demo.reference.projection import Typicality
from cxr_demo.wording.neighbours import (
    MAX_LISTED,
    MAX_PICKED,
    neighbours_html,
    picked_html,
    references_html,
)
from tests.ui.grid_library import grid_library, prototypes_of
from tests.wording.test_probabilities import english

USUAL = Typicality(least=0.8, lowest=0.7, lower_quartile=0.9, upper_quartile=0.99)
CALLED = {
    "binary": {"normal": 0.1, "pneumonia": 0.9},
    "three_class": {"normal": 0.1, "bacterial": 0.8, "viral": 0.1},
}


@pytest.fixture(scope="module")
def library():
    return grid_library()


@pytest.fixture
def thumbnails(library, tmp_path):
    return prototypes_of(library, tmp_path)


@pytest.fixture
def nearest(library, thumbnails):
    """Cards of the nearest to (1, 0), which are rows 0, 1, 2 …"""

    def make(k: int = 6, **options) -> str:
        found = find_neighbourhood(library, np.float32([1, 0]), k)
        return neighbours_html(thumbnails, found, CALLED, USUAL, **options)

    return make


def rows_of(html: str) -> list[int]:
    return [int(row) for row in re.findall(r'data-row="(\d+)"', html)]


def test_the_nearest_come_first_and_four_of_them_large(nearest):
    html = nearest()
    large, small = html.split('<ol class="cards small" start="5">')
    assert rows_of(large) == [0, 1, 2, 3]
    assert rows_of(small) == [4, 5]
    assert '<ol class="cards small"' not in nearest(4)


def test_a_card_says_class_similarity_nearness_patient_and_what_its_picture_is(nearest):
    cards = [english(card) for card in re.findall(r"<button.*?</button>", nearest())]
    # The second of 24 lies 1/23 rad from the first: cos(1/23) = 0.99906.
    assert cards[1] == "2. Bacterial 0.999 · very near patient00 mean of 20 images"


def test_pictures_travel_with_the_cards(nearest):
    assert nearest(3).count('src="data:image/jpeg;base64,') == 3


def test_vote_and_agreement_are_said(nearest):
    said = english(nearest())
    assert said.startswith(
        "Vote of the 6 nearest: Normal 2 ( 33% ), Bacterial 2 ( 33% ), Viral 2 ( 33% )."
    )
    assert "Vote and classifier agree on normal or pneumonia, not on the class." in said


def test_a_vote_that_does_not_know_how_common_a_class_is(library, thumbnails):
    """Counts are of pictures, shares of the vote: two bacterial of three may lose to a normal."""
    near = tuple(Neighbour(**vars(library.reference(row)), similarity=0.9) for row in (0, 1, 4))
    shares = {"normal": 0.6, "bacterial": 0.4, "viral": 0.0}
    found = Neighbourhood(near, shares, "normal", {})
    said = english(neighbours_html(thumbnails, found, CALLED, USUAL))
    assert "Normal 1 ( 60% ), Bacterial 2 ( 40% ). Vote and classifier disagree" in said


def test_a_search_that_leaves_classes_out_is_no_vote(nearest):
    said = english(nearest(classes=["bacterial", "viral"]))
    assert "this is no vote" in said
    assert "agree" not in said


def test_the_exclusion_of_the_same_patient_is_said(nearest):
    assert "Left out: 3 of the same patient." in english(nearest(left_out=3))
    assert "Left out" not in english(nearest())


def test_what_is_picked_one_or_many(library, thumbnails):
    one = picked_html(library, thumbnails, [7])
    assert rows_of(one) == [7]
    assert 'aria-pressed="true"' in one and "cards large" in one
    many = picked_html(library, thumbnails, list(range(24)) * 2)
    assert len(rows_of(many)) == MAX_PICKED
    assert english(many).startswith("48 references in the lasso")
    assert picked_html(library, thumbnails, []) == ""


def test_the_table_lists_so_many_and_says_how_many_there_are(library):
    html = references_html(library, [*range(24)] * 10)
    assert len(rows_of(html)) == MAX_LISTED
    assert english(html).startswith("240 references; the first 200 are listed.")
    assert "patient03 Normal image06" in english(html)


def test_names_of_references_are_escaped(thumbnails, library, monkeypatch):
    monkeypatch.setattr(library, "patients", np.array(["<b>&"] * 24))
    assert "&lt;b&gt;&amp;" in picked_html(library, thumbnails, [0])
    assert "&lt;b&gt;&amp;" in references_html(library, [0])
