"""The figures of docs/plots: text that can be read on paper, colours that all can tell apart, no dates."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from sc_neurocore import figures

ROOT = Path(__file__).resolve().parents[1]
PLOTS = ROOT / "docs" / "plots"
#: By tools/pictures.py, drawn by hand: no plots.
PICTURES = {"architecture.svg", "overview.svg", "badge_licence.svg", "badge_proofs.svg", "badge_python.svg"}
#: The text of a page is so wide, in points: a printer shrinks what is wider. A pixel of an SVG file is 1/96 inch.
PAGE, POINTS_A_PIXEL = 468.0, 0.75
SMALLEST = 9.0
SVG = "{http://www.w3.org/2000/svg}"
OURS = {
    c.lower()
    for c in (
        figures.BLACK, figures.ORANGE, figures.SKY, figures.GREEN, figures.YELLOW, figures.BLUE, figures.RED,
        figures.PURPLE,
    )
}  # fmt: skip


def committed() -> list[Path]:
    folders = [ROOT / name for name in ("docs", "examples", "fpga", "train", "formal", "rtl")]
    return sorted(path for folder in folders for kind in ("svg", "png", "jpg") for path in folder.rglob(f"*.{kind}"))


def plots() -> list[Path]:
    return [path for path in committed() if path.name not in PICTURES]


def points(length: str) -> float:
    """Return a length of an SVG file in points."""
    return float(length.removesuffix("pt")) * (1 if length.endswith("pt") else POINTS_A_PIXEL)


def width_of(root: ET.Element) -> float:
    """Return the natural width of a picture in points."""
    return points(root.attrib["width"] if "width" in root.attrib else root.attrib["viewBox"].split()[2])


def is_grey(colour: str) -> bool:
    return colour[1:3] == colour[3:5] == colour[5:7]


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.stem)
def test_a_picture_is_no_wider_than_a_page_and_can_be_read_on_it(path: Path) -> None:
    assert path.suffix == ".svg", "its text must be text"
    root = ET.parse(path).getroot()
    width = width_of(root)
    text = path.read_text(encoding="utf-8")
    # A picture without a width of its own is counted in pixels, matplotlib's in points.
    a_unit = width / float(root.attrib["viewBox"].split()[2] if "viewBox" in root.attrib else root.attrib["width"])
    sizes = [float(n) for n in re.findall(r"""font(?:-size)?(?:: |=")(?:bold |italic )*([\d.]+)(?:px)?""", text)]
    assert sizes, "the text must be text"
    assert width <= PAGE
    assert min(sizes) * a_unit >= SMALLEST


@pytest.mark.parametrize("path", plots(), ids=lambda path: path.stem)
def test_no_text_of_a_figure_is_cut_off(path: Path) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    root = ET.parse(path).getroot()
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    seen = 0
    for text in root.iter(f"{SVG}text"):
        turned = re.match(r"rotate\((-?[\d.]+) ", text.get("transform", ""))
        if not text.text or (turned and float(turned[1])):
            continue
        seen += 1
        style = text.attrib["style"]
        size = re.search(r"([\d.]+)px", style)
        anchor = re.search(r"text-anchor: (\w+)", style)
        assert size
        wide = float(TextPath((0, 0), text.text, size=float(size[1]), prop=FontProperties()).get_extents().width)
        before = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor[1] if anchor else "start"]
        x, y = float(text.attrib.get("x", 0)), float(text.attrib.get("y", 0))
        if "x" not in text.attrib:
            moved = re.search(r"translate\((-?[\d.]+)[ ,](-?[\d.]+)\)", text.get("transform", ""))
            assert moved, ET.tostring(text)
            x, y = float(moved[1]), float(moved[2])
        # matplotlib's layout leaves a point or two to spare; a letter is some five wide.
        assert x - before * wide >= -2, text.text
        assert x + (1 - before) * wide <= width + 2, text.text
        assert 0 < y <= height, text.text
    assert seen > 5


@pytest.mark.parametrize("path", plots(), ids=lambda path: path.stem)
def test_a_figure_has_our_colours_and_no_date(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
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
    assert figures.WIDTH * 72 <= PAGE


def test_a_legend_that_is_too_wide_gets_fewer_columns() -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    for columns, letters, wanted in ((3, 8, 3), (3, 22, 2), (3, 300, 1)):
        figure = Figure(figsize=(figures.WIDTH, 3), layout="constrained")
        axes = figure.subplots()
        for k in range(3):
            axes.plot([0, 1], [k, k], label=f"{k}" * letters)
        figures.legend_below(figure, [axes], columns)
        assert len(figure.legends) == 1
        assert figure.legends[0]._ncols == wanted
