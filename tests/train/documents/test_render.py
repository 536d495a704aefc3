"""README, cards and `docs/` say what the metrics say."""

import importlib.util
import json
import re
import shutil

import jinja2
import pytest

from cxr_demo.artefacts import ASSETS
from train.documents.render import (
    DOCUMENTS,
    MARKER,
    MEASURED_WITH,
    ROOT,
    environment,
    fill,
    measurements,
)
from train.experiments.ablation import VARIANTS

TEMPLATES = environment()


def rendered(template: str, block: str, **context) -> str:
    """One block, on measurements made up for a test."""
    source = TEMPLATES.get_template(template)
    return "".join(source.blocks[block](source.new_context(context)))


def cells(table: str) -> list[list[str]]:
    """Cells of the rows of a Markdown table, without its head; every row fills all columns."""
    head, rule, *rows = (
        [cell.strip() for cell in line[1:-1].split("|")] for line in table.splitlines()
    )
    assert set(rule) == {"---"}
    assert {len(row) for row in (rule, *rows)} == {len(head)}
    return rows


def report_rows(experiments: dict) -> list[list[str]]:
    """Rows of the table of the report's experiments."""
    return cells(rendered("experiments.md.j2", "report", experiments=experiments))


@pytest.mark.parametrize(("document", "template"), DOCUMENTS.items())
def test_documents_agree_with_the_metrics(document, template):
    text = (ROOT / document).read_text()
    filled = fill(text, TEMPLATES.get_template(template), measurements())
    assert text == filled, "run `python -m train.documents.render`"


@pytest.mark.parametrize(("document", "template"), DOCUMENTS.items())
def test_every_marker_has_a_block_and_every_block_a_marker(document, template):
    text = (ROOT / document).read_text()
    named = [name for _, name, _ in MARKER.findall(text)]
    assert len(named) == text.count("<!-- results:") == text.count("<!-- /results -->")
    assert sorted(named) == sorted(TEMPLATES.get_template(template).blocks)


def test_readme_is_read_in_one_sitting():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 180 and "not a medical device" in "".join(lines)


DOCUMENTED = [ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTED, ids=lambda path: path.stem)
def test_links_of_a_document_lead_somewhere(document):
    """To files, and to headings of Markdown files as GitHub names them."""
    found = re.findall(r"\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)", document.read_text())
    for path, heading in found:
        target = document.parent / path if path else document
        assert target.exists(), f"{path} is not there"
        if heading:
            heads = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE)
            assert heading in {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in heads}


def test_only_what_stands_between_markers_is_replaced():
    template = TEMPLATES.from_string("{% block a %}\n| {{ auc | decimals }} |\n{% endblock %}")
    document = "before\n<!-- results:a -->\n| 0.99 |\n<!-- /results -->\nafter\n"
    expected = "before\n<!-- results:a -->\n| 0.910 |\n<!-- /results -->\nafter\n"
    assert fill(document, template, {"auc": 0.91}) == expected


def test_a_block_or_a_name_that_does_not_exist_is_an_error():
    template = TEMPLATES.from_string("{% block a %}{{ auc }}{% endblock %}")
    with pytest.raises(KeyError, match="b"):
        fill("<!-- results:b -->\n<!-- /results -->", template, {"auc": 0.91})
    with pytest.raises(jinja2.UndefinedError, match="auc"):
        fill("<!-- results:a -->\n<!-- /results -->", template, {})


def test_what_was_not_run_says_so(tmp_path):
    for name in (
        "metrics/evaluation.json",
        "metrics/test_log.jsonl",
        "classifier/calibration.json",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ASSETS / name, tmp_path / name)
    context = measurements(tmp_path)
    said = {
        name: rendered(template, name, **context)
        for template in DOCUMENTS.values()
        for name in TEMPLATES.get_template(template).blocks
    }
    assert {name for name, text in said.items() if text == "not run yet\n"} == {
        *(
            "main_speed",
            "speed",
            "kinds",
            "apart",
            "stages",
            "runtimes",
            "growth",
            "gate",
            "gate_kinds",
            "gate_never_seen",
            "autoencoder",
            "detector",
        ),
        *("anomaly_parts", "localisation", "detector_seeds"),
        *("alignment", "seeds", "lent", "retrieval"),
        *("saliency", "stresses", "test_time_views"),
        *(name for name in said if name.startswith("report_")),
    }
    assert all(row[2] == "not run yet" for row in cells(said["report"]))
    assert all(row[1:] == ["not run yet", *[""] * 7] for row in cells(said["ablation"]))
    assert cells(said["anomaly_targets"])[-1][1:4] == ["not run yet", "≥ 0.95", ""]


@pytest.mark.parametrize(
    ("retrained", "outdated"),
    [
        ("none", set()),
        ("alignment", {"alignment"}),
        ("classifier", {"saliency", "parity", "stress", "retrieval", "runtimes"}),
        ("detector", {"gate", "anomaly_parts", "localisation"}),
        ("autoencoder", {"localisation"}),
    ],
)
def test_what_was_measured_on_another_network_was_not_run(tmp_path, retrained, outdated):
    networks = {"alignment": "000", "classifier": "aaa", "detector": "bbb", "autoencoder": "ccc"}
    (tmp_path / "metrics").mkdir()
    for name in MEASURED_WITH:
        found = {"model": networks} if name == "localisation" else networks
        (tmp_path / f"metrics/{name}.json").write_text(json.dumps(found))
    evaluation = {"model": {**networks, retrained: "ddd"}, "intervals": {}}
    (tmp_path / "metrics/evaluation.json").write_text(json.dumps(evaluation))
    (tmp_path / "metrics/test_log.jsonl").touch()
    context = measurements(tmp_path)
    assert {name for name in MEASURED_WITH if not context[name]} == outdated


def test_every_missed_aim_of_the_classifier_is_bold():
    reached = {
        "binary.accuracy": 0.965,
        "binary.auc": 0.9919,
        "binary.specificity_at_sensitivity_0.97": 0.92,
        "three_class.accuracy": 0.94,
        "three_class.macro_f1": 0.93,
        "three_class.recall.viral": 0.9,
        "knn_binary.accuracy": 0.96,
        "knn_three_class.accuracy": 0.909,
    }
    rows = cells(
        rendered(
            "released_classifier.md.j2",
            "targets",
            official_test={k: {"value": v, "low": 0.1, "high": 0.2} for k, v in reached.items()},
            evaluation={
                "binary": {"expected_calibration_error": 0.021},
                "three_class": {
                    "expected_calibration_error": 0.05,
                    "expected_calibration_error_at_prior": 0.04,
                },
                "operating_points": {
                    "youden": {"specificity": 0.93, "sensitivity": 0.969, "accuracy": 0.95}
                },
                "native_agreement": {"share_within_0.10": 0.995},
            },
        )
    )
    assert rows[1][1:4] == ["0.992 (0.100–0.200)", "≥ 0.995", "**no**"]
    assert [row[3] for row in rows] == [
        *("yes", "**no**", "**no**", "yes", "yes", "yes", "yes", "**no**"),
        *("**no**", "yes", "–", "yes", "**no**", "–", "yes"),
    ]


def test_every_missed_aim_of_the_main_figures_is_bold():
    reached = {"binary.auc": 0.9951, "binary.accuracy": 0.964, "three_class.accuracy": 0.93}
    reached |= {"knn_binary.accuracy": 0.95, "detector.auc": 0.925}
    context = {
        "official_test": {k: {"value": v, "low": 0.1, "high": 0.2} for k, v in reached.items()},
        "evaluation": {"n": 624, "gate": {"not_a_chest_radiograph": 0.011}},
    }
    rows = cells(rendered("README.md.j2", "main", **context))
    assert [row[3] for row in rows] == ["yes", "**no**", "yes", "**no**", "yes", "**no**"]
    assert rows[0][1:3] == ["0.995 (0.100–0.200)", "≥ 0.995"] and rows[5][1:3] == ["1.1%", "≤ 1 %"]


@pytest.mark.parametrize(
    ("auc", "spared", "found", "autoencoder", "pixel_auc", "said"),
    [
        (0.925, 0.919, 0.75, 0.849, 0.95, ["yes", "**no**", "yes", "**no**", "yes"]),
        (0.924, 0.92, 0.749, 0.85, 0.949, ["**no**", "yes", "**no**", "yes", "**no**"]),
    ],
)
def test_every_missed_aim_of_the_detector_is_bold(auc, spared, found, autoencoder, pixel_auc, said):
    rows = cells(
        rendered(
            "released_detector.md.j2",
            "anomaly_targets",
            official_test={"detector.auc": {"value": auc, "low": 0.9, "high": 0.94}},
            evaluation={
                "autoencoder": {"auc": autoencoder},
                "detector": {
                    "presets": {"specificity_95": {"specificity": spared, "sensitivity": found}}
                },
            },
            localisation={"detector": {"lesions": {"all": {"pixel_auc": pixel_auc}}}},
        )
    )
    assert [row[3] for row in rows] == said


@pytest.mark.parametrize(
    ("refused", "taken", "said"),
    [(0.01, 0.0201, ["yes", "", "**no**", "", ""]), (0.0101, 0.02, ["**no**", "", "yes", "", ""])],
)
def test_every_missed_aim_of_the_gate_is_bold(refused, taken, said):
    rows = cells(
        rendered(
            "input_check.md.j2",
            "gate",
            evaluation={"gate": {"unusual": 0.5, "not_a_chest_radiograph": refused}},
            gate={
                "other": {"n": 5678, "usable": taken},
                "auc": {"usable_against_other": 0.5, "chest_against_other": 0.5},
            },
        )
    )
    assert [row[3] for row in rows] == said


@pytest.mark.parametrize(
    ("missed", "worse"),
    [
        (None, {}),
        (0, {"bench.latency_ms.obvious.p50": 649}),
        (1, {"bench.latency_ms.tf_function.p50": 164}),
        (2, {"bench.drop_ms.p50": 601}),
        (3, {"bench.cold_start_s.obvious.first_page": 7}),
        (3, {"bench.cold_start_s.ours.first_page": 6, "bench.cold_start_s.obvious.first_page": 60}),
        (4, {"bench.cold_start_s.obvious.first_answer": 12}),
        (5, {"bench.peak_memory_mb.ours": 451}),
        (6, {"bench.batch_images_per_s.obvious": 3}),
        (7, {"bench.batch_images_per_s.uncompressed": 13.4}),
        (8, {"bench.batch_images_per_s.jpeg_2000": 13.4}),
        (9, {"bench.threshold_repaint_ms.p50": 16.1}),
        (10, {"bench.peak_share": 0.74}),
        (12, {"bench.search_ms_500k": 11}),
        (12, {"bench.recall_500k": 0.98}),
        (13, {"parity.three_class.share_near": 0.98}),
        (14, {"parity.auc.kept": 0.003}),
        (15, {"parity.neighbours_overlap": 0.89}),
    ],
)
def test_every_missed_aim_of_speed_is_bold(missed, worse):
    context = speed_context(worse)
    rows = cells(rendered("speed.md.j2", "speed", **context))
    said = ["–" if i == 11 else "**no**" if i == missed else "yes" for i in range(16)]
    assert [row[4] for row in rows] == said
    assert cells(rendered("README.md.j2", "main_speed", bench=context["bench"])) == rows[:7]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("amx", ["**no**", "**no**", "yes"]),
        ("vnni", ["yes", "yes", "**no**"]),
        ("plain", ["yes", "yes", "yes"]),
    ],
)
def test_what_is_aimed_at_depends_on_the_processor(kind, said):
    context = speed_context({"bench.machine.kind": kind, "bench.peak_share": 0.5})
    rows = cells(rendered("speed.md.j2", "speed", **context))
    assert [rows[i][4] for i in (0, 1, 10)] == said


def test_every_kind_of_file_is_held_against_the_same_pictures_as_jpeg():
    context = speed_context({})
    rows = cells(rendered("speed.md.j2", "kinds", **context))
    assert [row[2:] for row in rows] == [
        ["–", "–", "–"],
        ["1.50 times", "≤ 1.5 times", "yes"],
        ["1.52 times", "≤ 1.5 times", "**no**"],
        ["–", "–", "–"],
        ["1.38 times", "≤ 1.5 times", "yes"],
    ]
    assert [row[0].endswith(", 3,000 pixels") for row in rows] == [False] * 3 + [True] * 2


def test_what_half_the_sides_change_is_held_against_what_noise_does():
    rows = cells(rendered("speed.md.j2", "apart", **speed_context({})))
    assert [row[1:] for row in rows] == [["0.013", "0.061"], ["0.011", "0.044"]]


def test_what_another_runtime_would_gain_is_held_against_the_one_that_serves():
    runtimes = {
        "machine": MACHINE,
        "runtimes": {
            "litert": {"ms": 10, "ms_one_core": 20, "difference": 0.01},
            "openvino_int8": {"ms": 8, "ms_one_core": 18, "difference": 0.05},
            "openvino_float32": {"ms": 40, "ms_one_core": 80, "difference": 0},
        },
    }
    rows = cells(rendered("speed.md.j2", "runtimes", runtimes=runtimes))
    assert [row[3] for row in rows] == ["–", "20%", "-300%"]


MACHINE = {"cores": 2, "processor": "a processor", "kind": "vnni"}


def speed_context(changed: dict[str, object]) -> dict[str, dict]:
    """Figures of speed that just reach what is aimed at with VNNI, but for those changed."""
    bench = {
        "latency_ms": {
            "ours": {"p50": 50, "p95": 60},
            "obvious": {"p50": 650, "p95": 700},
            "tf_function": {"p50": 165, "p95": 180},
        },
        "kinds": {
            "ms": {
                "small": {
                    "jpeg": {"p50": 50, "p95": 60},
                    "uncompressed": {"p50": 75, "p95": 80},
                    "jpeg_2000": {"p50": 76, "p95": 80},
                },
                "large": {"jpeg": {"p50": 80, "p95": 90}, "jpeg_2000": {"p50": 110, "p95": 120}},
            },
            "large_side": 3000,
            "apart": {
                "halved": {"mean": 0.0125, "most": 0.0611},
                "other_noise": {"mean": 0.0111, "most": 0.0444},
            },
        },
        "cold_start_s": {
            "ours": {"first_page": 2.5, "first_answer": 4.2},
            "obvious": {"first_page": 7.5, "first_answer": 12.6},
        },
        "drop_ms": {"p50": 600, "p95": 900},
        "threshold_repaint_ms": {"p50": 16, "p95": 20, "requests": 0},
        "peak_memory_mb": {"ours": 450, "obvious": 1000},
        "batch_images_per_s": {"ours": 18, "obvious": 2, "uncompressed": 13.5, "jpeg_2000": 13.5},
        "peak_share": 0.75,
        "classifier_pass": {"peak_products_per_s": {"int8": 1e9}, "ms_by_batch": {"1": 9, "2": 8}},
        "search_ms_500k": 10,
        "recall_500k": 0.99,
        "machine": dict(MACHINE),
    }
    parity = {
        "n": 624,
        "binary": {"share_near": 0.99},
        "three_class": {"share_near": 0.99},
        "auc": {"kept": 0.002, "served": 0},
        "neighbours_overlap": 0.9,
    }
    context = {"bench": bench, "parity": parity}
    for path, value in changed.items():
        *parents, name = path.split(".")
        found = context
        for parent in parents:
            found = found[parent]
        found[name] = value
    return context


def test_every_variant_of_the_ablation_has_words():
    results = {
        name: {"scores": {"plain": {"auc": place / 100}}} for place, name in enumerate(VARIANTS)
    }
    rows = cells(rendered("released_classifier.md.j2", "ablation", ablation=results))
    assert [row[1:] for row in sorted(rows, key=lambda row: row[1])] == [
        [f"{place / 100:.3f}", *["–"] * 7] for place in range(len(VARIANTS))
    ]


def test_every_recipe_of_the_report_has_a_module_and_a_block():
    blocks = TEMPLATES.get_template("experiments.md.j2").blocks
    recipes = [row[0].split("`")[1] for row in report_rows({})]
    assert {f"report_{name}" for name in recipes} == blocks.keys() - {"report"}
    for name in recipes:
        assert importlib.util.find_spec(f"train.experiments.report.{name}") is not None


def test_every_recipe_of_the_report_shows_its_own_result():
    voted_or_trained = [
        *("binary_adam", "binary_lr_schedule", "binary_sgd_early_stopping"),
        *("three_class_adam", "knn_binary", "knn_three_class"),
    ]
    experiments = {
        name: {"test": {"accuracy": place / 10}} for place, name in enumerate(voted_or_trained)
    }
    experiments |= {"tsne": {}, "autoencoder": {"test": {"auc": 0.75}}}
    assert [row[2] for row in report_rows(experiments)] == [
        *("0.0%", "10.0%", "20.0%", "30.0%", "40.0%", "50.0%", "figures", "AUROC 0.750")
    ]


def test_a_trained_recipe_shows_its_matrix_and_the_shuffled_one():
    result = {
        "settings": {"epochs_run": 10, "side": 112},
        "seconds": 600,
        "share_of_dead_units": 0.995,
        "validation": {"accuracy": 0.742},
        "test": {
            "accuracy": 0.625,
            "recall": {"normal": 0, "pneumonia": 1},
            "confusion": [[0, 234], [0, 390]],
            "if_shuffled": {"accuracy": 0.5, "confusion": [[1, 233], [2, 388]]},
        },
    }
    first, table, shuffled, figure = rendered(
        "experiments.md.j2", "report_binary_adam", experiments={"binary_adam": result}
    ).split("\n\n")
    assert "10 epochs at 112 px, 10 min" in first and "**62.5%** on the official test" in first
    assert cells(table) == [["normal", "0", "234"], ["pneumonia", "0", "390"]]
    assert shuffled.endswith("said 50.0%: 1 / 233 / 2 / 388.")
    assert figure.endswith("experiments/binary_adam.png)\n")


def test_a_threshold_stands_with_its_rates_where_fitted_and_on_the_test():
    measured = {
        "auc": 0.931,
        "edge_share_of_normals": 0.12,
        "presets": {"youden": {"threshold": 0.25, "sensitivity": 0.8, "specificity": 0.9}},
    }
    held_out = {"normal": [0.1, 0.2, 0.25, 0.3], "pneumonia": [0.25, 0.5], "presets": {}}
    text, table = rendered(
        "detector_card.md.j2",
        "detector",
        evaluation={"detector": measured},
        screening={"detector": held_out},
    ).split("\n\n")
    assert "normal: 0.931" in text and "12%" in text
    assert cells(table) == [["Youden", "0.25", "50.0% / 75.0%", "80.0% / 90.0%"]]


def test_readings_that_scored_no_detector_are_left_out():
    log = [
        {"date": "2026-01-01", "note": "a classifier", "binary": {"auc": 0.9}},
        {"date": "2026-01-02", "note": "", "detector": {"auc": 0.7}},
    ]
    table = rendered("released_detector.md.j2", "anomaly_readings", test_log=log)
    assert cells(table) == [["2026-01-02", "—", "0.700"]]


@pytest.mark.parametrize(
    ("shipped", "words"), [("aaa", "the one that ships (aaa)"), ("bbb", "an earlier one (aaa)")]
)
def test_views_say_which_classifier_they_were_measured_on(shipped, words):
    text = rendered(
        "released_classifier.md.j2",
        "test_time_views",
        test_time_views={"classifier": "aaa", "scores": {}},
        evaluation={"model": {"classifier": shipped}},
    )
    assert text.startswith(f"Measured on {words}.\n")
