"""What the page says, as HTML and figures in every language: pure functions that know no Gradio."""
