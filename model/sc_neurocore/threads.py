"""Blocks of images on all cores.

Threads suffice, and processes are not needed: compiled code and NumPy release the interpreter's lock while they count.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from numba import get_num_threads

__all__ = ["in_blocks"]


def in_blocks(work: Callable[[slice], None], total: int, block: int, *, serial: bool = False) -> None:
    """Call work(slice) for the items 0 … total − 1 in blocks, in as many threads as Numba has.

    The environment variable NUMBA_NUM_THREADS sets the number of threads. After an exception or Ctrl-C no further block
    is started; the blocks that are running finish.

    Args:
        work: Function that processes the items of a slice.
        total: Number of items.
        block: Greatest number of items in a block.
        serial: Whether everything runs in the calling thread. For little work this is faster.
    """
    threads = 1 if serial else get_num_threads()
    block = max(1, min(block, -(-total // threads)))
    parts = [slice(start, min(start + block, total)) for start in range(0, total, block)]
    if threads == 1 or len(parts) < 2:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(threads) as pool:
        running = [pool.submit(work, part) for part in parts]
        try:
            for each in running:
                each.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
