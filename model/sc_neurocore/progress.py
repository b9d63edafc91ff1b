"""Progress on standard error: one line that is rewritten on a terminal, elsewhere a line after each tenth.

Results go to standard output, so progress never gets into a file or a pipe with them.
"""

from __future__ import annotations

import sys
import time

__all__ = ["Progress"]

TERMINAL_SECONDS = 0.1


class Progress:
    """A function (done, total) that shows progress, as back ends and training call it.

    The rate that it shows is counted from the first call on, so that a compilation before it does not count.

    Args:
        label: What is counted, such as "packed".
        unit: The things that are counted.
    """

    def __init__(self, label: str, unit: str = "images") -> None:
        self.label = label
        self.unit = unit
        self.start = time.monotonic()
        self.first: tuple[float, int] | None = None
        self.shown = 0.0
        self.tenth = 0
        self.terminal = sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` things are finished; on a terminal at most ten times a second."""
        now = time.monotonic()
        if self.first is None:
            self.first = (now, done) if done < total else (self.start, 0)
        tenth = 10 * done // max(total, 1)
        if self.terminal:
            if done < total and now - self.shown < TERMINAL_SECONDS:
                return
        elif tenth == self.tenth:
            return
        self.shown, self.tenth = now, tenth
        since, before = self.first
        rate = f", {(done - before) / (now - since):,.0f}/s" if done > before and now > since else ""
        text = f"{self.label}: {done:,} of {total:,} {self.unit}{rate}"
        if self.terminal:
            sys.stderr.write(f"\r\033[K{text}" + ("\n" if done >= total else ""))
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()
