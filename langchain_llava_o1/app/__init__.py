"""A small web app to ask in the browser (read page.py first); Gradio is loaded only with it."""
