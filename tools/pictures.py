"""Draw the pictures and badges of README.md and docs/architecture.md; `--check` fails where a committed one is stale.

What the badges say is read from where it is decided: pyproject.toml, and the proofs and planted bugs in formal/. The
counts of these that README.md and docs/measured.md print are written here, too. The drawing of docs/architecture.md,
described in docs/plots/architecture.toml, is compared with what the modules import (tools/imports.py).
"""

from __future__ import annotations

import re
import sys
from html import escape
from pathlib import Path

import imports

sys.path.append(str(Path(__file__).resolve().parents[1] / "formal"))
from bugs import BUGS
from harness import covers
from sby_files import FORMAL, README, ROOT, read_proofs

PLOTS = ROOT / "docs" / "plots"
FONT = 'font-family="DejaVu Sans, Verdana, sans-serif"'
# Okabe and Ito's colours, which colour-blind people tell apart.
BLUE, GREEN, ORANGE, GREY = "#0072B2", "#009E73", "#D55E00", "#555555"


def badge(left: str, right: str, colour: str) -> str:
    """Return a badge as SVG: a word on grey, then a fact on a colour.

    The width of each letter is set, so that the badge looks the same with any font that a reader has.

    Args:
        left: The word.
        right: The fact.
        colour: The colour behind the fact.
    """
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


def box(x: int, y: int, width: int, lines: list[str], colour: str, height: int = 28) -> str:
    """Return a box as SVG, with a heading and up to two lines below it.

    Args:
        x: Left edge, in pixels.
        y: Upper edge.
        width: Width.
        lines: The heading, then the other lines.
        colour: Colour of the border and the heading.
        height: Height; 28 holds one line.
    """
    parts = [
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="#ffffff" stroke="{colour}" '
        'stroke-width="1.5"/>'
    ]
    first = y + height / 2 - 8 * (len(lines) - 1) + 4.5
    for k, text in enumerate(lines):
        style = f'font-size="12.5" font-weight="bold" fill="{colour}"' if k == 0 else 'font-size="12" fill="#333333"'
        place = f'x="{x + width / 2:g}" y="{first + 17 * k:g}"'
        parts.append(f'<text {place} {FONT} {style} text-anchor="middle">{escape(text)}</text>')
    return "\n".join(parts)


def arrow(*points: tuple[float, float]) -> str:
    """Return a line through the points with a head at its end."""
    path = " ".join(f"{x:g},{y:g}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{GREY}" stroke-width="1.5" marker-end="url(#head)"/>'


def overview() -> str:
    """Return the picture of the way from a model to a board: as wide as the text of a page, 624 pixels of 1/96 inch."""
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 624 158" role="img" aria-label="From data, a PyTorch '
        'model or a NIR file to a network of integers, to three simulators that give equal scores, and to a board">',
        f'<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="6" markerHeight="6" orient="auto">'
        f'<path d="M0,0 L10,5 L0,10 z" fill="{GREY}"/></marker></defs>',
        '<rect width="624" height="158" rx="8" fill="#f7f7f5"/>',
        box(10, 10, 126, ["your data"], BLUE),
        box(10, 46, 126, ["PyTorch model"], BLUE),
        box(10, 82, 126, ["NIR file"], BLUE),
        box(178, 38, 116, ["Network", "integers only"], ORANGE, 44),
        box(336, 10, 152, ["golden model"], GREEN),
        box(336, 46, 152, ["packed simulator"], GREEN),
        box(336, 82, 152, ["Verilog, proven"], GREEN),
        box(172, 120, 128, ["memory images"], ORANGE),
        box(336, 120, 152, ["bitstream"], GREEN),
        box(526, 120, 88, ["board"], GREEN),
        *(arrow((136, y), (156, y), (156, 60), (176, 60)) for y in (24, 96)),
        arrow((136, 60), (176, 60)),
        *(arrow((294, 60), (315, 60), (315, y), (334, y)) for y in (24, 96)),
        arrow((294, 60), (334, 60)),
        arrow((236, 82), (236, 118)),
        arrow((300, 134), (334, 134)),
        arrow((412, 110), (412, 119)),
        arrow((488, 134), (524, 134)),
        f'<path d="M494,14 h10 v92 h-10" fill="none" stroke="{GREEN}" stroke-width="1.5"/>',
    ]
    for y, text in ((42, "the same"), (58, "scores for"), (74, "every image")):
        parts.append(f'<text x="512" y="{y + 6}" {FONT} font-size="12" fill="#333333">{text}</text>')
    return "\n".join([*parts, "</svg>", ""])


def counts() -> tuple[int, int, int, str]:
    """Return how many unbounded proofs, bounded proofs and covers formal/ has, and "N of M" planted bugs killed."""
    proofs = read_proofs()
    reached = [
        len(covers((FORMAL / f"{proof.name}.v").read_text(encoding="utf-8"))) * len(proof.of("cover"))
        for proof in proofs
    ]
    unbounded, bounded = (sum(len(proof.of(kind)) for proof in proofs) for kind in ("prove", "bound"))
    caught = re.findall(
        r"^\| `\w+_fv` \| .* \| `\S+` \| `\w+`.* \| `\w+` \|$", README.read_text(encoding="utf-8"), re.MULTILINE
    )
    return unbounded, bounded, sum(reached), f"{len(caught)} of {len(BUGS)}"


def page_counts() -> dict[str, str]:
    """Return the pages that print these counts, content by path, with the counts as they are.

    Ends the program if a page does not have the counts exactly once: then somebody rewrote the sentence around them.
    """
    unbounded, bounded, reached, bugs = counts()
    wanted = {
        "README.md": (
            r"\*\*\d+\*\* proofs without a bound; \d+ of \d+ planted\sbugs",
            f"**{unbounded}** proofs without a bound; {bugs} planted\nbugs",
        ),
        "docs/measured.md": (
            r"\d+ unbounded, \d+ bounded, \d+ covers, \d+ of \d+ planted bugs",
            f"{unbounded} unbounded, {bounded} bounded, {reached} covers, {bugs} planted bugs",
        ),
    }
    pages = {}
    for page, (pattern, words) in wanted.items():
        text, found = re.subn(pattern, words, (ROOT / page).read_text(encoding="utf-8"))
        if found != 1:
            sys.exit(f"{page}: must have the counts of proofs once, as {words!r}; has them {found} times")
        pages[page] = text
    return pages


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
    """Write the pictures and the counts, or check them."""
    wanted = {f"docs/plots/{name}": text for name, text in pictures().items()} | page_counts()
    stale = []
    for name, text in wanted.items():
        path = ROOT / name
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if "--check" not in sys.argv[1:]:
            path.write_text(text, encoding="utf-8")
    if stale and "--check" in sys.argv[1:]:
        sys.exit(f"stale: {', '.join(stale)}: run python tools/pictures.py")
    if differs := imports.wrong(imports.read()):
        lines = "\n".join(f"  {line}" for line in differs)
        sys.exit(f"docs/plots/architecture.toml is not what model/sc_neurocore imports:\n{lines}")


if __name__ == "__main__":
    main()
