"""MkDocs hooks: pages that stand elsewhere in the repository, so that nothing is written twice.

A page keeps the links that work where it stands, as on GitHub; here they become links of the site.
"""

import ast
import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

SOURCES = {
    "index.md": "README.md",
    "changelog.md": "CHANGELOG.md",
    "contributing.md": "CONTRIBUTING.md",
    "license.md": "LICENSE",
    "model-card.md": "langchain_llava_o1/tiny/checkpoint/README.md",
    "examples.md": "examples",
    "picture.png": "langchain_llava_o1/tiny/pictures/demo.png",
    "puzzle.png": "langchain_llava_o1/tiny/puzzles/trails.png",
}
"""Where files of the site come from. Other files of the site are in docs/."""

_NAMES = {source: name for name, source in SOURCES.items()}
# Code is matched, too, so that nothing inside it is taken for a link.
_CODE_OR_LINK = re.compile(r"```.*?```|`[^`]*`|(?<=\]\()(?!\w+:|#)(?P<path>[^)#\s]+)", re.DOTALL)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are not in docs/."""
    root = Path(config.config_file_path).parent
    for name, source in SOURCES.items():
        path = root / source
        if path.is_dir():
            files.append(File.generated(config, name, content=_list_examples(path)))
        elif source == "LICENSE":
            files.append(
                File.generated(config, name, content=f"# License\n\n```text\n{path.read_text()}```\n")
            )
        else:
            files.append(File.generated(config, name, abs_src_path=str(path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links to the repository's files lead to the site's."""
    return relink(markdown, page.file.src_uri)


def relink(markdown: str, name: str) -> str:
    """Turn the links of a page, which work where it stands, into links of the site.

    Args:
        markdown: Text of the page.
        name: Its path in the site's sources.
    """
    folder = posixpath.dirname(SOURCES.get(name, f"docs/{name}"))

    def change(found: re.Match[str]) -> str:
        if found["path"] is None:
            return found[0]
        target = posixpath.normpath(posixpath.join(folder, found["path"]))
        target, _, example = target.partition("/") if target.startswith("examples/") else (target, "", "")
        in_site = _NAMES.get(target, target.removeprefix("docs/"))
        anchor = f"#{example.removesuffix('.py')}" if example else ""
        return posixpath.relpath(in_site, posixpath.dirname(name)) + anchor

    return _CODE_OR_LINK.sub(change, markdown)


def _list_examples(folder: Path) -> str:
    parts = ["# Examples", "Each runs as it stands, on the embedded model where it needs no key."]
    for path in sorted(folder.glob("*.py")):
        code = path.read_text(encoding="utf-8")
        summary = (ast.get_docstring(ast.parse(code)) or "").splitlines()[0]
        parts += [f"## {path.name} {{ #{path.stem} }}", summary, f"```python\n{code}```"]
    return "\n\n".join(parts) + "\n"
