"""A board from outside the package (docs/adding_a_board.md): a folder of three files, down to the bitstream."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml

from sc_neurocore import artifact
from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.hardware import virtual_board
from sc_neurocore.hardware.boards import BOARDS, DESCRIPTION, board, read_boards, register_boards, tomllib
from sc_neurocore.hardware.build import build
from sc_neurocore.hardware.estimate import plan
from sc_neurocore.network import DenseLayer, InputSpec, Network
from sc_neurocore.paths import hdl_root

ROOT = Path(__file__).resolve().parents[1]
FILES = (DESCRIPTION, "sc_own_board.v", "own_board.pcf")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the example's files."""
    target = tmp_path / "boards" / "mine"
    target.mkdir(parents=True)
    for name in FILES:
        shutil.copy(ROOT / "examples" / "own_board" / name, target)
    return target


@pytest.fixture
def known() -> Iterator[None]:
    """Forgets what a test registers."""
    before = dict(BOARDS)
    yield
    BOARDS.clear()
    BOARDS.update(before)


def network() -> Network:
    g = np.random.default_rng(0)
    layers = (
        DenseLayer(g.integers(-7, 8, (outputs, inputs)).astype(np.int16), np.zeros(outputs, np.int16), theta)
        for inputs, outputs, theta in ((4, 3, 20), (3, 2, None))
    )
    return Network(8, tuple(layers), InputSpec((4,), 8))


def test_it_is_estimated_by_its_path(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    artifact.save(network(), tmp_path / "net")
    rows = []
    for where in (str(folder), "hx8k"):
        assert main(["estimate", str(tmp_path / "net"), "--board", where, "--json"]) == 0
        rows.append(json.loads(capsys.readouterr().out))
    assert rows[0]["board"] == "own-hx8k"
    # The same part in another package, with other clocks.
    same = {key for key in rows[0] if rows[0][key] == rows[1][key]}
    assert {"lcs", "bram", "fmax_mhz"} <= same
    assert "own-hx8k" not in BOARDS


def test_it_is_built_down_to_the_bitstream(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = build(network(), str(folder), out, lanes=1, samples=np.zeros((2, 4), int))
    assert result.board == "own-hx8k"
    assert result.bitstream == str(out / "own-hx8k.bin")
    assert result.clock_mhz in [clock.mhz for clock in board(str(folder)).clocks]
    log = (out / "logs" / "nextpnr.log").read_text()
    assert "constrained 'RX' to bel" in log  # a pin of own_board.pcf, in the package of board.toml
    assert "sc_own_board" in (out / "logs" / "synthesis.ys").read_text()
    again = build(network(), str(folder), out, lanes=1, samples=np.zeros((2, 4), int))
    assert again.reused


def test_it_is_registered_under_its_name(folder: Path, known: None) -> None:
    (mine,) = register_boards(folder)
    assert board("own-hx8k") is mine is BOARDS["own-hx8k"]
    assert plan(network(), mine).config == plan(network(), BOARDS["hx8k"]).config
    text = (folder / DESCRIPTION).read_text()
    (folder / DESCRIPTION).write_text(text.replace('"own-hx8k"', '"icebreaker"'))
    with pytest.raises(ScError, match="a board is called 'icebreaker' already"):
        register_boards(folder)


def test_a_folder_with_two_boards_needs_the_name_of_one(folder: Path) -> None:
    text = (folder / DESCRIPTION).read_text().replace('name = "own-hx8k"\n', "").replace("cells = 7680\n", "")
    text += '\n[[boards]]\nname = "large"\ncells = 7680\n\n[[boards]]\nname = "small"\ncells = 3520\n'
    (folder / DESCRIPTION).write_text(text)
    with pytest.raises(ScError, match=r"describes several boards: choose one of .*mine/large, .*mine/small"):
        board(str(folder))
    assert board(str(folder / "small")).cells == 3520
    assert [b.name for b in read_boards(folder)] == ["large", "small"]
    with pytest.raises(ScError, match="must be one of large, small, got 'smal': did you mean small"):
        board(str(folder / "smal"))


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("cells = 7680", "", "board.toml: cells missing"),
        ("cells = 7680", 'cells = "many"', "board.toml: cells must be of type int, got 'many'"),
        ("cells = 7680", "cels = 7680", "board.toml: an entry must be one of .*, got 'cels': did you mean cells"),
        ('"ice40"', '"ice"', "board.toml: family must be one of ice40, ecp5, xc7, got 'ice'"),
        ("[48,", "[50, 48,", "the iCE40 PLL makes no 50 MHz from 12 MHz"),
        ("[48, 42", "[42, 48", "clocks must fall"),
        ("own_board.pcf", "other.pcf", "there is no file other.pcf beside it"),
        ("[flow]", "[flow", "no valid TOML"),
    ],
)
def test_a_wrong_description_is_refused(folder: Path, old: str, new: str, text: str) -> None:
    content = (folder / DESCRIPTION).read_text()
    assert content.count(old) == 1
    (folder / DESCRIPTION).write_text(content.replace(old, new))
    with pytest.raises(ScError, match=text):
        read_boards(folder)


def test_the_boards_of_the_package_have_their_options_in_both_places() -> None:
    core = yaml.safe_load((hdl_root() / "fusesoc.core").read_text().split("\n", 1)[1])
    assert next(iter(BOARDS)) == "icebreaker"
    for known_board in BOARDS.values():
        assert not known_board.outside
        assert core["targets"][known_board.target]["flow_options"] == known_board.flow


def test_the_page_quotes_the_files_and_names_every_entry() -> None:
    page = (ROOT / "docs" / "adding_a_board.md").read_text()
    example = ROOT / "examples" / "own_board"
    for name in (DESCRIPTION, "own_board.pcf"):
        assert (example / name).read_text().strip() in page, name
    described = set(
        re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in page.splitlines() if line[:1] == "|"))
    )
    used = set()
    for path in [*(hdl_root() / "fpga").glob(f"*/{DESCRIPTION}"), example / DESCRIPTION]:
        content = tomllib.loads(path.read_text())
        used |= content.keys() | {name for variant in content.get("boards", []) for name in variant}
    assert used | {"large_ram_words", "large_ram_width", "baud"} <= described


def test_its_virtual_double_is_compiled_from_the_copied_file(folder: Path) -> None:
    """sim/main.cpp of the HX8K's folder, whose include of virtual_board.h goes by the folder that it lies in there."""
    (folder / "sim").mkdir()
    for path in (ROOT / "fpga" / "hx8k" / "sim").iterdir():
        text = path.read_text(encoding="utf-8").replace("sc_hx8k", "sc_own_board")
        (folder / "sim" / path.name).write_text(text, encoding="utf-8")
    own = board(str(folder))
    assert virtual_board.simulator(own, plan(network(), own), 12).is_file()


def test_a_description_without_the_options_of_its_flow_is_refused(folder: Path) -> None:
    """Without them the placer would take a device of its own choice."""
    text = (folder / DESCRIPTION).read_text()
    (folder / DESCRIPTION).write_text(text[: text.index("[flow]")])
    with pytest.raises(ScError, match=r"board.toml: flow missing"):
        read_boards(folder)
