"""Results as text: units from names, rows that say something, tables within tables, colours for terminals only."""

from __future__ import annotations

import io
from typing import Any

import pytest

from sc_neurocore.tables import cell, grid, label, table


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("latency_us", 1234.56, "1,234.6 µs"),
        ("fmax_mhz", 12.3456, "12.35 MHz"),
        ("test_accuracy", 0.5, "50.00 %"),
        ("error_percent", 3.0, "3 %"),
        ("images", 1234567, "1,234,567"),
        ("seed", 1234567, "1234567"),
        ("tag", 255, "0x000000FF"),
        ("mac", True, "yes"),
        ("latency_us", "unknown", "unknown"),  # a word has no unit
        ("accuracy", 1, "1"),  # a whole number is no share
        ("anything", None, ""),
    ],
)
def test_a_value_has_the_form_of_its_name(name: str, value: Any, text: str) -> None:
    assert cell(name, value) == text


def test_a_name_becomes_words_without_its_unit() -> None:
    assert [label(name) for name in ("seconds", "clock_mhz", "fmax_mhz", "xc7_area", "worst_case_ns")] == [
        "time", "clock", "Fmax", "7-series area", "worst case",
    ]  # fmt: skip


def test_rows_that_say_nothing_are_left_out_and_the_others_aligned() -> None:
    row = {"network": "digits", "clipped": None, "tools": [], "note": "", "images": 0, "mac": False}
    assert table(row).splitlines() == [
        "network              digits",
        "images               0",
        "multiply-accumulate  no",
    ]


def test_a_long_list_has_a_line_for_each_entry() -> None:
    assert table({"tools": ["yosys 0.60", "nextpnr 0.11"]}) == "tools  yosys 0.60, nextpnr 0.11"
    tools = [f"tool number {k} of a long list" for k in range(4)]
    assert table({"tools": tools}).splitlines() == [f"tools  {tools[0]}", *(f"       {tool}" for tool in tools[1:])]


def test_a_table_within_a_result_keeps_names_of_the_users_own() -> None:
    row = {"accuracy": 0.5, "classes": {"load_seconds": {"answers": 3}, "kite": {"answers": 1200}}}
    assert table(row).splitlines() == [
        "accuracy  50.00 %",
        "classes",
        "                answers",
        "  load_seconds        3",
        "  kite            1,200",
    ]
    assert table({"spread": {"mac_us": 3}}).splitlines() == ["spread", "  mac_us  3"]


def test_a_grid_leaves_out_columns_that_say_nothing() -> None:
    rows = [{"board": "hx8k", "fmax_mhz": 30.0, "note": None}, {"board": "icebreaker", "fmax_mhz": None}]
    assert grid(rows) == ["board         Fmax", "hx8k        30 MHz", "icebreaker"]


def test_a_terminal_sees_mismatches_in_red_and_none_in_green() -> None:
    assert "\033" not in table({"mismatches": 3, "accuracy": 0.5})
    assert "\033[31m3\033[0m" in table({"mismatches": 3}, Terminal())
    assert "\033[32m0\033[0m" in table({"mismatches": 0}, Terminal())
