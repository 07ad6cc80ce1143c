"""Write the pages of definitions that the service gives, from docs/statistics.md and its twin."""  # noqa: INP001 - a script

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
SOURCES: Final = {"en": "statistics.md", "zh": "statistics.zh-CN.md"}
"""Language -> file of `docs/`, from whose first anchor of a figure on the page is made."""
HEADINGS: Final = {"en": "## Figures", "zh": "## 指标释义"}
OTHER: Final = {"en": ("zh", "中文"), "zh": ("en", "English")}
TITLES: Final = {"en": "What the figures mean", "zh": "指标释义"}
PARAGRAPH: Final = re.compile(r'<a id="([\w-]+)"></a>\n\n(.+)\n')
INLINE: Final = ((r"\*\*(.+?)\*\*", r"<b>\1</b>"), (r"`(.+?)`", r"<code>\1</code>"))


def page(language: str) -> str:
    """Return the page of a language as HTML, without style and script."""
    text = (ROOT / "docs" / SOURCES[language]).read_text("utf-8")
    part = text.partition(f"\n{HEADINGS[language]}\n")[2].partition("\n## ")[0]
    code, name = OTHER[language]
    lines = [
        "<!doctype html>",
        f'<html lang="{language}">',
        f'<head><meta charset="utf-8"><title>{TITLES[language]}</title></head>',
        "<body>",
        f"<h1>{TITLES[language]}</h1>",
        f'<p><a href="?lang={code}">{name}</a></p>',
        *(f'<p id="{anchor}">{_inline(words)}</p>' for anchor, words in PARAGRAPH.findall(part)),
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _inline(words: str) -> str:
    found = html.escape(words, quote=False)
    for pattern, mark in INLINE:
        found = re.sub(pattern, mark, found)
    return found


def main() -> int:
    """Write the pages, or with `--check` tell which are not what the documents say."""
    stale = []
    for language in SOURCES:
        path = ROOT / "nudge" / "api" / "static" / "statistics" / f"{language}.html"
        made = page(language)
        if "--check" not in sys.argv[1:]:
            path.parent.mkdir(exist_ok=True)
            path.write_text(made, "utf-8")
        elif not path.exists() or path.read_text("utf-8") != made:
            stale.append(str(path.relative_to(ROOT)))
    if stale:
        print(f"{', '.join(stale)}: not what docs/ says; run make format", file=sys.stderr)  # noqa: T201 - a script
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
