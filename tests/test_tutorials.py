"""The tutorials: their code gives what they state, their commands run, tables and figures are those of the code."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from sc_neurocore import data

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("first_network", "mnist", "ml_engineers")
pytest.importorskip("matplotlib")
pytest.importorskip("torch")

import tutorials  # noqa: E402

#: Seconds and more each, and tested elsewhere: one build is enough, that of the first page.
SLOW = re.compile(r" build | --backend rtl")
BUILT = "first_network"
#: How far a figure may be from the page's on another machine: points, but of builds (other tools) a share. Other floats
#: train other weights, and those of seeds 0 to 3 differ by less than this.
POINTS, SHARE = {"lengths": 1.5, "training": 4.0}, 0.15


def table_of(page: Path, name: str) -> list[str]:
    return page.read_text().partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0].splitlines()


def cells(line: str) -> list[str]:
    return [cell.strip().replace(",", "") for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_gives_what_it_states(name: str, tmp_path: Path) -> None:
    if name == "mnist" and not data.at_hand("mnist"):
        pytest.skip("MNIST is not at hand")
    page = tutorials.FOLDER / f"{name}.md"
    commands = tutorials.commands(page)
    assert any(" build " in command and "icebreaker" in command for command in commands)
    run = [c for c in commands if not SLOW.search(c) or (name == BUILT and " build " in c)]
    assert run
    with tutorials.inside(tmp_path):
        names = tutorials.run_examples(page)
        said = {command: tutorials.run_command(command) for command in run}
    for mark, made in tutorials.TABLES[name].items():
        if mark == "hardware" and name != BUILT:
            continue
        stated, found = table_of(page, mark), made(names, said)
        assert [cells(line)[0] for line in found] == [cells(line)[0] for line in stated], mark
        for old, new in zip(stated, found, strict=True):
            for a, b in zip(cells(old), cells(new), strict=True):
                if not re.fullmatch(r"[\d.]+", a):
                    assert a == b, (mark, old, new)
                else:
                    allowed = SHARE * float(a) if mark == "hardware" else POINTS[mark]
                    assert abs(float(a) - float(b)) <= allowed, (mark, old, new)
    # Every figure that the code draws is shown, is there, and no other.
    drawn = {path.name for path in tmp_path.glob("*.svg")}
    assert drawn == set(re.findall(r"\]\(\.\./plots/([\w.]+)\)", page.read_text()))
    assert all(0 < (tutorials.PLOTS / figure).stat().st_size < 1 << 17 for figure in drawn)


def test_every_page_is_there_and_in_the_index() -> None:
    assert set(tutorials.PAGES) == set(PAGES) == {p.stem for p in tutorials.FOLDER.glob("*.md")} - {"README"}
    index = (tutorials.FOLDER / "README.md").read_text()
    assert all(f"]({name}.md)" in index for name in PAGES)


def test_a_page_that_states_something_else_fails(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(">>> 1 + 1\n3\n")
    with pytest.raises(tutorials.ScError, match=r"1 examples of page\.md give something else(.|\n)*Got:\n    2"):
        tutorials.run_examples(page)


def test_a_data_folder_may_be_named_from_where_one_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sets").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SC_NEUROCORE_DATA", "sets")
    with tutorials.inside(Path("work")):
        assert Path.cwd() == tmp_path / "work"
        assert Path(os.environ["SC_NEUROCORE_DATA"]) == tmp_path / "sets"
    assert Path.cwd() == tmp_path
    assert os.environ["SC_NEUROCORE_DATA"] == "sets"


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_every_link_between_pages_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("[!.]*/*.md"), *ROOT.glob("[!.]*/*/*.md")]
    checked = 0
    for page in pages:
        if page.relative_to(ROOT).parts[0] == "build":
            continue
        text = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", link):
                continue
            target, _, anchor = link.partition("#")
            path = (page.parent / target).resolve() if target else page
            assert path.exists(), f"{page.relative_to(ROOT)}: {link}"
            if anchor:
                assert anchor in anchors(path.read_text()), f"{page.relative_to(ROOT)}: {link}"
            checked += 1
    assert checked > 100
