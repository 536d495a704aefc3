"""How the page looks: Gradio's base theme in the colours of a reading room, with system fonts.

Dark is the default and is what the colours are made for; light is complete. Sizes and spaces come
from the scales in `page.css`.
"""

from pathlib import Path

from cxr_demo.server.gradio_setup import gr

FOLDER = Path(__file__).parent
CSS = (FOLDER / "page.css").read_text("utf-8")
SCRIPT = (FOLDER / "page.js").read_text("utf-8")
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
    "table_border_color": ("#cdd5db", "#2a333b"),
    "table_even_background_fill": ("#ffffff", "#12171c"),
    "table_odd_background_fill": ("#f4f6f8", "#161c22"),
}
"""In light and in dark."""


def reading_room() -> gr.themes.Base:
    """The theme."""
    theme = gr.themes.Base(
        primary_hue="sky", neutral_hue="slate", spacing_size="sm", radius_size="sm",
        font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"],
    )  # fmt: skip
    dark = {f"{name}_dark": colour for name, (_, colour) in COLOURS.items()}
    light = {name: colour for name, (colour, _) in COLOURS.items()}
    spaces = {"block_border_width": "0px", "block_padding": "8px", "layout_gap": "8px"}
    return theme.set(**light, **dark, **spaces, block_title_text_weight="500")
