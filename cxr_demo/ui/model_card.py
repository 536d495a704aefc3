"""The model card of the About tab as HTML in every language; every figure is read from JSON.

Data contract: `figures` are those of `metrics/evaluation.json`, `flat`, with three things besides:
"localisation.…", the metrics of that name; "held_out.…", the classifier's operating points on
held-out patients; "spared.…", the shares of their normals below each anomaly method's default
threshold. Sentences name what they are filled with by its path, see `_filled`. Pure functions.
"""

import re
from collections.abc import Iterable, Mapping

from cxr_demo.i18n import messages
from cxr_demo.models.calibration import BINARY, HEADS, THREE_CLASS
from cxr_demo.ui.messages import table_html
from cxr_demo.ui.wording import Wording, in_every_language, number, percent, say, sentence

POINTS = ("youden", "sensitivity_95", "specificity_90"), ("threshold", "sensitivity", "specificity")
LESIONS = (
    ("soft opacity", "consolidation-like blob", "device-like line", "all"),
    ("pixel_auc", "pointing_game", "image_auc"),
)
TABLES = {
    "two": (
        "", "about.part.",
        (
            "binary", "knn_binary", "detector", "autoencoder",
            "baselines.border only", "baselines.aspect only", "baselines.texture only",
        ),
        (
            "auc", "accuracy", "sensitivity", "specificity", "specificity_at_sensitivity_0.97",
            "auc_across_training_patients",
        ),
    ),
    "three": (
        "", "about.part.", ("three_class", "knn_three_class"),
        (
            "accuracy", "macro_f1", "recall.normal", "recall.bacterial", "recall.viral",
            "bacterial_viral_auc",
        ),
    ),
    "calibration": (
        "", "head.", ("binary", "three_class"),
        ("expected_calibration_error", "expected_calibration_error_at_prior", "brier"),
    ),
    "operating_points": ("operating_points.", "point.", *POINTS),
    "held_out": ("held_out.", "point.", *POINTS),
    "lesions.detector": ("localisation.detector.lesions.", "about.lesion.", *LESIONS),
    "lesions.autoencoder": ("localisation.autoencoder.lesions.", "about.lesion.", *LESIONS),
}  # fmt: skip
"""By caption: where its rows stand, what they are called, the rows, the columns."""
SOURCES = {
    "kermany": "https://doi.org/10.17632/rscbjbr9sj.2",
    "xin": "https://doi.org/10.1007/s10140-021-01954-x",
    "bacterial_viral": "https://pmc.ncbi.nlm.nih.gov/articles/PMC5922330/",
    "rajaraman": "https://doi.org/10.3390/app8101715",
    "simsid": "https://arxiv.org/abs/2403.08689",
}


def flat(metrics: Mapping, path: str = "") -> dict[str, object]:
    """What stands in nested dictionaries, by the path to it, as "binary.auc"."""
    found = {}
    for name, value in metrics.items():
        is_inner = isinstance(value, Mapping)
        found |= flat(value, f"{path}{name}.") if is_inner else {path + name: value}
    return found


def purpose_html() -> str:
    """What it is for, and what it is not for."""
    return (
        f"<p>{say('about.purpose.what')}</p><p>{say('about.purpose.made')}</p>"
        f"<h3>{say('about.purpose.for')}</h3>{_all('about.purpose.for.')}"
        f"<h3>{say('about.purpose.not')}</h3>{_all('about.purpose.not.')}"
    )


def shortfalls_html(figures: Mapping) -> str:
    """What falls short, with the figures that say so."""
    normals = figures["binary.confusion"][0]
    return _all("about.short.", alarms=normals[1], normals=sum(normals), **_filled(figures))


def figures_html(figures: Mapping) -> str:
    """Tables of what was measured, each with its number of images, and the rest in words."""
    tables = []
    for name, (where, words, rows, columns) in TABLES.items():
        n = figures["localisation.n_normals" if rows is LESIONS[0] else "n"]
        head = [say("about.measure"), *(say(f"about.measure.{column}") for column in columns)]
        body = [
            [say(words + row), *(_figure(figures, f"{where}{row}.{column}") for column in columns)]
            for row in rows
        ]
        tables.append(table_html(say(f"about.caption.{name}", n=n), head, body))
    how = say("about.figures.how", threshold=number(figures["binary.threshold"], 1))
    besides = _all("about.besides.", **_filled(figures))
    return f"<p>{how}</p><div class='tables'>{''.join(tables)}</div>{besides}"


def confusions_html(figures: Mapping) -> str:
    """Confusion matrices: counts, and their share of the row as shade."""
    tables = []
    for part, classes in {**HEADS, "knn_binary": BINARY, "knn_three_class": THREE_CLASS}.items():
        names = [{"class": sentence(f"class.{name}")} for name in classes]
        rows = []
        for i, counts in enumerate(figures[f"{part}.confusion"]):
            cells = [_cell(count / sum(counts), count, i == j) for j, count in enumerate(counts)]
            rows.append([say("about.true", n=sum(counts), **names[i]), *cells])
        columns = [say("about.true.column"), *(say("about.called", **name) for name in names)]
        caption = say(f"about.caption.{part}", n=figures[f"{part}.n"])
        tables.append(table_html(caption, columns, rows))
    return f"<p>{say('about.confusions.how')}</p><div class='tables'>{''.join(tables)}</div>"


def data_html(serving: Mapping[str, str], measured: Mapping[str, str]) -> str:
    """Data, licences, sources, and the artefacts that answer beside those that were measured."""
    sources = [
        f'{say(f"about.source.{name}")} <a href="{href}" target="_blank" rel="noopener noreferrer">'
        f"{href}</a>"
        for name, href in SOURCES.items()
    ]
    rows = []
    for name in serving:
        ids = [f"<code>{given.get(name, '—')}</code>" for given in (serving, measured)]
        rows.append([say(f"about.method.{name}"), *ids])
    columns = [say(f"about.versions.{name}") for name in ("part", "serving", "measured")]
    same = serving.items() <= measured.items()
    return (
        f"{_all('about.licence.')}<h3>{say('about.sources')}</h3>{_list(sources)}"
        f"{table_html(say('about.versions.caption'), columns, rows)}"
        f"<p>{say('about.versions.same' if same else 'about.versions.other')}</p>"
    )


def _figure(figures: Mapping, path: str) -> str:
    """A figure with its 95 % interval, where one was computed; a dash where there is none."""
    if path not in figures:
        return "—"
    values = (figures[path], *figures.get(f"intervals.{path}", ()))
    value, *ends = (in_every_language(number(one, 3)) for one in values)
    return f"{value} <span class='dim'>({'–'.join(ends)})</span>" if ends else value


def _filled(figures: Mapping) -> dict[str, int | Wording]:
    """Figures as sentences have them: "binary.auc" is {binary_auc}, with three decimals, and, as a
    share, {binary_auc_percent}."""
    filled = {}
    for path, value in figures.items():
        name = re.sub(r"\W", "_", path)
        if isinstance(value, int):
            filled[name] = value
        elif isinstance(value, float):
            filled |= {name: number(value, 3), f"{name}_percent": percent(value, 1)}
    return filled


def _cell(share: float, count: int, right: bool) -> str:
    return (
        f'<span class="cell{" right" * right}" style="--share:{share:.3f}"><b>{count}</b> '
        f"{in_every_language(percent(share, 1))}</span>"
    )


def _all(prefix: str, **values: object) -> str:
    """A list of all sentences whose key begins so."""
    return _list(say(key, **values) for key in messages() if key.startswith(prefix))


def _list(sentences: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{one}</li>' for one in sentences)}</ul>"
