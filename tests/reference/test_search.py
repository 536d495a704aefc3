"""Both searches find what a plain loop in Python finds; who has no index does without."""

import itertools
import logging
import subprocess
import sys

import numpy as np
import pytest

from cxr_demo.reference import search
from cxr_demo.reference.library import unit_rows
from cxr_demo.reference.search import ExactSearch, IndexedSearch, build_search

NOBODY = np.empty(0, np.int64)
ALL = (0, 1, 2)
CIRCLE = [[1, 0], [0.8, 0.6], [0, 1], [0.6, 0.8], [-1, 0]]  # cosines to east: the first numbers
EAST = np.array([1, 0], np.float32)

both = pytest.mark.parametrize("make", [ExactSearch, IndexedSearch])


@pytest.fixture(scope="module")
def crowd():
    """3,000 vectors around 30 centres, as embeddings lie, and 100 more to look for. Classes 0, 1
    and 2 have 1,900, 1,000 and 100."""
    rng = np.random.default_rng(5)
    centres = unit_rows(rng.normal(size=(30, 16)))
    vectors = centres[rng.integers(0, 30, 3100)] + rng.normal(0, 0.1, (3100, 16))
    vectors = unit_rows(vectors).astype(np.float32)
    labels = rng.permutation(np.repeat([0, 1, 2], [1900, 1000, 100])).astype(np.int8)
    return vectors[:3000], labels, vectors[3000:]


@pytest.fixture(scope="module")
def searches(crowd):
    """The index looks into all its cells, so that it must find the same."""
    vectors, labels, _ = crowd
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "PROBED_CELLS", 1000)
        return {make: make(vectors, labels) for make in (ExactSearch, IndexedSearch)}


def by_hand(vectors, labels, query, k, wanted, leave_out) -> list[tuple[int, float]]:
    """Rows and similarities, by looking at one after the other."""
    left_out = set(leave_out.tolist())
    found = [
        (-sum(float(a) * float(b) for a, b in zip(vector, query, strict=True)), row)
        for row, vector in enumerate(vectors)
        if labels[row] in wanted and row not in left_out
    ]
    return [(row, -similarity) for similarity, row in sorted(found)[:k]]


def on_circle(make, stored=CIRCLE, labels=(0, 1, 2, 1, 0)):
    return make(unit_rows(np.array(stored, np.float32)), np.array(labels, np.int8))


def rows(answer) -> list[int]:
    return answer[0].tolist()


@both
@pytest.mark.parametrize("wanted", [(0, 1, 2), (1,), (2,), (2, 0), (1, 1, 2)])
@pytest.mark.parametrize("k", [1, 11, 100])
def test_as_by_hand(make, crowd, searches, wanted, k):
    vectors, labels, queries = crowd
    for query in queries[:5]:
        found, similarities = searches[make].nearest(query, k, wanted, NOBODY)
        expected = by_hand(vectors, labels, query, k, wanted, NOBODY)
        assert found.tolist() == [row for row, _ in expected]
        np.testing.assert_allclose(similarities, [s for _, s in expected], rtol=0, atol=1e-12)


@both
@pytest.mark.parametrize("count", [1, 10, 300, 2000, 2995])
def test_rows_left_out(make, crowd, searches, count):
    """Those nearest to the query, where they are missed most."""
    vectors, labels, queries = crowd
    for query in queries[:3]:
        nearest = np.argsort(-(vectors @ query))[:count]
        found = searches[make].nearest(query, 10, ALL, nearest)
        assert rows(found) == [r for r, _ in by_hand(vectors, labels, query, 10, ALL, nearest)]
        assert len(found[0]) == len(found[1]) == min(10, 3000 - count)


@both
def test_rows_of_other_classes_may_be_left_out_too(make, crowd, searches):
    vectors, labels, queries = crowd
    others = np.flatnonzero(labels != 2)[::3]
    found = searches[make].nearest(queries[0], 10, (2,), others)
    assert rows(found) == [r for r, _ in by_hand(vectors, labels, queries[0], 10, (2,), others)]


def test_an_index_that_looks_into_a_tenth_of_its_cells_finds_nearly_all(crowd, monkeypatch):
    """87 cells for class 0, 63 for class 1 and 20 for class 2."""
    vectors, labels, queries = crowd
    monkeypatch.setattr(search, "PROBED_CELLS", 6)
    coarse = IndexedSearch(vectors, labels)
    queries = queries[:40]
    found = [coarse.nearest(query, 10, ALL, NOBODY) for query in queries]
    true = [by_hand(vectors, labels, query, 10, ALL, NOBODY) for query in queries]
    same = [len({r for r, _ in t} & set(rows(f))) for t, f in zip(true, found, strict=True)]
    assert 360 < sum(same) < 400  # else it is no index
    for answer, query in zip(found, queries, strict=True):
        np.testing.assert_allclose(answer[1], vectors[answer[0]] @ query, rtol=0, atol=1e-6)
        assert (np.diff(answer[1]) <= 0).all()


@both
def test_what_the_cells_looked_into_do_not_hold_is_found_all_the_same(make, crowd, monkeypatch):
    vectors, labels, queries = crowd
    monkeypatch.setattr(search, "PROBED_CELLS", 1)
    few = make(vectors, labels)
    for k in (100, 500, 3000, 4000):
        assert rows(few.nearest(queries[0], k, ALL, NOBODY)) == [
            row for row, _ in by_hand(vectors, labels, queries[0], k, ALL, NOBODY)
        ]


def test_a_cell_that_holds_fewer_than_k_is_not_filled_up_with_others(monkeypatch):
    """Five vectors have four cells; east's holds one or two of them."""
    monkeypatch.setattr(search, "PROBED_CELLS", 1)
    alike = on_circle(IndexedSearch, labels=(0, 0, 0, 0, 0))
    for k in (1, 2, 3, 4, 5):
        assert rows(alike.nearest(EAST, k, (0,), NOBODY)) == [0, 1, 3, 2, 4][:k]


def test_with_many_left_out_every_other_is_looked_at(crowd, monkeypatch):
    vectors, labels, queries = crowd
    monkeypatch.setattr(search, "PROBED_CELLS", 3)
    coarse = IndexedSearch(vectors, labels)
    left_out = np.random.default_rng(0).permutation(3000)[: search.MAX_LEFT_OUT + 1]
    for query in queries[:10]:
        expected = [row for row, _ in by_hand(vectors, labels, query, 10, ALL, left_out)]
        assert rows(coarse.nearest(query, 10, ALL, left_out)) == expected


@both
def test_ranked_by_cosine_by_hand(make):
    found, similarities = on_circle(make).nearest(EAST, 5, ALL, NOBODY)
    assert found.tolist() == [0, 1, 3, 2, 4]
    np.testing.assert_allclose(similarities, [1, 0.8, 0.6, 0, -1], rtol=0, atol=1e-7)


@both
@pytest.mark.parametrize(
    ("k", "labels", "leave_out", "expected"),
    [
        (2, (0,), [], [0, 4]),
        (9, (0,), [], [0, 4]),
        (9, (0, 2), [0], [2, 4]),
        (1, (1,), [1, 1], [3]),
        (3, (1,), [1, 3], []),
        (3, (), [], []),
        (3, (7,), [], []),
        (5, (0, 1, 2), [0, 1, 2, 3, 4], []),
    ],
)
def test_fewer_left_than_asked_for(make, k, labels, leave_out, expected):
    answer = on_circle(make).nearest(EAST, k, labels, np.array(leave_out, np.int64))
    assert rows(answer) == expected and len(answer[1]) == len(expected)


@both
def test_equals_come_in_row_order_where_k_cuts_through_them(make):
    for near in itertools.product([False, True], repeat=5):
        stored = np.where(np.array(near)[:, None], [1, 0], [0, 1])
        known = on_circle(make, stored)
        expected = np.flatnonzero(near).tolist() + np.flatnonzero(~np.array(near)).tolist()
        for k in (1, 2, 3, 4):
            assert rows(known.nearest(EAST, k, ALL, NOBODY)) == expected[:k]


@both
def test_equal_vectors_are_equals_wherever_they_lie(make):
    """Products of a matrix round them differently by where in a block of rows they stand."""
    rng = np.random.default_rng(1)
    vectors = unit_rows(rng.normal(size=(203, 256))).astype(np.float32)
    same = [5, 38, 90, 147, 202]
    for query in unit_rows(rng.normal(size=(10, 256))).astype(np.float32):
        vectors[same] = unit_rows((query + rng.normal(0, 0.05, 256))[None])
        answer = make(vectors, np.zeros(203, np.int8)).nearest(query, 3, ALL, NOBODY)
        assert rows(answer) == same[:3] and len(set(answer[1].tolist())) == 1


@both
def test_similarities_stay_between_minus_1_and_1(make, crowd):
    vectors, labels, _ = crowd
    long = (vectors[:200] * np.float32(1 + 1e-6)).astype(np.float32)
    known = make(long, labels[:200])
    for query in long:
        for asked in (query, -query):
            assert np.abs(known.nearest(asked, 200, ALL, NOBODY)[1]).max() <= 1


def test_as_many_as_the_limit_are_searched_exactly(monkeypatch, crowd):
    vectors, labels, _ = crowd
    monkeypatch.setattr(search, "MAX_EXACT", 100)
    assert type(build_search(vectors[:100], labels[:100])) is ExactSearch
    assert type(build_search(vectors[:101], labels[:101])) is IndexedSearch


def test_without_the_package_a_large_library_works_exactly(monkeypatch, crowd, caplog):
    vectors, labels, queries = crowd
    monkeypatch.setattr(search, "MAX_EXACT", 100)
    monkeypatch.setitem(sys.modules, "faiss", None)
    with caplog.at_level(logging.WARNING):
        known = build_search(vectors, labels)
    assert type(known) is ExactSearch
    assert len(caplog.messages) == 1 and "3000" in caplog.text
    assert "pip install -r requirements-growth.txt" in caplog.text
    assert len(known.nearest(queries[0], 10, ALL, NOBODY)[0]) == 10


def test_a_small_library_says_nothing_of_a_missing_package(monkeypatch, crowd, caplog):
    vectors, labels, _ = crowd
    monkeypatch.setitem(sys.modules, "faiss", None)
    build_search(vectors, labels)
    assert caplog.messages == []


def test_serving_the_shipped_library_does_not_load_the_package():
    code = (
        "import sys; from cxr_demo.analysis import LIBRARY; from cxr_demo.artefacts import "
        "Artefacts; from cxr_demo.reference.library import ReferenceLibrary; "
        "known = ReferenceLibrary(Artefacts().arrays(LIBRARY)); "
        "known.nearest(known.embeddings[0], 11); sys.exit('faiss' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
