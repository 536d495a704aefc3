"""How the page looks: Gradio's base theme in the colours of a reading room, with system fonts.

Dark is the default and is what the colours are made for; light is complete. Sizes and spaces come
from the scales in `page.css`.
"""

from pathlib import Path

from cxr_demo.server.gradio_setup import gr

CSS = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")

DARK_FIRST = """() => {
  const chosen = new URL(window.location).searchParams.get('__theme');
  if (chosen === null || chosen === 'system') document.body.classList.add('dark');
}"""
"""Run when the page has loaded: Gradio itself follows the system, whose default is light."""


def reading_room() -> gr.themes.Base:
    """The theme."""
    fonts = ["system-ui", "sans-serif"]
    return gr.themes.Base(
        primary_hue="sky",
        neutral_hue="slate",
        text_size="md",
        spacing_size="sm",
        radius_size="sm",
        font=fonts,
        font_mono=["ui-monospace", "monospace"],
    ).set(
        body_background_fill="#e9edf0",
        body_background_fill_dark="#0b0e11",
        body_text_color="#1c252c",
        body_text_color_dark="#d6dde3",
        body_text_color_subdued="#505d68",
        body_text_color_subdued_dark="#9aa6b0",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#12171c",
        background_fill_secondary="#eef2f5",
        background_fill_secondary_dark="#1a2127",
        block_background_fill="#ffffff",
        block_background_fill_dark="#12171c",
        block_border_width="0px",
        block_label_text_color="#505d68",
        block_label_text_color_dark="#9aa6b0",
        block_title_text_color="#414d57",
        block_title_text_color_dark="#b6c0c9",
        block_info_text_color="#414d57",
        block_info_text_color_dark="#b6c0c9",
        button_primary_background_fill="#0b6aa8",
        button_primary_background_fill_dark="#0b6aa8",
        button_primary_background_fill_hover="#095a90",
        button_primary_background_fill_hover_dark="#095a90",
        button_primary_text_color="#ffffff",
        block_title_text_weight="500",
        block_padding="8px",
        layout_gap="8px",
        border_color_primary="#cdd5db",
        border_color_primary_dark="#2a333b",
        input_background_fill="#ffffff",
        input_background_fill_dark="#1a2127",
        color_accent_soft_dark="#1a2a35",
        button_secondary_background_fill_dark="#1a2127",
    )
