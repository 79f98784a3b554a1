"""The web book's Sphinx configuration, its style, and a small extension. `python -m helpers.course.web_book` builds it."""
