"""Work in blocks on several threads."""

from __future__ import annotations

import pytest

from sc_neurocore.errors import ScError
from sc_neurocore.threads import in_blocks


@pytest.mark.parametrize("block", [1, 3, 1000])
def test_an_exception_in_a_block_ends_the_run(block: int) -> None:
    done = []

    def work(part: slice) -> None:
        done.append(part)
        if part.stop >= 4:
            raise ScError("enough")

    with pytest.raises(ScError, match="enough"):
        in_blocks(work, 10, block)
    done.clear()
    in_blocks(done.append, 10, block)
    assert sorted(k for part in done for k in range(part.start, part.stop)) == list(range(10))
