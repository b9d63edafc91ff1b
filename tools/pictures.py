"""Draw the pictures and badges of README.md and docs/architecture.md; `--check` fails where a committed one is stale.

What the badges say is read from where it is decided: pyproject.toml, and the tables that `formal/run.py` writes. The
counts of proofs that README.md and docs/measured.md print are compared with these tables, too, and the drawing of
docs/architecture.md, described in docs/plots/architecture.toml, with what the modules import (tools/imports.py).
"""

from __future__ import annotations

import re
import sys
from html import escape
from pathlib import Path

import imports

ROOT = Path(__file__).resolve().parents[1]
PLOTS = ROOT / "docs" / "plots"
FONT = 'font-family="DejaVu Sans, Verdana, sans-serif"'
# Okabe and Ito's colours, which colour-blind people tell apart.
BLUE, GREEN, ORANGE, GREY = "#0072B2", "#009E73", "#D55E00", "#555555"


def badge(left: str, right: str, colour: str) -> str:
    """Return a badge: a word on grey, then a fact on a colour."""
    widths = [8 * len(text) + 12 for text in (left, right)]
    whole = sum(widths)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="22" role="img" '
        f'aria-label="{escape(left)}: {escape(right)}">',
        f'<rect width="{whole}" height="22" rx="4" fill="{GREY}"/>',
        f'<rect x="{widths[0]}" width="{widths[1]}" height="22" rx="4" fill="{colour}"/>',
        f'<rect x="{widths[0]}" width="6" height="22" fill="{colour}"/>',
    ]
    for x, text in ((widths[0] / 2, left), (widths[0] + widths[1] / 2, right)):
        parts.append(
            f'<text x="{x:g}" y="15.5" fill="#ffffff" {FONT} font-size="12.5" text-anchor="middle" '
            f'textLength="{7.4 * len(text):.0f}">{escape(text)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def box(x: int, y: int, width: int, lines: list[str], colour: str, height: int = 58) -> str:
    """Return a box with a heading and up to two lines below it."""
    parts = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="#ffffff" stroke="{colour}" '
        'stroke-width="2"/>'
    ]
    first = y + height / 2 - 9 * (len(lines) - 1) + 5
    for k, text in enumerate(lines):
        style = f'font-size="14" font-weight="bold" fill="{colour}"' if k == 0 else 'font-size="12" fill="#333333"'
        place = f'x="{x + width / 2:g}" y="{first + 18 * k:g}"'
        parts.append(f'<text {place} {FONT} {style} text-anchor="middle">{escape(text)}</text>')
    return "\n".join(parts)


def arrow(*points: tuple[float, float]) -> str:
    """Return a line through the points with a head at its end."""
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{GREY}" stroke-width="2" marker-end="url(#head)"/>'


def overview() -> str:
    """Return the picture of the way from a model to a board."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 838 300" role="img" aria-label="From data, a PyTorch '
        'model or a NIR file to a network of integers, to three simulators that give equal scores, and to a board">',
        f'<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0,0 L10,5 L0,10 z" fill="{GREY}"/></marker></defs>',
        '<rect width="838" height="300" rx="10" fill="#f7f7f5"/>',
        box(16, 18, 176, ["your data", "trained in PyTorch"], BLUE),
        box(16, 92, 176, ["your PyTorch model", "checked against model(x)"], BLUE),
        box(16, 166, 176, ["other frameworks", "NIR files"], BLUE),
        box(256, 92, 150, ["Network", "integers only"], ORANGE),
        box(476, 18, 200, ["golden model", "written to be read"], GREEN),
        box(476, 92, 200, ["packed simulator", "written to be fast"], GREEN),
        box(476, 166, 200, ["Verilog, in Verilator", "proven modules"], GREEN),
        box(236, 232, 190, ["memory images"], ORANGE, 46),
        box(476, 240, 200, ["bitstream"], GREEN, 46),
        box(722, 240, 100, ["board"], GREEN, 46),
        *(arrow((192, y), (224, y), (224, 121), (254, 121)) for y in (47, 195)),
        arrow((192, 121), (254, 121)),
        *(arrow((406, 121), (441, 121), (441, y), (474, y)) for y in (47, 195)),
        arrow((406, 121), (474, 121)),
        arrow((331, 150), (331, 230)),
        arrow((426, 260), (474, 260)),
        arrow((576, 224), (576, 238)),
        arrow((676, 263), (720, 263)),
        f'<path d="M688,34 h14 v174 h-14" fill="none" stroke="{GREEN}" stroke-width="2"/>',
    ]
    for y, text in ((104, "all equal,"), (123, "score by score,"), (142, "image by image")):
        parts.append(f'<text x="711" y="{y}" {FONT} font-size="13.5" fill="#333333">{text}</text>')
    return "\n".join([*parts, "</svg>", ""])


def counts() -> tuple[int, int]:
    """Return the unbounded proofs and the planted bugs that formal/README.md lists."""
    rows = (ROOT / "formal" / "README.md").read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row.startswith("|")]
    proofs = sum(cell[4].count("<br>") + 1 for cell in cells if len(cell) == 9 and cell[2] == "prove")
    return proofs, sum(len(cell) == 5 and cell[0].startswith("`") for cell in cells)


def stale_counts() -> list[str]:
    """Return the pages that do not say how many proofs and planted bugs there are."""
    proofs, bugs = counts()
    wanted = {
        "README.md": f"| **{proofs}**; {bugs} of {bugs} planted bugs found |",
        "docs/measured.md": f"| proofs | {proofs} unbounded, ",
    }
    return [page for page, text in wanted.items() if text not in (ROOT / page).read_text(encoding="utf-8")]


def pictures() -> dict[str, str]:
    """Return every picture, content by file name."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    licence = re.search(r'^license = "(.+)"$', project, re.MULTILINE)
    python = re.search(r'^requires-python = ">=(.+)"$', project, re.MULTILINE)
    if not (licence and python):
        sys.exit("tools/pictures.py: pyproject.toml no longer has a license and a requires-python of one line each")
    return {
        "badge_licence.svg": badge("licence", licence[1], BLUE),
        "badge_python.svg": badge("Python", f"{python[1]} or newer", BLUE),
        "badge_proofs.svg": badge("proofs", f"{counts()[0]} unbounded", GREEN),
        "overview.svg": overview(),
        "architecture.svg": imports.draw(
            imports.read(), font=FONT, colours={"box": BLUE, "Network": ORANGE, "arrow": GREY}
        ),
    }


def main() -> None:
    """Write the pictures, or check them."""
    stale = []
    for name, text in pictures().items():
        path = PLOTS / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv[1:]:
        sys.exit(f"stale: {', '.join(stale)} in docs/plots: run python tools/pictures.py")
    if differs := imports.wrong(imports.read()):
        lines = "\n".join(f"  {line}" for line in differs)
        sys.exit(f"docs/plots/architecture.toml is not what model/sc_neurocore imports:\n{lines}")
    if pages := stale_counts():
        sys.exit(f"{' and '.join(pages)}: must say that there are {counts()[0]} proofs and {counts()[1]} planted bugs")


if __name__ == "__main__":
    main()
