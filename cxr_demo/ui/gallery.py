"""Thumbnails of the shipped examples for `gr.Gallery`.

example_thumbnails(artefacts, paths, folder) -> list[tuple[str, str]]: (file, caption key) written
once at start as JPEG of 120 px; `folder` has to be a static path of Gradio's.
"""
