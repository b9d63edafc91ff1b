"""README.md is short: a screen and a half at the width of a page of GitHub; nothing is cut off, not even on a phone.

Its height is added up from its blocks, by the sizes of GitHub's style sheet. Where there is a Chromium, it measures it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
#: In pixels: the text of a page of GitHub, a phone, and a screen and a half of 900 pixels.
PAGE, PHONE, TALLEST = 838, 390, 1350
#: A line of text and one of code, a row of a table, what separates two blocks.
LINE, CODE, ROW, GAP = 24, 19.72, 37, 16
#: Mean widths of a letter of text and of code.
LETTER, CODE_LETTER = 7.1, 8.16
#: GitHub's, but for what this page has none of.
STYLE = """
body{margin:0;font:16px/1.5 "Segoe UI","Noto Sans",Helvetica,Arial,sans-serif;overflow-wrap:break-word}
main{width:%dpx}main>:first-child{margin-top:0}main>:last-child{margin-bottom:0}
h1,h2{margin:24px 0 16px;line-height:1.25;padding-bottom:.3em;border-bottom:1px solid}h1{font-size:2em}
h2{font-size:1.5em}p,ul,table,pre{margin:0 0 16px}ul{padding-left:2em}li+li{margin-top:.25em}img{max-width:100%%}
code{font:85%% ui-monospace,Menlo,Consolas,"Liberation Mono",monospace;padding:.2em .4em;white-space:break-spaces}
pre{padding:16px;overflow:auto;font-size:85%%;line-height:1.45}
pre code{padding:0;font-size:100%%;white-space:pre;line-height:inherit}
table{border-collapse:collapse;display:block;width:max-content;max-width:100%%;overflow:auto}
th,td{padding:6px 13px;border:1px solid}
"""
SCRIPT = """onload=()=>{const main=document.querySelector("main");
const cut=[...main.children].filter(e=>e.scrollWidth>e.clientWidth+1).map(e=>e.tagName);
document.body.dataset.found=main.getBoundingClientRect().height+" "+cut.join(" ")+"."}"""


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def lines_of(text: str, width: float) -> int:
    """Return how many lines a paragraph takes; a letter of code is as wide as so many of text."""
    text = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", " ".join(text.split()))
    text = re.sub(r"`([^`]+)`", lambda code: "x" * round((len(code[1]) * CODE_LETTER + 11) / LETTER), text)
    return len(textwrap.wrap(text.replace("**", ""), int(width / LETTER)))


def drawn(name: str) -> float:
    """Return the height of a picture that is as wide as the page."""
    width, height = map(float, ET.parse(ROOT / name).getroot().attrib["viewBox"].split()[2:])
    return PAGE * height / width


def block_height(block: str) -> float:
    """Return the height of one block, without what separates it from the next."""
    lines = block.splitlines()
    if heading := re.match(r"(#+) ", block):
        return 51 if heading[1] == "#" else 38 + 8  # the second kind has a wider gap above
    if all(line.startswith("    ") for line in lines):
        return 2 * 16 + CODE * len(lines)
    if block.startswith("|"):
        return ROW * (len(lines) - 1) + 1
    if block.startswith("* "):
        items = re.split(r"^\* ", block, flags=re.MULTILINE)[1:]
        return sum(LINE * lines_of(item, PAGE - 32) + 4 for item in items) - 4
    if pictures := re.findall(r"!\[[^]]*\]\(([^)]*)\)", block):
        return 29 if all("badge" in name for name in pictures) else sum(drawn(name) + 7 for name in pictures)
    return LINE * lines_of(block, PAGE)


def height_of(page: str) -> float:
    """Return the height of a page at GitHub's width."""
    blocks = [block for block in re.split(r"\n\s*\n", page.rstrip()) if block.strip()]
    return sum(map(block_height, blocks)) + GAP * (len(blocks) - 1)


def test_the_page_is_a_screen_and_a_half() -> None:
    assert height_of(readme()) <= TALLEST
    assert height_of(readme() + "\n* One door more.\n\n| a | b |\n|---|---|\n| c | d |\n") > height_of(readme()) + 100


def test_the_page_has_what_a_newcomer_looks_for() -> None:
    page = readme()
    assert len(re.findall(r"badge_\w+\.svg", page)) == 3
    assert "docs/plots/overview.svg" in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert 3 <= len(rows) - 1 <= 7, "a heading and at most six rows"
    assert len(re.findall(r"^\* \*\*You have ", page, re.MULTILINE)) == 3
    code = [line[4:] for line in page.splitlines() if line.startswith("    ")]
    assert code[0].startswith("git clone ")
    assert max(map(len, code)) * CODE_LETTER <= PHONE - 2 * 16 - 2 * 16, "a block would be cut off on a phone"


@pytest.mark.parametrize("width", [PAGE, PHONE])
def test_chromium_shows_the_page_so(width: int, tmp_path: Path) -> None:
    browser = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    markdown = pytest.importorskip("markdown")
    if not browser:
        pytest.skip("there is no Chromium")
    text = markdown.markdown(readme(), extensions=["extra", "sane_lists"])
    file = tmp_path / "page.html"
    inner = width if width == PAGE else width - 2 * 16
    file.write_text(
        f'<!doctype html><meta charset="utf-8"><base href="{ROOT.as_uri()}/"><style>{STYLE % inner}</style>'
        f"<script>{SCRIPT}</script><body><main>{text}</main></body>",
        encoding="utf-8",
    )
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", "--dump-dom"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [browser, *options, profile, "--virtual-time-budget=5000", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found = re.search(r'data-found="([\d.]+) ([^"]*)\."', done.stdout)
    assert found, done.stderr[-500:]
    assert not found[2], f"cut off at {width} pixels"
    if width == PAGE:
        assert float(found[1]) <= TALLEST
        assert float(found[1]) == pytest.approx(height_of(readme()), abs=50), "the sum of blocks is far off"
