"""The model card of the About tab as HTML in every language, from what `cxr_demo.model_card` has.

Data contract: `figures` are `model_card.card_figures`. Pure functions.
"""

from collections.abc import Iterable, Mapping

from cxr_demo import model_card
from cxr_demo.i18n import messages
from cxr_demo.wording.messages import table_html
from cxr_demo.wording.spans import in_every_language, number, percent, say, sentence


def purpose_html() -> str:
    """What it is for, and what it is not for."""
    return (
        f"<p>{say('about.purpose.what')}</p><p>{say('about.purpose.made')}</p>"
        f"<h3>{say('about.purpose.for')}</h3>{_all('about.purpose.for.')}"
        f"<h3>{say('about.purpose.not')}</h3>{_all('about.purpose.not.')}"
    )


def shortfalls_html(figures: Mapping) -> str:
    """What falls short, with the figures that say so."""
    return _all("about.short.", **model_card.sentence_values(figures))


def figures_html(figures: Mapping) -> str:
    """Tables of what was measured, each with its number of images, and the rest in words."""
    tables = [
        table_html(
            say(f"about.caption.{name}", n=n),
            [say("about.measure"), *(say(f"about.measure.{column}") for column in columns)],
            [[say(key), *map(_figure, cells)] for key, cells in rows.items()],
        )
        for name, n, columns, rows in model_card.tables(figures)
    ]
    how = say("about.figures.how", threshold=number(figures["binary.threshold"], 1))
    besides = _all("about.besides.", **model_card.sentence_values(figures))
    return f"<p>{how}</p><div class='tables'>{''.join(tables)}</div>{besides}"


def confusions_html(figures: Mapping) -> str:
    """Confusion matrices: counts, and their share of the row as shade."""
    tables = []
    for part, classes in model_card.CONFUSIONS.items():
        names, rows = [{"class": sentence(f"class.{name}")} for name in classes], []
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
        for name, href in model_card.SOURCES.items()
    ]
    rows = [
        [
            say(f"about.method.{name}"),
            f"<code>{here}</code>",
            f"<code>{measured.get(name, '—')}</code>",
        ]
        for name, here in serving.items()
    ]
    columns = [say(f"about.versions.{name}") for name in ("part", "serving", "measured")]
    same = serving.items() <= measured.items()
    return (
        f"{_all('about.licence.')}<h3>{say('about.sources')}</h3>{_list(sources)}"
        f"{table_html(say('about.versions.caption'), columns, rows)}"
        f"<p>{say('about.versions.same' if same else 'about.versions.other')}</p>"
    )


def _figure(found: tuple[float, ...]) -> str:
    """A cell of `model_card.Table`; a dash where nothing was measured."""
    value, *ends = [in_every_language(number(one, 3)) for one in found] or ["—"]
    return f"{value} <span class='dim'>({'–'.join(ends)})</span>" if ends else value


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
