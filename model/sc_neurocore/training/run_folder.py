"""What a training run leaves on disk while it goes on: checkpoints to resume from, metrics, events for TensorBoard.

The folder is `<out>.run`, beside the artifact `<out>` that the run will write. It holds:

    checkpoint.pt           all that the rest of the run depends on, at the end of the last epoch
    config.toml             the recipe as it runs, which is a recipe itself
    metrics.csv             a row for each epoch
    events.out.tfevents.*   the same for TensorBoard, if that is installed

At the end of the run, config and metrics go into the artifact and the checkpoint is removed. The events stay.
"""

from __future__ import annotations

import csv
import fcntl
import hashlib
import io
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import torch

from .. import __version__
from ..data import DATASETS, Dataset, file_sha256
from ..errors import ScError, require
from .checkpoint import read_checkpoint, write_checkpoint
from .recipes import Recipe, SpikingRecipe, recipe_text
from .snn import CheckpointError

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

__all__ = [
    "CHECKPOINT",
    "CONFIG",
    "METRICS",
    "Interrupted",
    "RunFolder",
    "data_digest",
    "origin",
    "reproducible",
    "shortened",
    "time_left",
]

# Names of the files in a run's folder.
CHECKPOINT, CONFIG, METRICS = "checkpoint.pt", "config.toml", "metrics.csv"

# What a checkpoint says of itself; other files are refused.
_FORMAT = "sc-neurocore training run 1"


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in a training run; the text says after which epoch, and how to resume."""


@contextmanager
def reproducible() -> Iterator[None]:
    """Run a block on one thread and with random numbers of its own, so that its result can be repeated.

    Afterwards the caller's random numbers go on as if nothing had run. Several threads would add floats in another
    order.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        torch.set_num_threads(threads)


def origin(recipe: Recipe | SpikingRecipe, limit: int | None = None) -> dict[str, Any]:
    """Return what a result's info says about its origin; for own data their sha256 as well.

    Args:
        recipe: What was trained.
        limit: Number of samples of each part to which the run was limited, or None.
    """
    facts: dict[str, Any] = {
        "recipe": recipe.name,
        "recipe_sha256": recipe.sha256,
        "seed": recipe.seed,
        "epochs": recipe.epochs,
        "float_epochs": recipe.float_epochs,
        "data": Path(recipe.data).name,
        "torch": torch.__version__,
    }
    if recipe.data not in DATASETS:
        facts["data_sha256"] = file_sha256(recipe.data)
    if limit is not None:
        facts["limit"] = limit
    return facts


def data_digest(dataset: Dataset) -> str:
    """Return a sha256 over every sample and label, part by part; a resumed run must have the same."""
    digest = hashlib.sha256()
    for part in ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test"):
        values = getattr(dataset, part)
        digest.update(f"{part} {values.dtype.str} {values.shape}\n".encode())
        digest.update(values)
    return digest.hexdigest()


def shortened(dataset: Dataset, limit: int | None) -> Dataset:
    """Return the data set with only the first `limit` samples of each part.

    Args:
        dataset: The data set.
        limit: Number of samples; None returns the data set itself.

    Raises:
        ScError: The limit is no integer of at least 1.
    """
    if limit is None:
        return dataset
    require(
        isinstance(limit, int) and not isinstance(limit, bool) and limit >= 1,
        f"limit must be a whole number of at least 1, got {limit!r}",
    )
    parts = ("x_train", "y_train", "x_val", "y_val", "x_test", "y_test")
    return replace(dataset, **{part: getattr(dataset, part)[:limit] for part in parts})


def time_left(seconds: float) -> str:
    """Return a duration in seconds as h:mm:ss or m:ss.

    >>> time_left(3725.4), time_left(59.6)
    ('1:02:05', '1:00')
    """
    minutes, s = divmod(round(seconds), 60)
    hours, m = divmod(minutes, 60)
    return f"{hours}:{m:02}:{s:02}" if hours else f"{m}:{s:02}"


class RunFolder:
    """The folder of one run; a context manager that locks it against a second process.

    Entering it reads the checkpoint, if there is one. A checkpoint in which anything differs on which the result
    depends (recipe, data, start, device, versions of torch and of this package) is refused. Leaving it removes what
    nobody needs: after a ScError, such as divergence, the checkpoint as well, because a resumed run would end there
    again.

    Args:
        target: Folder of the artifact.
        recipe: What is trained.
        dataset: The data.
        columns: Columns of metrics.csv.
        restart: Whether to discard the checkpoint that is there.
        start: sha256 of the weights with which the run begins, or None.
        device: Where it trains.
        progress: Gets a line where a run is resumed, and one where TensorBoard is not installed.

    Attributes:
        path: The run's folder.
        rows: The metrics of the finished epochs.

    Raises:
        ScError: On entering: the folder cannot be made, or another run uses it.
        CheckpointError: On entering: the checkpoint is damaged or of another run.
        Interrupted: On leaving, in place of a KeyboardInterrupt.
    """

    def __init__(
        self,
        target: Path,
        recipe: Recipe | SpikingRecipe,
        dataset: Dataset,
        columns: Sequence[str],
        *,
        restart: bool = False,
        start: str | None = None,
        device: str = "cpu",
        progress: Callable[[str], None],
    ) -> None:
        self.path = target.with_name(f"{target.name}.run")
        self.columns, self.progress = tuple(columns), progress
        self.config = recipe_text(recipe)
        values: dict[str, Any] = asdict(recipe)
        # By name, so that the same values compare equal wherever the file of the user's own data lies.
        values |= {"data": Path(recipe.data).name, "recipe_sha256": values.pop("sha256")}
        self.origin: dict[str, Any] = {
            **{key: list(value) if isinstance(value, tuple) else value for key, value in values.items()},
            "data_sha256": data_digest(dataset),
            **({} if start is None else {"start_sha256": start}),
            "device": device,
            "torch": str(torch.__version__),
            "sc_neurocore": __version__,
        }
        self.rows: list[dict[str, Any]] = []
        self._restart = restart
        self._state: dict[str, Any] | None = None
        self._lock: int | None = None
        self._events: SummaryWriter | None = None
        self._hook = threading.excepthook
        self._phase: tuple[str, int, float] = ("", 0, 0.0)

    @property
    def checkpoint(self) -> Path:
        """Path of the checkpoint, whether there is one or not."""
        return self.path / CHECKPOINT

    def __enter__(self) -> RunFolder:
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            # The folder itself is locked: that leaves no file behind, and ends with the process.
            self._lock = os.open(self.path, os.O_RDONLY)
        except OSError as error:
            raise ScError(f"{self.path} cannot be used for the run: {error.strerror}") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise ScError(f"{self.path} is in use by another training run: choose another folder") from None
        try:
            # Left by a process that was killed while it wrote.
            for rest in self.path.glob(".*.*"):
                rest.unlink()
            if self._restart:
                self.checkpoint.unlink(missing_ok=True)
            self._state = self._read()
            self._write_text(CONFIG, self.config)
            self._open_events()
        except BaseException:
            self._close()
            raise
        if self._state is not None:
            done = len(self.rows)
            self.progress(f"resuming after epoch {done} from {self.checkpoint} (--restart begins anew)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, ScError):
            # What the recipe itself leads to, such as divergence: to go on would lead there again.
            self.checkpoint.unlink(missing_ok=True)
        kept = self.checkpoint.is_file()
        self._close()
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted(
                f"interrupted after epoch {len(self.rows)}: the same command goes on from there, --restart begins anew"
                if kept
                else "interrupted before the end of the first epoch: nothing is kept"
            ) from error

    def _close(self) -> None:
        """Close the events, and remove config and metrics without a checkpoint, and events without a finished epoch."""
        try:
            if self._events is not None:
                self._events.close()
        finally:
            threading.excepthook = self._hook
        if not self.checkpoint.is_file():
            for name in (CONFIG, METRICS):
                (self.path / name).unlink(missing_ok=True)
            if not self.rows:
                self._remove_events()
            if not any(self.path.iterdir()):
                self.path.rmdir()
        assert self._lock is not None
        os.close(self._lock)

    def _read(self) -> dict[str, Any] | None:
        """Return the state of the checkpoint, or None without one."""
        if not self.checkpoint.is_file():
            return None
        way_out = "choose another folder, or discard the checkpoint with --restart"
        try:
            content = read_checkpoint(self.checkpoint)
        except CheckpointError as error:
            raise CheckpointError(f"{error}: {way_out}") from error
        require(
            isinstance(content, dict) and content.get("format") == _FORMAT,
            f"{self.checkpoint} is not a checkpoint of a training run (no {_FORMAT!r} in it): {way_out}",
        )
        found = content["origin"]
        other = [
            f"{key} {found.get(key)!r} instead of {self.origin.get(key)!r}"
            for key in {**self.origin, **found}
            if found.get(key) != self.origin.get(key)
        ]
        if other:
            raise CheckpointError(f"{self.checkpoint} is of another run, with {', '.join(other)}: {way_out}")
        self.rows = content["rows"]
        return {**content["state"], "torch_rng": content["torch_rng"]}

    def _open_events(self) -> None:
        """Begin to write events, where TensorBoard is installed.

        A killed process may have written events after the checkpoint's epoch; these are marked as void.
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError:
            self.progress("no events for TensorBoard, metrics go to metrics.csv only: pip install tensorboard")
            return
        done = len(self.rows)
        if not done:
            self._remove_events()
        # A process that was killed may have written an epoch that is not in the checkpoint.
        self._hook, threading.excepthook = threading.excepthook, self._tell_of_thread
        self._events = SummaryWriter(str(self.path), purge_step=done + 1 if done else None)

    def _tell_of_thread(self, failed: threading.ExceptHookArgs) -> None:
        """Say in a line that events were lost, where Python would print how TensorBoard's thread ended.

        A full disk is an error of the run itself, which meets it at its next file.
        """
        if isinstance(failed.exc_value, OSError) and "tensorboard" in type(failed.thread).__module__:
            self.progress(f"no more events for TensorBoard: {failed.exc_value.strerror}")
        else:
            self._hook(failed)

    def _remove_events(self) -> None:
        for old in self.path.glob("events.out.tfevents.*"):
            old.unlink()

    def _write_text(self, name: str, text: str) -> None:
        """Write a text file of the folder in one step."""
        temporary = self.path / f".{name}.new"
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, self.path / name)

    def resume(self) -> dict[str, Any] | None:
        """Return the state of the checkpoint from which the run resumes, or None at its beginning.

        torch's own random numbers resume from there as well.
        """
        if self._state is not None:
            torch.random.set_rng_state(self._state["torch_rng"])
        return self._state

    def metrics_text(self) -> str:
        """Return metrics.csv: the names of the columns, then a row for each epoch.

        A value that was not measured is empty.
        """
        text = io.StringIO()
        writer = csv.DictWriter(text, self.columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()

    def start_phase(self, name: str, epochs: int) -> None:
        """Begin or resume a phase; `left` measures times from here.

        Args:
            name: Name of the phase, as in the rows of `epoch`.
            epochs: Number of its epochs.
        """
        done = sum(row["phase"] == name for row in self.rows)
        self._phase = (name, epochs - done, time.monotonic())
        self._first = done

    def left(self) -> str:
        """Return an estimate of the time for the rest of the phase, from its epochs that this process has run."""
        name, epochs, start = self._phase
        done = sum(row["phase"] == name for row in self.rows) - self._first
        return time_left((time.monotonic() - start) / max(1, done) * (epochs - done))

    def epoch(self, row: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        """Note a finished epoch: write checkpoint, metrics and events.

        Args:
            row: Metrics by column. It must have "phase", and "epoch" counted from 1 through all phases.
            state: All that the rest of the run depends on, as tensors and plain values. torch's own random state is
                added.

        Raises:
            ScError: The number of the epoch is not the next one.
        """
        rows = [*self.rows, dict(row)]
        require(row["epoch"] == len(rows), f"epoch must be {len(rows)}, got {row['epoch']}")
        write_checkpoint(
            self.checkpoint,
            {
                "format": _FORMAT,
                "origin": self.origin,
                "rows": rows,
                "torch_rng": torch.random.get_rng_state(),
                "state": dict(state),
            },
        )
        self.rows = rows
        self._write_text(METRICS, self.metrics_text())
        if self._events is not None:
            for name, value in row.items():
                if name not in ("phase", "epoch") and value is not None:
                    self._events.add_scalar(name, value, row["epoch"])

    def files(self) -> dict[str, str | bytes]:
        """Return what the run adds to the artifact's folder: config.toml and metrics.csv, by name."""
        return {CONFIG: self.config, METRICS: self.metrics_text()}

    def finish(self) -> None:
        """Remove the checkpoint, once the artifact is written."""
        self.checkpoint.unlink(missing_ok=True)
