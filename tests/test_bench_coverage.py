"""Coverage of the benches: Verilator's counts are read right, and a module that was not measured as it is shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.paths import rtl_files

TOOLS = str(Path(__file__).resolve().parents[1] / "tools")
LANE = next(path for path in rtl_files() if path.stem == "sc_lane")
# As Verilator writes them: two sizes of a module, a branch taken by one of them only, a bit that never falls.
POINTS = [
    ("toggle", 13, 31, "v_toggle/sc_lane", "i_x[0]:0->1", 3),
    ("toggle", 13, 31, "v_toggle/sc_lane", "i_x[0]:1->0", 0),
    ("toggle", 13, 31, "v_toggle/sc_lane__pi1", "i_x[0]:1->0", 0),
    ("toggle", 13, 31, "v_toggle/sc_lane__pi1", "g_a[3].r[12]:0->1", 0),
    ("line", 24, 5, "v_line/sc_lane", "block", 2),
    ("branch", 26, 9, "v_branch/sc_lane", "if", 0),
    ("branch", 26, 9, "v_branch/sc_lane__pi1", "if", 7),
    ("branch", 26, 10, "v_branch/sc_lane", "else", 0),
]


@pytest.fixture
def coverage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.syspath_prepend(TOOLS)
    import bench_coverage as coverage

    monkeypatch.setattr(coverage, "FILE", tmp_path / "coverage.json")
    return coverage


def counts(path: Path) -> Path:
    lines = ["# SystemC::Coverage-3"]
    for kind, line, column, page, what, count in POINTS:
        fields = {"f": LANE, "l": line, "n": column, "t": kind, "page": page, "o": what, "h": "top.u_lane"}
        lines.append("C '" + "".join(f"\x01{k}\x02{v}" for k, v in fields.items()) + f"' {count}")
    lines.append(
        "C '\x01f\x02/elsewhere/tb_lane.v\x01l\x021\x01n\x021\x01t\x02line\x01page\x02v_line/tb\x01o\x02block' 1"
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_a_point_counts_once_for_all_instances_and_sizes(coverage, tmp_path: Path) -> None:
    found = coverage.points([counts(tmp_path / "a.dat"), counts(tmp_path / "b.dat")])
    assert set(found) == {"sc_lane"}
    row = coverage.measured(LANE, found["sc_lane"])
    assert (row["blocks"], row["toggles"]) == ([2, 3], [1, 3])
    assert (row["lines"], row["signals"]) == ([26], {"g_a.r": 1, "i_x": 1})
    assert coverage.columns(LANE, {"sc_lane": row}) == ["66 %", "33 %"]


def test_a_module_that_changed_or_is_missing_shows(coverage) -> None:
    rows = {
        path.stem: {"hash": coverage.module_hash(path), "blocks": [0, 0], "toggles": [7, 7]} for path in rtl_files()
    }
    coverage.FILE.write_text(json.dumps(rows))
    coverage.check()
    assert coverage.columns(LANE, rows) == ["none", "100 %"]
    rows["sc_lane"]["hash"] = "of before"
    assert coverage.columns(LANE, rows) == ["none, of an earlier version", "100 %, of an earlier version"]
    del rows["sc_apc"]
    rows["sc_gone"] = rows["sc_lane"]
    coverage.FILE.write_text(json.dumps(rows))
    with pytest.raises(ScError, match=r"not up to date for sc_apc, sc_lane, sc_gone; run tools/bench_coverage\.py"):
        coverage.check()


def test_comments_are_no_change(coverage, tmp_path: Path) -> None:
    same, other = tmp_path / "same.v", tmp_path / "other.v"
    same.write_text(LANE.read_text().replace("\n", "  // said otherwise\n"))
    other.write_text(LANE.read_text().replace("i_valid", "i_other"))
    assert coverage.module_hash(same) == coverage.module_hash(LANE) != coverage.module_hash(other)
