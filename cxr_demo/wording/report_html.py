"""The report of a reading as an HTML file that prints to one page of A4, before it is filled in.

Data contract: a document in every language, for `ui/components/viewer_report.js`, which

- puts lines of text into `data-fill`: "label", "date", "warnings", "method" and "notes";
- draws the pictures `data-look`: "none", "anomaly" and "saliency pneumonia" over the radiograph;
- copies into `data-from` what the page shows, by its selector;
- keeps the language that is chosen.
"""

from cxr_demo.wording.spans import say, sentence

STYLE = """
@page { size: A4; margin: 11mm } * { box-sizing: border-box }
body { font: 9.5pt/1.35 system-ui, sans-serif; color: #111; max-width: 188mm; margin: 4mm auto }
h1 { font-size: 14pt; margin: 0 } h1 p { display: inline }
h2 { font-size: 10.5pt; margin: 2.5mm 0 1mm; border-bottom: .2mm solid #999 }
p, figure, ol { margin: 1mm 0; padding: 0 }
.warn p { border: .4mm solid #a5301d; padding: 1.5mm 2mm; font-weight: 600 }
.three { display: grid; grid-template-columns: repeat(3, 1fr); gap: 3mm }
.two { display: grid; grid-template-columns: 1fr 1fr; gap: 0 6mm }
img { width: 100%; height: 56mm; object-fit: contain; background: #000 }
figcaption { font-size: 8pt; color: #444 } figcaption * { display: inline; margin: 0 }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt }
th, td { padding: .4mm 1.5mm; border-bottom: .1mm solid #ccc; text-align: left; font-weight: 400 }
.bar { display: grid; grid-template-columns: 22mm 1fr 14mm; gap: 2mm; align-items: center }
.bar b { text-align: right }
.track { position: relative; display: block; height: 2.4mm; min-width: 16mm; background: #e4e7ea }
.track * { position: absolute; top: 0; bottom: 0; background: #456 }
.track i { width: .5mm; background: #000 }
.words { display: block; font-size: 8.5pt; border-bottom: .1mm solid #ccc }
.words > * + *::before { content: ' · ' }
h1 p::before, figcaption p::before { content: ': ' }
@media print { * { print-color-adjust: exact } }
"""


def report_html() -> str:
    """The document."""
    title = sentence("report.title")
    pictures = "".join(
        f'<figure><img alt="" data-look="{look}"><figcaption>{caption}</figcaption></figure>'
        for look, caption in {
            "none": say("report.radiograph"),
            "anomaly": f'{say("overlay.anomaly")}<span data-fill="method"></span>',
            "saliency pneumonia": say("overlay.saliency", **{"class": sentence("class.pneumonia")}),
        }.items()
    )
    return f"""<head><meta charset="utf-8"><title>{title("en")}</title><style>{STYLE}</style></head>
<body><h1>{say("report.title")}<span data-fill="label"></span></h1><div data-fill="date"></div>
<div class="warn"><p>{say("disclaimer")}</p></div><div class="warn" data-fill="warnings"></div>
<div class="three">{pictures}</div>
<div class="two"><div><h2>{say("probabilities.title")}</h2>
<div data-from=".findings :is(.bar, .called, .set, .meaning)"></div>
<p>{say("probabilities.note")}</p></div>
<div><h2>{say("neighbours.title")}</h2><div data-from=".findings .vote"></div>
<div data-from=".findings .vote ~ .cards .words"></div></div></div>
<h2>{say("anomaly.title")}</h2><div data-from=".cxr-panel :is(.said, .meant)"></div>
<table><tbody data-from=".zones tbody tr"></tbody></table><div data-fill="notes"></div></body>"""
