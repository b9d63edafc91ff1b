"""LUTs and flip-flops of single modules: small ones whose counts are known, and what is refused."""

from __future__ import annotations

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.hardware.synthesis import FAMILIES, synthesise

TEXTS = {
    "four": "module four (input wire clk, input wire [3:0] i, output reg o);\n"
    "    always @(posedge clk) o <= ^i;\nendmodule\n",
    "wire_only": "module wire_only (input wire i, output wire o);\n    assign o = i;\nendmodule\n",
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_function_of_four_inputs_and_a_register_are_one_of_each(family: str) -> None:
    assert synthesise(TEXTS, family) == {"four": (1, 1), "wire_only": (0, 0)}


def test_modules_of_rtl_are_found_by_their_names() -> None:
    text = (
        "module half (input wire clk, input wire rst, input wire i_restart, input wire i_en, output wire [3:0] o_r);\n"
        "    sc_vdc_source #(.LOG2L(4)) u (\n"
        "        .clk(clk), .rst(rst), .i_restart(i_restart), .i_en(i_en), .o_r(o_r)\n    );\nendmodule\n"
    )
    _, registers = synthesise({"half": text}, "iCE40")["half"]
    assert registers == 4


def test_what_is_wrong_is_told_in_yosys_words() -> None:
    with pytest.raises(ScError, match="family must be one of iCE40, ECP5, Xilinx 7, got 'ice40'"):
        synthesise({}, "ice40")
    with pytest.raises(ScError, match=r"synth_ice40 failed: .*syntax error"):
        synthesise({"bad": "module bad (\n"}, "iCE40")
