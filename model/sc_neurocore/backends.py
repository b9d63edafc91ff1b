"""One call for every way to run a network.

The back ends are the golden model, the packed simulator, the exact table, the RTL of the time-unrolled engines, the RTL
of a streaming and of a folded streaming design, and a virtual board. Each is imported when it is called.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .errors import require, require_one_of
from .names import RENAMED_BACKENDS
from .network import Network
from .result import Result

__all__ = ["BACKENDS", "Backend", "Progress", "current_name", "run"]

#: A function (done, total) that is called as images finish, and a back end as `BACKENDS` holds it.
Progress = Callable[[int, int], None]
Backend = Callable[[Network, ArrayLike, Progress | None], Result]


def _in_blocks(run_block: Callable[[Network, ArrayLike], Result], block: int) -> Backend:
    """Return a back end that calls run_block for at most `block` images at a time, and reports progress between."""

    def run_all(network: Network, codes: ArrayLike, progress: Progress | None) -> Result:
        images = network.check_codes(codes)
        parts = []
        for start in range(0, len(images), block):
            parts.append(run_block(network, images[start : start + block]))
            if progress:
                progress(min(start + block, len(images)), len(images))
        return Result(
            scores=np.concatenate([p.scores for p in parts]),
            counts=tuple(np.concatenate(c) for c in zip(*(p.counts for p in parts), strict=True)),
        )

    return run_all


def _golden(network: Network, codes: ArrayLike, progress: Progress | None) -> Result:
    from . import golden

    return _in_blocks(golden.run, 64)(network, codes, progress)


def _packed(network: Network, codes: ArrayLike, progress: Progress | None) -> Result:
    from . import packed

    return _in_blocks(packed.run, 1 << 14)(network, codes, progress)


def _lookup(network: Network, codes: ArrayLike, progress: Progress | None) -> Result:
    from . import lookup

    return _in_blocks(lookup.run, 1 << 14)(network, codes, progress)


def _rtl(network: Network, codes: ArrayLike, progress: Progress | None) -> Result:
    from .hardware import rtl_sim

    return rtl_sim.run(network, codes, progress=progress)


def _stream(network: Network, codes: ArrayLike, progress: Progress | None) -> Result:
    from .hardware import stream_sim

    return stream_sim.run(network, codes, progress=progress)


def _folded(network: Network, codes: ArrayLike, progress: Progress | None) -> Result:
    from .hardware import stream_fold, stream_sim

    return stream_sim.run(network, codes, fold=stream_fold.default_fold(network), progress=progress)


def _virtual(network: Network, codes: ArrayLike, progress: Progress | None) -> Result:
    from .hardware import virtual_board

    return virtual_board.run(network, codes, progress=progress)


#: The back ends by name.
BACKENDS: dict[str, Backend] = {
    "golden": _golden,
    "packed": _packed,
    "lookup": _lookup,
    "rtl": _rtl,
    "stream": _stream,
    "folded": _folded,
    "virtual": _virtual,
}


def current_name(backend: str) -> str:
    """Return today's name of a back end that may be given by an earlier name; return any other word unchanged.

    Example:
        >>> current_name("table")
        'lookup'
    """
    return RENAMED_BACKENDS.get(backend, backend)


def run(network: Network, codes: ArrayLike, backend: str = "packed", progress: Progress | None = None) -> Result:
    """Run the network on n images, on the back end of this name.

    Args:
        network: The network.
        codes: Input codes in 0 … L, shape (n, inputs), n ≥ 1. `network.input.encode` makes them from raw samples.
        backend: A key of `BACKENDS`.
        progress: Called with (done, total) as images finish.

    Returns:
        Scores and, where the back end sees them, counts and clocks.

    Raises:
        ScError: If there is no such back end, the codes are not legal, or the back end does not support the network.

    Example:
        >>> from sc_neurocore.network import DenseLayer, InputSpec
        >>> network = Network(4, (DenseLayer([[3, -2]], [1]),), InputSpec((2,), full_scale=4))
        >>> run(network, [[4, 2]], "golden").scores.tolist()
        [[3]]
    """
    backend = current_name(backend)
    require_one_of("backend", backend, BACKENDS)
    images = network.check_codes(codes)
    require(len(images) > 0, "at least one image is needed, got 0")
    return BACKENDS[backend](network, images, progress)
