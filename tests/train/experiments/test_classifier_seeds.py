"""Figures of several trainings, collected from their folders."""

import json

import pytest

from train.experiments.classifier_seeds import CONDITIONS, last_scores, mean_and_deviation


def training(folder, seed: int, aucs: list[float], epochs: int = 2):
    folder.mkdir()
    run = {"recipe": {"seed": seed, "epochs": epochs}, "commit": "abc"}
    (folder / "run.json").write_text(json.dumps(run))
    history = [{name: {"auc": auc} for name in CONDITIONS} for auc in aucs]
    (folder / "history.json").write_text(json.dumps(history))
    return folder


def test_the_last_epoch_counts(tmp_path):
    found = last_scores(training(tmp_path / "a", 7, [0.5, 0.9]))
    assert found["seed"] == 7 and found["commit"] == "abc"
    assert found["validation"] == {"auc": 0.9}


def test_an_unfinished_training_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="1 of 2 epochs"):
        last_scores(training(tmp_path / "a", 0, [0.5]))


def test_mean_and_deviation_by_hand(tmp_path):
    found = [last_scores(training(tmp_path / str(a), 0, [0, a])) for a in (0.8, 0.9)]
    spread = mean_and_deviation(found, "validation_stressed")
    assert spread["auc"]["mean"] == pytest.approx(0.85)
    assert spread["auc"]["standard_deviation"] == pytest.approx(0.05 * 2**0.5)
    assert mean_and_deviation(found[:1], "validation")["auc"]["standard_deviation"] == 0
