"""How Sphinx makes the site: `make docs` builds it into build/site, every warning an error, nothing fetched.

The pages stay plain Markdown that a forge shows as well: what leads from page to page is taken from index.md.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx

from tollhouse import __version__

project = "Tollhouse"
version = release = __version__
copyright = ""

extensions = ["myst_parser"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = "Tollhouse"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_permalinks_icon = "#"
pygments_style = "friendly"
pygments_dark_style = "monokai"

_LINK = re.compile(r"\]\(([\w/-]+)\.md\)")


def contents(app: Sphinx, page: str, source: list[str]) -> None:
    """Under each heading of the index, what it links to becomes a part of the contents; generated pages their own."""
    if page != "index":
        return
    parts = re.split(r"^## (.+)$", source[0], flags=re.MULTILINE)
    told: set[str] = set()
    trees = []
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        names = [name for name in dict.fromkeys(_LINK.findall(text)) if name not in told]
        told.update(names)
        trees.append("\n".join(("```{toctree}", ":hidden:", f":caption: {heading}", "", *names, "```")))
    source[0] += "\n\n" + "\n\n".join(trees) + "\n"


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", contents)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
