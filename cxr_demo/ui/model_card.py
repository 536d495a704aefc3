"""The model card of the About tab as HTML in every language; every figure is read from JSON.

Data contract: `measured` holds the artefacts of `metrics/`: "evaluation", "localisation",
"self_test". Pure functions.
"""

from collections.abc import Iterable, Mapping, Sequence

from cxr_demo.models.calibration import BINARY, HEADS, THREE_CLASS
from cxr_demo.ui.messages import table_html
from cxr_demo.ui.wording import Wording, in_every_language, number, percent, say, sentence

CLASSIFIER = {
    "auc": "binary.auc",
    "accuracy": "binary.accuracy",
    "sensitivity": "binary.sensitivity",
    "specificity": "binary.specificity",
    "specificity_at": "binary.specificity_at_sensitivity_0.97",
    "calibration": "binary.expected_calibration_error",
    "calibration_prior": "binary.expected_calibration_error_at_prior",
    "brier": "binary.brier",
}
THREE = {
    "accuracy": "three_class.accuracy",
    "macro_f1": "three_class.macro_f1",
    **{f"recall.{name}": f"three_class.recall.{name}" for name in THREE_CLASS},
    "bacterial_viral": "three_class.bacterial_viral_auc",
    "calibration": "three_class.expected_calibration_error",
    "calibration_prior": "three_class.expected_calibration_error_at_prior",
}
VOTE = {
    "two": "knn_binary.accuracy",
    "two.sensitivity": "knn_binary.sensitivity",
    "two.specificity": "knn_binary.specificity",
    "three": "knn_three_class.accuracy",
    **{f"recall.{name}": f"knn_three_class.recall.{name}" for name in THREE_CLASS},
}
METHODS = ("detector", "autoencoder")
SOURCES = {
    "kermany": "https://doi.org/10.17632/rscbjbr9sj.2",
    "xin": "https://doi.org/10.1007/s10140-021-01954-x",
    "bacterial_viral": "https://pmc.ncbi.nlm.nih.gov/articles/PMC5922330/",
    "rajaraman": "https://doi.org/10.3390/app8101715",
    "simsid": "https://arxiv.org/abs/2403.08689",
}


def purpose_html() -> str:
    """What it is for, and what it is not for."""
    return (
        _paragraphs("about.purpose.what", "about.purpose.made")
        + f"<h3>{say('about.purpose.for')}</h3>"
        + _list(say(f"about.purpose.for.{name}") for name in ("try", "teach", "compare"))
        + f"<h3>{say('about.purpose.not')}</h3>"
        + _list(say(f"about.purpose.not.{name}") for name in ("patients", "others", "kinds"))
    )


def shortfalls_html(evaluation: Mapping, held_out: Mapping) -> str:
    """What falls short, with the figures that say so."""
    binary, three = evaluation["binary"], evaluation["three_class"]
    detector, baselines = evaluation["detector"], evaluation["baselines"]
    normals = binary["confusion"][0]

    def at(value: float) -> Wording:
        return number(value, 3)

    def share(value: float) -> Wording:
        return percent(value, 1)

    values = {
        "specificity": {
            "specificity": at(binary["specificity"]), "alarms": normals[1], "n": sum(normals)
        },
        "published": {"accuracy": share(binary["accuracy"]), "three": share(three["accuracy"])},
        "detector": {
            "auc": at(detector["auc"]), "autoencoder": at(evaluation["autoencoder"]["auc"])
        },
        "strange": {
            "held": share(spared(held_out, evaluation, "detector")),
            "test": share(detector["specificity"]),
        },
        "bacterial_viral": {"recall": share(three["recall"]["viral"])},
        "elsewhere": {},
        "shortcuts": {
            name: at(baselines[f"{name} only"]["auc"]) for name in ("border", "aspect", "texture")
        },
        "missed": {}, "prior": {}, "labels": {},
    }  # fmt: skip
    return _list(say(f"about.short.{name}", **filled) for name, filled in values.items())


def figures_html(
    evaluation: Mapping, localisation: Mapping, held_out: Mapping, points: Mapping
) -> str:
    """Tables of what was measured, each with its number of images."""
    how = say("about.figures.how", threshold=number(evaluation["binary"]["threshold"], 1))
    tables = [
        _measures("binary", evaluation, CLASSIFIER),
        _measures("three_class", evaluation, THREE),
        _points(evaluation, points),
        _shortcuts(evaluation),
        _measures("vote", evaluation, VOTE),
        _anomaly(evaluation, held_out),
        _lesions(localisation),
    ]
    besides = _besides(evaluation, localisation)
    return f"<p>{how}</p><div class='tables'>{''.join(tables)}</div>{besides}"


def confusions_html(evaluation: Mapping) -> str:
    """Confusion matrices: counts, and their share of the row as shade."""
    heads = {**HEADS, "knn_binary": BINARY, "knn_three_class": THREE_CLASS}
    tables = [_confusion(name, classes, evaluation[name]) for name, classes in heads.items()]
    return f"<p>{say('about.confusions.how')}</p><div class='tables'>{''.join(tables)}</div>"


def data_html(serving: Mapping[str, str], measured: Mapping[str, str]) -> str:
    """Data, licences, sources, and the artefacts that answer beside those that were measured."""
    sources = [
        f'{say(f"about.source.{name}")} <a href="{href}" target="_blank" rel="noopener noreferrer">'
        f"{href}</a>"
        for name, href in SOURCES.items()
    ]
    rows = [
        [say(f"about.method.{name}"), f"<code>{digest}</code>", f"<code>{measured[name]}</code>"]
        for name, digest in serving.items()
    ]
    columns = [say(f"about.versions.{name}") for name in ("part", "serving", "measured")]
    same = all(serving[name] == measured[name] for name in serving)
    return (
        _list(say(f"about.licence.{name}") for name in ("data", "code", "trunk", "pictures"))
        + f"<h3>{say('about.sources')}</h3>{_list(sources)}"
        + table_html(say("about.versions.caption"), columns, rows)
        + _paragraphs(f"about.versions.{'same' if same else 'other'}")
    )


def spared(held_out: Mapping, evaluation: Mapping, method: str) -> float:
    """Share of held-out normals that a method's default threshold spares."""
    scores, threshold = held_out[method]["normal"], evaluation[method]["threshold"]
    return sum(score <= threshold for score in scores) / len(scores)


def _at(value: float) -> str:
    return in_every_language(number(value, 3))


def _figure(evaluation: Mapping, path: str) -> str:
    """A figure with its 95 % interval, where one was computed."""
    value = _at(_look(evaluation, path))
    interval = evaluation["intervals"].get(path)
    return f"{value} ({'–'.join(map(_at, interval))})" if interval else value


def _look(evaluation: Mapping, path: str) -> float:
    if path in evaluation:  # a key may hold a dot of its own, that of a number
        return evaluation[path]
    first, _, rest = path.partition(".")
    return _look(evaluation[first], rest)


def _measures(name: str, evaluation: Mapping, rows: Mapping[str, str]) -> str:
    part = next(iter(rows.values())).partition(".")[0]
    return table_html(
        say(f"about.caption.{name}", n=evaluation[part]["n"]),
        [say("about.measure"), say("about.result")],
        [
            [say(f"about.measure.{key}", least=number(0.97, 2)), _figure(evaluation, path)]
            for key, path in rows.items()
        ],
    )


def _points(evaluation: Mapping, held_out: Mapping) -> str:
    def both(point: Mapping) -> str:
        return f"{_at(point['sensitivity'])} / {_at(point['specificity'])}"

    return table_html(
        say("about.caption.points", n=evaluation["binary"]["n"]),
        [say(f"about.measure.{name}") for name in ("point", "threshold", "held_out", "test")],
        [
            [say(f"point.{name}"), _at(point["threshold"]), both(held_out[name]), both(point)]
            for name, point in evaluation["operating_points"].items()
        ],
    )


def _shortcuts(evaluation: Mapping) -> str:
    def row(name: str, scores: Mapping) -> list[str]:
        across = scores.get("auc_across_training_patients")
        return [name, _at(across) if across else "—", _at(scores["auc"]), _at(scores["accuracy"])]

    rows = [row(say(f"about.shortcut.{name}"), s) for name, s in evaluation["baselines"].items()]
    return table_html(
        say("about.caption.shortcuts", n=evaluation["binary"]["n"]),
        [
            say(f"about.measure.{name}")
            for name in ("shortcut", "auc_across", "auc_test", "accuracy")
        ],
        [*rows, row(say("about.method.classifier"), evaluation["binary"])],
    )


def _anomaly(evaluation: Mapping, held_out: Mapping) -> str:
    shown = {
        "auc": lambda method: _figure(evaluation, f"{method}.auc"),
        "default.sensitivity": lambda method: _figure(evaluation, f"{method}.sensitivity"),
        "default.specificity": lambda method: _figure(evaluation, f"{method}.specificity"),
        "default.held_out": lambda method: _at(spared(held_out, evaluation, method)),
        "edge": lambda method: in_every_language(
            percent(evaluation[method]["edge_share_of_normals"], 1)
        ),
    }
    return table_html(
        say("about.caption.anomaly", n=evaluation["detector"]["n"]),
        [say("about.measure"), *(say(f"about.method.{method}") for method in METHODS)],
        [[say(f"about.measure.{key}"), *map(show, METHODS)] for key, show in shown.items()],
    )


def _lesions(localisation: Mapping) -> str:
    columns = ("pixel_auc", "pointing_game", "image_auc")
    rows = [
        [
            f"{say(f'about.method.{method}')}: {say(f'about.lesion.{kind}')}",
            *(_at(scores[name]) for name in columns),
        ]
        for method in METHODS
        for kind, scores in localisation[method]["lesions"].items()
    ]
    return table_html(
        say("about.caption.lesions", n=localisation["n_normals"]),
        [say("about.lesion"), *(say(f"about.measure.{name}") for name in columns)],
        rows,
    )


def _besides(evaluation: Mapping, localisation: Mapping) -> str:
    found, native = evaluation["not_sure"], evaluation["native_agreement"]
    rates = localisation["detector"]["specificity"]
    shares = {
        "coverage": found["coverage"], "sure": found["share_sure"],
        "right": found["accuracy_where_sure"], "plain": rates["plain"],
        "contrast": rates["local contrast"], "far": rates["seen from 1.3 times as far"],
        "share": native["share_within_0.10"],
    }  # fmt: skip
    values = {name: percent(share, 1) for name, share in shares.items()}
    values |= {"size": number(found["mean_size"], 2), "within": number(0.1, 2), "n": native["n"]}
    return _list(
        say(f"about.besides.{name}", **values) for name in ("plausible", "native", "stress")
    )


def _confusion(name: str, classes: Sequence[str], scores: Mapping) -> str:
    rows = []
    for i, (true, counts) in enumerate(zip(classes, scores["confusion"], strict=True)):
        shares = [count / sum(counts) for count in counts]
        cells = [
            f'<span class="cell{" right" * (i == j)}" style="--share:{share:.3f}"><b>{count}</b> '
            f"{in_every_language(percent(share, 1))}</span>"
            for j, (count, share) in enumerate(zip(counts, shares, strict=True))
        ]
        rows.append([say("about.true", n=sum(counts), **{"class": _class(true)}), *cells])
    called = [say("about.called", **{"class": _class(other)}) for other in classes]
    caption = say(f"about.caption.{name}", n=scores["n"])
    return table_html(caption, [say("about.true.column"), *called], rows)


def _class(name: str) -> Wording:
    return sentence(f"class.{name}")


def _paragraphs(*keys: str) -> str:
    return "".join(f"<p>{say(key)}</p>" for key in keys)


def _list(sentences: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{one}</li>' for one in sentences)}</ul>"
