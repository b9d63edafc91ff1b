"""One call for every way to run a network: golden, packed, table, RTL time-unrolled or streaming, a virtual board."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .errors import require, require_one_of
from .names import RENAMED_BACKENDS
from .network import Network
from .result import Result

__all__ = ["BACKENDS", "Backend", "Progress", "current_name", "run"]

Progress = Callable[[int, int], None]
Backend = Callable[[Network, ArrayLike, Progress | None], Result]


def _in_blocks(run_block: Callable[[Network, ArrayLike], Result], block: int) -> Backend:
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
    """Return the name of a back end that may be given by an earlier name; other words are returned as they are."""
    return RENAMED_BACKENDS.get(backend, backend)


def run(network: Network, codes: ArrayLike, backend: str = "packed", progress: Progress | None = None) -> Result:
    """Run n images, codes of shape (n, inputs) in 0 … L (`network.input.encode` makes them), on the given back end.

    progress(done, total) is called as images finish. Raises ScError for an unknown back end or bad codes.
    """
    backend = current_name(backend)
    require_one_of("backend", backend, BACKENDS)
    images = network.check_codes(codes)
    require(len(images) > 0, "at least one image is needed, got 0")
    return BACKENDS[backend](network, images, progress)
