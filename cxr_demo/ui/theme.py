"""How the page looks: Gradio's base theme in the colours of a reading room, with system fonts.

Dark is the default and is what the colours are made for; light is complete. Sizes and spaces come
from the scales in `page.css`.
"""

from pathlib import Path

from cxr_demo.i18n import LANGUAGES
from cxr_demo.models.calibration import THREE_CLASS
from cxr_demo.server.gradio_setup import gr

COLOURS = {
    "body_background_fill": ("#e9edf0", "#0b0e11"),
    "body_text_color": ("#1c252c", "#d6dde3"),
    "body_text_color_subdued": ("#505d68", "#9aa6b0"),
    "background_fill_primary": ("#ffffff", "#12171c"),
    "background_fill_secondary": ("#eef2f5", "#1a2127"),
    "block_background_fill": ("#ffffff", "#12171c"),
    "block_label_text_color": ("#505d68", "#9aa6b0"),
    "block_title_text_color": ("#414d57", "#b6c0c9"),
    "block_info_text_color": ("#414d57", "#b6c0c9"),
    "button_primary_background_fill": ("#0b6aa8", "#0b6aa8"),
    "button_primary_background_fill_hover": ("#095a90", "#095a90"),
    "button_primary_text_color": ("#ffffff", "#ffffff"),
    "button_secondary_background_fill": ("#dde4e9", "#1a2127"),
    "border_color_primary": ("#cdd5db", "#2a333b"),
    "input_background_fill": ("#ffffff", "#1a2127"),
    "color_accent_soft": ("#d8ecf8", "#1a2a35"),
    "checkbox_label_background_fill_selected": ("#d8ecf8", "#1a2a35"),
    "checkbox_label_border_color_selected": ("#0b6aa8", "#56b4e9"),
    "checkbox_label_text_color_selected": ("#0c1216", "#eef2f5"),
    "table_border_color": ("#cdd5db", "#2a333b"),
    "table_even_background_fill": ("#ffffff", "#12171c"),
    "table_odd_background_fill": ("#f4f6f8", "#161c22"),
}
"""Gradio's, in light and in dark."""
OURS = {
    "ground": ("#f4f6f8", "#0b0e11"),
    "bright": ("#0c1216", "#eef2f5"),
    "accent": ("#0b6aa8", "#56b4e9"),
    "other": ("#b9c2c9", "#59646d"),
    "good": ("#1d6b43", "#7fcfa4"),
    "bad": ("#a5301d", "#f0a193"),
    "caution": ("#855600", "#e0b35a"),
    "normal": ("#0b6aa8", "#56b4e9"),
    "bacterial": ("#a86200", "#e69f00"),
    "viral": ("#ad3f86", "#e78ac3"),
    "map": ("#8b98a4", "#8b98a4"),
}
"""Our own; classes are told apart by the colour-blind (Okabe and Ito, 2008)."""


CLASSES = {name: name for name in (*THREE_CLASS, "map")} | {"pneumonia": "bacterial"}
"""Of `data-class`, and the colour of each."""


def _rules() -> str:
    """Colours, those of `data-class`, and of each sentence the language that was chosen (see
    `wording.spans`), English until one is."""
    light, dark = (
        "".join(f"--{name}: {colours[number]}; " for name, colours in OURS.items())
        for number in (0, 1)
    )
    kinds = "".join(
        f"[data-class={name}] {{ --class: var(--{colour}); }}" for name, colour in CLASSES.items()
    )
    chosen = {name: f"[lang={name}]" for name in LANGUAGES[1:]}
    chosen[LANGUAGES[0]] = "".join(f":not([lang={name}])" for name in LANGUAGES[1:])
    others = "".join(
        f".gradio-container{page} [lang]:not([lang={name}]) {{ display: none !important; }}"
        for name, page in chosen.items()
    )
    return f":root {{ {light} }} .dark {{ {dark} }} {kinds} {others}"


FOLDER = Path(__file__).parent
SHEETS = ("components/findings.css", "page.css")
CSS = _rules() + "".join((FOLDER / sheet).read_text("utf-8") for sheet in SHEETS)
SCRIPT = (FOLDER / "page.js").read_text("utf-8")

TYPE = gr.themes.Size("11px", "11px", "12.5px", "14px", "14px", "18px", "18px", name="text")
SPACES = {
    "block_border_width": "0px",
    "block_padding": "8px",
    "layout_gap": "8px",
    "checkbox_label_gap": "4px",
    "checkbox_label_padding": "3px 8px",
    "checkbox_label_shadow": "none",
    "checkbox_label_text_size": "*text_sm",
    "block_title_text_size": "*text_sm",
    "checkbox_label_border_width": "1px",
    "checkbox_label_border_width_dark": "1px",
}


def reading_room() -> gr.themes.Base:
    """The theme."""
    theme = gr.themes.Base(
        primary_hue="sky", neutral_hue="slate", spacing_size="sm", radius_size="sm", text_size=TYPE,
        font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"],
    )  # fmt: skip
    dark = {f"{name}_dark": colour for name, (_, colour) in COLOURS.items()}
    light = {name: colour for name, (colour, _) in COLOURS.items()}
    return theme.set(**light, **dark, **SPACES, block_title_text_weight="500")
