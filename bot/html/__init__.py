"""Markdown and reports as HTML pages that need nothing else. Pure: files are written elsewhere."""
