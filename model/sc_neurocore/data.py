"""Data sets as raw integers, split into training, validation and test part. Needs no torch.

`load` answers for the embedded digits, for MNIST and for the user's own `.npz`; `Dataset.input_spec` turns what it
knows about its samples into the `InputSpec` of a network. `load_part` gives the one part that an evaluation is about.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ScError, require
from .network import InputSpec
from .paths import cache_folder

__all__ = ["DATASETS", "SPLITS", "Dataset", "Part", "at_hand", "file_sha256", "load", "load_part", "read_idx"]

Samples = NDArray[np.uint8] | NDArray[np.int32]

SPLITS = ("train", "validation", "test", "all")

_X_PARTS = ("x_train", "x_val", "x_test")
_Y_PARTS = ("y_train", "y_val", "y_test")


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Labelled samples in three disjoint parts; read-only arrays.

    x_*: integers in 0 … full_scale, shape (n, *shape). y_*: class indices in 0 … classes − 1, shape (n,).
    name: what `InputSpec.dataset` records, so that `evaluate` finds such samples again ("custom" for the user's own).
    full_scale: F of A2, the integer that stands for 1.0. classes: number of classes.
    """

    name: str
    full_scale: int
    classes: int
    x_train: Samples
    y_train: NDArray[np.int64]
    x_val: Samples
    y_val: NDArray[np.int64]
    x_test: Samples
    y_test: NDArray[np.int64]

    def __post_init__(self) -> None:
        require(self.full_scale >= 1, f"full_scale must be at least 1, got {self.full_scale}")
        require(self.classes >= 2, f"a data set needs at least 2 classes, got {self.classes}")
        for x_part, y_part in zip(_X_PARTS, _Y_PARTS, strict=True):
            x, y = np.asarray(getattr(self, x_part)), np.asarray(getattr(self, y_part))
            require(x.ndim >= 2 and len(x) > 0, f"{x_part} must have shape (n, features…), got {x.shape}")
            require(x.shape[1:] == self.x_train.shape[1:], f"{x_part} must be samples of shape {self.shape}")
            require(np.issubdtype(x.dtype, np.integer), f"{x_part} must be integers, got {x.dtype}")
            low, high = int(x.min()), int(x.max())
            require(
                low >= 0 and high <= self.full_scale,
                f"{x_part} must be in [0, {self.full_scale}], got {low} … {high}",
            )
            require(np.issubdtype(y.dtype, np.integer), f"{y_part} must be integers, got {y.dtype}")
            require(y.shape == (len(x),), f"{y_part} must have shape ({len(x)},), got {y.shape}")
            low, high = int(y.min()), int(y.max())
            require(
                low >= 0 and high < self.classes,
                f"{y_part} must be in [0, {self.classes - 1}], got {low} … {high}",
            )
            for part, values in ((x_part, np.ascontiguousarray(x)), (y_part, y.astype(np.int64))):
                view = values.view()
                view.setflags(write=False)
                object.__setattr__(self, part, view)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one sample."""
        return tuple(int(s) for s in self.x_train.shape[1:])

    def input_spec(self, pool: int = 1, threshold: int | None = None) -> InputSpec:
        """Return how these samples become input codes; `pool`² neighbours are summed, so the full scale grows by it.

        threshold: binary inputs, 1 from this value on, after pooling.
        """
        require(pool >= 1, f"pool must be at least 1, got {pool}")
        return InputSpec(self.shape, self.full_scale * pool**2, pool, self.name, threshold)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Samples to evaluate on: x integers (n, *shape) in 0 … full_scale, y labels (n,), split one of `SPLITS`.

    labelled: False if the file has no labels; y is then all 0.
    """

    x: Samples
    y: NDArray[np.int64]
    full_scale: int
    split: str
    labelled: bool = True


def load(name: str | os.PathLike[str]) -> Dataset:
    """Return the data set called `name`, or the one in the `.npz` file at that path.

    "digits": scikit-learn's embedded 8 × 8 images; the test part is the 360 images of
    `train_test_split(test_size=0.2, random_state=42, stratify=y)`. "mnist": the original 60,000 + 10,000 images, looked
    for in `$SC_NEUROCORE_DATA`, then in the cache folder, then downloaded; every file is checked by its sha256.
    `FILE.npz`: arrays x and y; x is uint8 (full scale 256) or floats in [0, 1] (stored at full scale 65536), y holds
    labels 0 … K − 1; split 60/20/20, stratified, the same for the same file content.
    The validation part is always carved from the training part. Raises ScError for an unknown name and for bad data.
    """
    text = _known(name)
    return DATASETS[text]() if text in DATASETS else _split_npz(Path(text))


def load_part(
    name: str | os.PathLike[str], split: str | None = None, *, trained_on: str | None = None, labelled: bool = True
) -> Part:
    """Return one part of the data set that `load` calls `name`; split is one of `SPLITS`.

    Without a split it is the test part, but all of an `.npz` file whose sha256 is not `trained_on`: a network that
    never saw the file may be measured on every sample of it. "all" takes the file's rows in their order and asks
    nothing of the labels but that they are at least 0, so a handful of samples will do. labelled: False takes a file
    without y as well, all of it.
    """
    require(split is None or split in SPLITS, f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    text = _known(name)
    own = text not in DATASETS
    if own and not labelled and not _has_labels(Path(text)):
        require(split in (None, "all"), f"{text} has no labels y: split must be all, got {split!r}")
        samples, full_scale = _integer_samples(_arrays(Path(text), ("x",))[0], Path(text))
        return Part(samples, np.zeros(len(samples), dtype=np.int64), full_scale, "all", labelled=False)
    if own and (split == "all" or (split is None and file_sha256(text) != trained_on)):
        return Part(*_read_npz(Path(text)), "all")
    dataset = load(text)
    parts = {
        "train": (dataset.x_train, dataset.y_train),
        "validation": (dataset.x_val, dataset.y_val),
        "test": (dataset.x_test, dataset.y_test),
    }
    chosen = split or "test"
    if chosen == "all":
        x, y = (np.concatenate(values) for values in zip(*parts.values(), strict=True))
    else:
        x, y = parts[chosen]
    return Part(x, y, dataset.full_scale, chosen)


def file_sha256(path: str | os.PathLike[str]) -> str:
    """Return the sha256 of a file's bytes, in hexadecimal."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise ScError(f"cannot read {os.fspath(path)}: {error.strerror}") from error


def _known(name: str | os.PathLike[str]) -> str:
    text = os.fspath(name)
    require(
        text in DATASETS or text.endswith(".npz"),
        f"data set must be one of {', '.join(DATASETS)} or the path of an .npz file, got {text!r}",
    )
    return text


def _stratified(y: NDArray[np.int64], fractions: tuple[float, ...], seed: int) -> tuple[NDArray[np.int64], ...]:
    """Split indices into len(fractions) + 1 parts, class by class; each part is sorted, the last takes the rest."""
    rng = np.random.default_rng(seed)
    parts: list[list[NDArray[np.int64]]] = [[] for _ in range(len(fractions) + 1)]
    for label in np.unique(y):
        index = rng.permutation(np.flatnonzero(y == label))
        # At least one sample of every class in every part: the caller makes sure that there are enough.
        sizes = [max(1, round(f * len(index))) for f in fractions]
        for part, chunk in zip(parts, np.split(index, np.cumsum(sizes)), strict=True):
            part.append(chunk)
    return tuple(np.sort(np.concatenate(part)) for part in parts)


# --- digits ---------------------------------------------------------------------------------------------------------


def _load_digits() -> Dataset:
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError as error:
        raise ScError("the digits data set comes with scikit-learn: pip install sc-neurocore[train]") from error
    bunch: Any = load_digits()
    x = bunch.images.astype(np.uint8)
    y = bunch.target.astype(np.int64)
    x_rest, x_test, y_rest, y_test = train_test_split(x, y, test_size=0.2, random_state=42, stratify=y)
    val, train = _stratified(y_rest, (0.15,), seed=42)
    return Dataset(
        name="digits",
        full_scale=16,
        classes=10,
        x_train=x_rest[train],
        y_train=y_rest[train],
        x_val=x_rest[val],
        y_val=y_rest[val],
        x_test=x_test,
        y_test=y_test,
    )


# --- MNIST ----------------------------------------------------------------------------------------------------------

_MNIST_VALIDATION = 5000
# sha256 of the unpacked files: whatever the source and the packing, these are the original bytes.
_MNIST_FILES = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
_MNIST_MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
_TIMEOUT_S = 30


def _folders() -> list[Path]:
    """Where MNIST may lie, in the order of looking."""
    roots = [cache_folder()]
    given = os.environ.get("SC_NEUROCORE_DATA")
    if given:
        require(Path(given).is_dir(), f"SC_NEUROCORE_DATA must name a folder, got {given!r}")
        roots.insert(0, Path(given))
    return [folder for root in roots for folder in (root, root / "mnist")]


def _unpack(raw: bytes, origin: str) -> bytes:
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise ScError(f"{origin} is not a complete gzip file: {error}") from error


def _read(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ScError(f"cannot read {path}: {error.strerror}") from error
    return _unpack(raw, str(path))


def read_idx(content: bytes, origin: str) -> NDArray[np.uint8]:
    """Return the array of an (unpacked) IDX file of unsigned bytes; `origin` names it in errors.

    Layout: 0, 0, 8 (unsigned bytes), number of dimensions, each size as 32 bits big-endian, then the values row by row.

    >>> read_idx(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]), "two.idx").tolist()
    [7, 9]
    """
    dims = content[3] if len(content) > 3 else 0
    require(
        content[:3] == b"\0\0\x08" and 1 <= dims <= 4,
        f"{origin} must be an IDX file of unsigned bytes (00 00 08 n …), starts with {content[:4].hex(' ')!r}",
    )
    start = 4 + 4 * dims
    shape = tuple(int(s) for s in np.frombuffer(content[4:start].ljust(4 * dims, b"\0"), dtype=">u4"))
    wanted = start + int(np.prod(shape, dtype=np.int64))
    require(len(content) == wanted, f"{origin} must hold {wanted} bytes for shape {shape}, got {len(content)}")
    return np.frombuffer(content, dtype=np.uint8, offset=start).reshape(shape)


def _checked(content: bytes, name: str, origin: str) -> bytes:
    digest = hashlib.sha256(content).hexdigest()
    require(
        digest == _MNIST_FILES[name],
        f"{origin} is not MNIST's {name}: sha256 must be {_MNIST_FILES[name]}, got {digest} "
        f"(for data of your own, use an .npz with arrays x and y)",
    )
    return content


def _download(name: str) -> bytes:
    """Fetch one packed file into the cache folder; other processes never see a part of it."""
    tried: list[str] = []
    for mirror in _MNIST_MIRRORS:
        url = f"{mirror}{name}.gz"
        try:
            with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as reply:
                raw: bytes = reply.read()
            content = _checked(_unpack(raw, url), name, url)
        except (OSError, urllib.error.URLError, ScError) as error:
            tried.append(f"{url}: {error}")
            continue
        folder = cache_folder("mnist")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(raw)
                os.replace(temporary, folder / f"{name}.gz")
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise ScError(f"cannot write the downloaded {name}.gz to {folder}: {error.strerror}") from error
        return content
    raise ScError(
        f"MNIST's {name}[.gz] was found neither in {', '.join(map(str, _folders()))} nor online "
        f"({'; '.join(tried)}). Put the four IDX files, plain or .gz, into a folder and set SC_NEUROCORE_DATA to it."
    )


def _find(name: str) -> Path | None:
    """Return where MNIST's file `name` lies, packed or not."""
    for folder in _folders():
        for file in (folder / name, folder / f"{name}.gz"):
            if file.is_file():
                return file
    return None


def at_hand(name: str) -> bool:
    """Return whether `load(name)` finds its files on this machine, without a download."""
    return _known(name) != "mnist" or all(_find(file) for file in _MNIST_FILES)


def _mnist_file(name: str) -> NDArray[np.uint8]:
    file = _find(name)
    return read_idx(_checked(_read(file), name, str(file)), str(file)) if file else read_idx(_download(name), name)


def _load_mnist() -> Dataset:
    x, y, x_test, y_test = (_mnist_file(name) for name in _MNIST_FILES)
    cut = len(x) - _MNIST_VALIDATION
    return Dataset(
        name="mnist",
        full_scale=256,
        classes=10,
        x_train=x[:cut],
        y_train=y[:cut].astype(np.int64),
        x_val=x[cut:],
        y_val=y[cut:].astype(np.int64),
        x_test=x_test,
        y_test=y_test.astype(np.int64),
    )


# --- the user's own -------------------------------------------------------------------------------------------------

_FLOAT_SCALE = 1 << 16
_MIN_PER_CLASS = 5


def _integer_samples(x: NDArray[Any], path: Path) -> tuple[Samples, int]:
    if x.dtype == np.uint8:
        return x, 256
    require(np.issubdtype(x.dtype, np.floating), f"{path}: x must be uint8 or floats in [0, 1], got {x.dtype}")
    require(bool(np.isfinite(x).all()), f"{path}: x must be finite, got NaN or infinity")
    low, high = float(x.min()), float(x.max())
    require(low >= 0 and high <= 1, f"{path}: x must be in [0, 1], got {low:g} … {high:g}")
    return np.rint(x.astype(np.float64) * _FLOAT_SCALE).astype(np.int32), _FLOAT_SCALE


def _arrays(path: Path, names: Sequence[str]) -> list[NDArray[Any]]:
    """Return arrays of an .npz file, the first of which are samples x."""
    require(path.is_file(), f"data file {path} does not exist")
    try:
        with np.load(path, allow_pickle=False) as file:
            missing = [key for key in names if key not in file]
            require(not missing, f"{path} must hold arrays {' and '.join(names)}; {' and '.join(missing)} missing")
            out = [file[name] for name in names]
            # A member that has no array's header comes back as bytes.
            if not all(isinstance(array, np.ndarray) for array in out):
                raise ValueError(f"{' or '.join(names)} is no array")
    except ScError:
        raise
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ScError(f"{path} is not a readable .npz of plain arrays: {error}") from error
    x = out[0]
    require(x.ndim >= 2 and x.size > 0, f"{path}: x must have shape (n, features…), got {x.shape}")
    return out


def _has_labels(path: Path) -> bool:
    """Return whether an .npz file has y; True for a file that is none, which reading it will say."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return "y" in file
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error):
        return True


def _read_npz(path: Path) -> tuple[Samples, NDArray[np.int64], int]:
    x, y = _arrays(path, ("x", "y"))
    require(y.shape == (len(x),), f"{path}: y must have shape ({len(x)},) as x has {len(x)} rows, got {y.shape}")
    require(np.issubdtype(y.dtype, np.integer), f"{path}: y must be integers, got {y.dtype}")
    require(int(y.min()) >= 0, f"{path}: labels must be 0 … K − 1, got {int(y.min())}")
    samples, full_scale = _integer_samples(x, path)
    return samples, y.astype(np.int64), full_scale


def _split_npz(path: Path) -> Dataset:
    x, y, full_scale = _read_npz(path)
    # Counting by bins would let one wild label ask for all memory.
    found, counts = np.unique(y, return_counts=True)
    top = int(found[-1])
    if len(found) != top + 1:
        absent = next(k for k in range(top + 1) if k >= len(found) or found[k] != k)
        raise ScError(f"{path}: labels must be 0 … {top} without gaps, label {absent} does not occur")
    require(top >= 1, f"{path}: labels must be 0 … K − 1 with K of at least 2, got only 0")
    rare = int(counts.argmin())
    require(
        int(counts[rare]) >= _MIN_PER_CLASS,
        f"{path}: each class needs at least {_MIN_PER_CLASS} samples, class {rare} has {int(counts[rare])}",
    )
    test, val, train = _stratified(y, (0.2, 0.2), seed=42)
    return Dataset(
        name="custom",
        full_scale=full_scale,
        classes=top + 1,
        x_train=x[train],
        y_train=y[train],
        x_val=x[val],
        y_val=y[val],
        x_test=x[test],
        y_test=y[test],
    )


DATASETS: dict[str, Callable[[], Dataset]] = {"digits": _load_digits, "mnist": _load_mnist}
