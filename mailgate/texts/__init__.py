"""Texts as people write them: templates with their tags, Markdown and HTML, in the right language."""
