"""Markdown from results, on small hand-made ones."""

import importlib.util

from train.documents import blocks, blocks_of_levers
from train.documents.blocks_of_experiments import REPORT, overview, trained, voted
from train.documents.blocks_of_levers import LEVERS, ablation
from train.experiments.ablation import VARIANTS

SCORES = {
    "auc": 0.99,
    "accuracy": 0.95,
    "sensitivity": 0.9,
    "specificity": 0.8,
    "three_class_accuracy": 0.7,
}


def test_a_table_is_markdown():
    assert blocks.table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


def test_a_target_is_met_or_missed_by_the_figure_alone():
    names = [figure for _, figure, _, _ in blocks.TARGETS]
    evaluation = {
        "binary": {
            "accuracy": 0.965,
            "auc": 0.9919,
            "specificity_at_sensitivity_0.97": 0.5,
            "expected_calibration_error": 0.031,
        },
        "three_class": {"accuracy": 0.94, "macro_f1": 0.93, "recall": {"viral": 0.9}},
        "knn_binary": {"accuracy": 0.96},
        "knn_three_class": {"accuracy": 0.9},
        "intervals": dict.fromkeys(names, (0.1, 0.2)),
    }
    rows = blocks.targets(evaluation).splitlines()[2:]
    met = [row.split(" | ")[3] for row in rows]
    assert met == ["yes", "no", "no", "yes", "yes", "yes", "yes", "no", "no"]
    assert "0.992 (0.100–0.200)" in rows[1]


def test_experiments_that_were_not_run_say_so():
    rows = overview({}).splitlines()[2:]
    assert len(rows) == len(REPORT) == 8
    assert all("not run yet" in row for row in rows)
    assert trained(None) == voted(None) == "not run yet\n"


def test_a_trained_recipe_shows_its_accuracy_matrix_and_the_shuffled_one():
    test = {
        "accuracy": 0.625,
        "recall": {"normal": 0, "pneumonia": 1},
        "confusion": [[0, 234], [0, 390]],
        "if_shuffled": {"accuracy": 0.625, "confusion": [[0, 234], [0, 390]]},
    }
    result = {
        "settings": {"epochs_run": 10, "side": 112},
        "seconds": 600,
        "share_of_dead_units": 0.995,
        "validation": {"accuracy": 0.742},
        "test": test,
    }
    text = trained(result)
    assert "10 epochs at 112 px, 10 min" in text and "**62.5%** on the official test" in text
    assert "| normal | 0 | 234 |" in text and "0 / 234 / 0 / 390" in text


def test_an_ablation_row_means_over_stresses_and_names_the_worst():
    harder = {**SCORES, "auc": 0.97, "three_class_accuracy": 0.6}
    plain = {
        **SCORES,
        "bacterial_viral_auc": 0.75,
        "knn_accuracy": 0.95,
        "knn_three_class_accuracy": 0.6,
    }
    results = {"all_views": {"scores": {"plain": plain, "blur": SCORES, "grain": harder}}}
    row, *others = ablation(results).splitlines()[2:]
    assert all("not run yet" in other for other in others)
    numbers = row.strip("| ").split(" | ")[1:]
    assert " ".join(numbers) == "0.990 0.750 0.700 0.950 0.600 0.980 0.650 0.970"


def test_a_head_that_was_not_trained_has_no_figures():
    scores = {"three_class_accuracy": 0.7}
    results = {"three_class_alone": {"scores": {"plain": scores, "blur": scores}}}
    row = next(line for line in ablation(results).splitlines() if "three-class head" in line)
    assert row.split("alone | ")[1] == "– | – | 0.700 | – | – | – | 0.700 | – |"


def test_views_measured_on_another_classifier_say_so():
    found = {"classifier": "aaa", "scores": {"one view": {"plain": SCORES, "stressed": SCORES}}}
    assert "on an earlier one (aaa)" in blocks_of_levers.test_time_views(found, "bbb")
    assert "on the one that ships (aaa)" in blocks_of_levers.test_time_views(found, "aaa")
    assert "| one view | 0.990 |" in blocks_of_levers.test_time_views(found, "aaa")


def test_every_variant_of_the_ablation_has_words_and_every_recipe_of_the_report_a_module():
    assert set(LEVERS) == set(VARIANTS)
    for name in REPORT:
        assert importlib.util.find_spec(f"train.experiments.report.{name}") is not None
