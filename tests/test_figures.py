"""The figures of docs/plots: text that can be read where GitHub shows it, colours that all can tell apart, no dates."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sc_neurocore import figures

PLOTS = Path(__file__).resolve().parents[1] / "docs" / "plots"
#: By tools/pictures.py, drawn by hand: no plots.
PICTURES = {"architecture.svg", "overview.svg", "badge_licence.svg", "badge_proofs.svg", "badge_python.svg"}
PAGE_PIXELS, PIXELS_A_POINT = 838, 4 / 3
SMALLEST = 9.0
OURS = {
    c.lower()
    for c in (
        figures.BLACK, figures.ORANGE, figures.SKY, figures.GREEN, figures.YELLOW, figures.BLUE, figures.RED,
        figures.PURPLE,
    )
}  # fmt: skip


def plots() -> list[Path]:
    return sorted(path for path in PLOTS.glob("*.svg") if path.name not in PICTURES)


def is_grey(colour: str) -> bool:
    return colour[1:3] == colour[3:5] == colour[5:7]


@pytest.mark.parametrize("path", plots(), ids=lambda path: path.stem)
def test_a_figure_can_be_read(path: Path) -> None:
    root = ET.parse(path).getroot()
    width = float(root.attrib["width"].removesuffix("pt")) * PIXELS_A_POINT
    shown = min(1.0, PAGE_PIXELS / width)
    text = path.read_text()
    sizes = [float(size) for size in re.findall(r"font(?:-size)?: (?:bold |italic )*([\d.]+)px", text)]
    assert sizes, "the text must be text"
    assert min(sizes) * shown >= SMALLEST
    colours = {c.lower() for c in re.findall(r"(?:stroke|fill): (#[0-9a-fA-F]{6})", text)}
    assert all(c in OURS or is_grey(c) for c in colours), colours - OURS
    assert not re.search(r"<dc:date>(?!1970-01-01T00:00:00)", text)


def test_the_style_is_matplotlibs() -> None:
    """Every name is a setting of the matplotlib that is here, and nothing draws smaller than promised."""
    mpl = pytest.importorskip("matplotlib")
    style = figures.style()
    with mpl.rc_context(style):
        assert mpl.rcParams["svg.hashsalt"] == "sc_neurocore"
    assert min(v for k, v in style.items() if k.endswith("size") and k != "lines.markersize") >= SMALLEST
    assert figures.WIDTH * 72 * PIXELS_A_POINT <= PAGE_PIXELS
