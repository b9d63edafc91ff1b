"""docs/speed.md shows the rows that were measured, and the peer in NumPy computes what it is timed for; no timing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sc_neurocore import golden

pytest.importorskip("matplotlib")

import speed
from document import put_table


def test_the_document_shows_the_committed_rows(tmp_path: Path) -> None:
    copy = tmp_path / "speed.md"
    copy.write_text(speed.DOCUMENT.read_text())
    for name, lines in speed.tables(speed.committed()).items():
        put_table(copy, lines, name)
    assert copy.read_text() == speed.DOCUMENT.read_text()
    speed.draw(speed.committed(), tmp_path / "a.svg")
    assert (tmp_path / "a.svg").stat().st_size < 1 << 17


@pytest.mark.parametrize("words", [np.uint8, np.uint64])
@pytest.mark.parametrize("length", [4, 64])
def test_the_peer_in_numpy_computes_the_scores(length: int, words: type) -> None:
    network = speed.random_network(length, (13, 9, 4))
    codes = speed.codes_for(network, 5, 0.5)
    assert np.array_equal(speed.numpy_packbits(network, codes, words)(), golden.run(network, codes).scores)
