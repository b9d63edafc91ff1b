"""What tools/lint_rtl.py says of a harness: wires that a script joins, or that the solver chooses, are no complaint."""

from pathlib import Path

from lint_rtl import harness, joined

HARNESS = """\
module some_fv (
    input wire clk,
    input wire i_x
);
    (* anyconst *) wire [1:0] chosen, other;
    (* keep *) wire [1:0] state;
    reg past = 0;
    WIRES
    always @(posedge clk) past <= i_x;
    always @* a_same: assert (past || state == chosen && other == 0);
endmodule
"""


def complaints(folder: Path, wires: str) -> str:
    """What is said of the harness with more wires in it."""
    top = folder / "some_fv.v"
    top.write_text(HARNESS.replace("WIRES", wires))
    top.with_suffix(".sby").write_text("[script]\nconnect -nounset -set state[1:0] \\u_part.g[0].state\n")
    assert joined(top) == {"state", "chosen", "other"}
    return harness(top, {})


def test_a_harness_whose_wires_are_joined_or_free_is_clean(tmp_path: Path) -> None:
    assert complaints(tmp_path, "") == ""


def test_a_wire_without_driver_or_reader_is_named(tmp_path: Path) -> None:
    said = complaints(tmp_path, "wire nobody; wire never = nobody && i_x;")
    assert "UNDRIVEN" in said
    assert "'nobody'" in said
    assert "UNUSEDSIGNAL" in said
    assert "'never'" in said


def test_a_wire_that_joins_by_its_name_is_no_complaint(tmp_path: Path) -> None:
    wires = "wire [1:0] \\u_q.seen , \\u_q.too ; wire x = ^\\u_q.seen ;"
    loop = f"generate if (1) begin : \\u_part.g {{}} {wires} end endgenerate"
    top = tmp_path / "some_fv.v"
    top.with_suffix(".sby").write_text("[script]\n")
    top.write_text(HARNESS.replace("WIRES", loop.format("(* keep, hierconn *)")))
    assert {"u_q.seen", "u_q.too"} <= joined(top)
    assert "u_q" not in harness(top, {})
    top.write_text(HARNESS.replace("WIRES", loop.format("")))
    assert "u_q" in harness(top, {})


def test_an_error_is_said(tmp_path: Path) -> None:
    assert "Duplicate" in complaints(tmp_path, "wire past;")
