"""Data sets as raw integers, split into training, validation and test part. It needs no torch.

`load` returns the embedded digits, MNIST or the user's own `.npz` file. `Dataset.input_spec` turns what it knows about
its samples into the `InputSpec` of a network. `load_part` returns the one part that an evaluation needs. docs/data.md
describes which files of the user's own are accepted, and what becomes of them.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import ScError, require, require_one_of
from .names import SPLITS, not_a_data_set
from .network import InputSpec, Network
from .own_data.file import OwnFile, Rows
from .own_data.labels import class_names
from .own_data.npz import file_sha256
from .own_data.scale import BYTES, UNIT, Scale, check_codes, choose, describe, given, raw_samples
from .own_data.split import stratified
from .paths import cache_folder

__all__ = [
    "DATASETS",
    "SPLITS",
    "Dataset",
    "Part",
    "at_hand",
    "check_codes",
    "class_names",
    "describe",
    "file_sha256",
    "load",
    "load_part",
    "read_idx",
]

Samples = NDArray[Any]

_X_PARTS = ("x_train", "x_val", "x_test")
_Y_PARTS = ("y_train", "y_val", "y_test")


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Labelled samples in three disjoint parts, as read-only arrays.

    The arrays of samples are integers in offset … offset + full_scale, shape (n, *shape). The arrays of labels are
    class indices in 0 … classes − 1, shape (n,). An empty test part means that there is none.

    Attributes:
        name: What `InputSpec.dataset` records, so that `evaluate` finds such samples again; "custom" for the user's
            own.
        full_scale: F of A2 (codes), the integer that stands for 1.0.
        classes: Number of classes.
        x_train: Samples of the training part, and y_train their labels; x_val, y_val, x_test and y_test alike.
        offset: As of `InputSpec`.
        shift: As of `InputSpec`.
        order: As of `InputSpec`.
        class_names: Names of the user's own classes, in their order, if they are not just 0 … classes − 1.
        kind: dtype of the user's own training samples.
        probe: Some of these samples, as the file holds them.
        notes: What a user should read about the file.

    Raises:
        ScError: If arrays do not fit each other, or values are out of range.
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
    offset: int = 0
    shift: int | None = None
    order: str | None = None
    class_names: tuple[str, ...] | None = None
    kind: str = ""
    probe: NDArray[Any] | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(self.full_scale >= 1, f"full_scale must be at least 1, got {self.full_scale}")
        require(self.classes >= 2, f"a data set needs at least 2 classes, got {self.classes}")
        for x_part, y_part in zip(_X_PARTS, _Y_PARTS, strict=True):
            x, y = np.asarray(getattr(self, x_part)), np.asarray(getattr(self, y_part))
            require(
                x.ndim >= 2 and (len(x) > 0 or (x_part == "x_test" and len(y) == 0)),
                f"{x_part} must have shape (n, features…), got {x.shape}",
            )
            require(x.shape[1:] == self.x_train.shape[1:], f"{x_part} must be samples of shape {self.shape}")
            require(np.issubdtype(x.dtype, np.integer), f"{x_part} must be integers, got {x.dtype}")
            if x.size:
                low, high = int(x.min()), int(x.max())
                require(
                    low >= self.offset and high <= self.offset + self.full_scale,
                    f"{x_part} must be in [{self.offset}, {self.offset + self.full_scale}], got {low} … {high}",
                )
            require(np.issubdtype(y.dtype, np.integer), f"{y_part} must be integers, got {y.dtype}")
            require(y.shape == (len(x),), f"{y_part} must have shape ({len(x)},), got {y.shape}")
            if y.size:
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
        """Return how these samples become input codes.

        Args:
            pool: Side of the square blocks of pixels that are summed; the full scale grows by pool².
            threshold: For binary inputs, the value (after pooling) from which on an input is 1.
        """
        require(pool >= 1, f"pool must be at least 1, got {pool}")
        full_scale = self.full_scale * pool**2
        return InputSpec(self.shape, full_scale, pool, self.name, threshold, self.order, self.offset, self.shift)

    @property
    def facts(self) -> dict[str, Any]:
        """What a network's info records about its training data: names of the classes, dtype of the samples."""
        names = {} if self.class_names is None else {"classes": list(self.class_names)}
        return names | ({"samples": self.kind} if self.kind else {})


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Samples to evaluate on.

    Attributes:
        x: Raw integers, shape (n, *shape).
        y: Labels, shape (n,); all 0 if there are none.
        full_scale: The greatest possible raw value less the least.
        split: Which part it is, one of `SPLITS`.
        labelled: Whether the samples have labels.
        clipped: Share of the values that lay outside of the network's range; None if no value can.
    """

    x: Samples
    y: NDArray[np.int64]
    full_scale: int
    split: str
    labelled: bool = True
    clipped: float | None = None


def load(
    name: str | os.PathLike[str], *, order: str | None = None, input_range: Sequence[float] | None = None
) -> Dataset:
    """Return a data set.

    "digits" are scikit-learn's embedded 8 × 8 images; the test part is the 360 images of
    `train_test_split(test_size=0.2, random_state=42, stratify=y)`. "mnist" is the original 60,000 + 10,000 images. They
    are looked for in `$SC_NEUROCORE_DATA` and in the cache folder, and then downloaded; every file is checked by its
    SHA-256.

    A `.npz` file has arrays x and y, which are split 60/20/20, the same for the same content of the file; an array
    `group` keeps groups in one part. Or it has x_train, y_train and so on, which stay as they are. Its training part
    alone chooses the scale of the samples. Where there is no validation part, it is taken from the training part.

    Args:
        name: "digits", "mnist", or the path of an .npz file.
        order: "chw" or "hwc", for an .npz file whose samples have three axes.
        input_range: For an .npz file, the least and the greatest value that are told apart, in place of the training
            part's.

    Raises:
        ScError: For an unknown name and for bad data.
    """
    text = _known(name)
    if text in DATASETS:
        for what, value in (("order", order), ("input range", input_range)):
            require(value is None, f"{what} is for an .npz file, not for {text}, whose samples are known")
        return DATASETS[text]()
    return _load_own(text, order, input_range)


def load_part(
    name: str | os.PathLike[str],
    split: str | None = None,
    *,
    trained_on: str | None = None,
    labelled: bool = True,
    network: Network | None = None,
) -> Part:
    """Return one part of a data set.

    Args:
        name: As of `load`.
        split: One of `SPLITS`. By default the test part; but the whole of an .npz file whose SHA-256 is not
            `trained_on`, since a network that never saw the file may be measured on every sample of it. "all" takes the
            rows of the file in their order, so a handful of samples is enough.
        trained_on: SHA-256 of the file on which the network was trained.
        labelled: Whether the samples must have labels.
        network: If given, samples of an .npz file are brought to the scale of this network, and labels are matched by
            the names of its classes. Otherwise the file itself decides on both.

    Raises:
        ScError: For an unknown name or split, and for bad data.
    """
    if split is not None:
        require_one_of("split", split, SPLITS)
    text = _known(name)
    if text not in DATASETS:
        foreign = split is None and file_sha256(text) != trained_on
        return _own_part(text, "all" if foreign else split, labelled, network)
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


def _known(name: str | os.PathLike[str]) -> str:
    """Return a name as text; raises ScError unless it is a data set or the path of an .npz file."""
    text = os.fspath(name)
    if text not in DATASETS and not text.endswith(".npz"):
        raise ScError(not_a_data_set(text))
    return text


# --- digits ---------------------------------------------------------------------------------------------------------


def _load_digits() -> Dataset:
    """Return the digits data set of scikit-learn: 1,797 images of 8 × 8 pixels, 0 … 16, in ten classes.

    20 % of them are the test part, and 15 % of the rest the validation part, both class by class and always the same.

    Raises:
        ScError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits
        from sklearn.model_selection import train_test_split
    except ImportError as error:
        raise ScError("the digits data set comes with scikit-learn: pip install scikit-learn") from error
    bunch: Any = load_digits()
    x = bunch.images.astype(np.uint8)
    y = bunch.target.astype(np.int64)
    x_rest, x_test, y_rest, y_test = train_test_split(x, y, test_size=0.2, random_state=42, stratify=y)
    val, train = stratified(y_rest, (0.15,), seed=42)
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
    """Return the folders in which MNIST may be, in the order of looking."""
    roots = [cache_folder()]
    given = os.environ.get("SC_NEUROCORE_DATA")
    if given:
        require(Path(given).is_dir(), f"SC_NEUROCORE_DATA must name a folder, got {given!r}")
        roots.insert(0, Path(given))
    return [folder for root in roots for folder in (root, root / "mnist")]


def _unpack(raw: bytes, origin: str) -> bytes:
    """Return content that may be packed by gzip; `origin` names it in errors."""
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise ScError(f"{origin} is not a complete gzip file: {error}") from error


def _read(path: Path) -> bytes:
    """Return the unpacked content of a file."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ScError(f"cannot read {path}: {error.strerror}") from error
    return _unpack(raw, str(path))


def read_idx(content: bytes, origin: str) -> NDArray[np.uint8]:
    """Return the array of an unpacked IDX file of unsigned bytes, the format of MNIST.

    Its layout is: the bytes 0, 0, 8 (unsigned bytes); the number of dimensions, one byte; each size as 32 bits,
    big-endian; then the values, row by row.

    Args:
        content: The bytes of the file.
        origin: Name of the file, for errors.

    Raises:
        ScError: If it is not such a file, or has too few or too many bytes.

    Example:
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
    """Return the content if it is MNIST's file `name`; raises ScError if its SHA-256 differs."""
    digest = hashlib.sha256(content).hexdigest()
    require(
        digest == _MNIST_FILES[name],
        f"{origin} is not MNIST's {name}: sha256 must be {_MNIST_FILES[name]}, got {digest} "
        f"(for data of your own, use an .npz with arrays x and y)",
    )
    return content


def _download(name: str) -> bytes:
    """Download one packed file into the cache folder, and return its unpacked content.

    Other processes never see a part of the file.
    """
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
    """Return the path of MNIST's file `name` on this machine, packed or not; None if it is not here."""
    for folder in _folders():
        for file in (folder / name, folder / f"{name}.gz"):
            if file.is_file():
                return file
    return None


def at_hand(name: str) -> bool:
    """Return whether `load(name)` would find its files on this machine, without a download."""
    return _known(name) != "mnist" or all(_find(file) for file in _MNIST_FILES)


def _mnist_file(name: str) -> NDArray[np.uint8]:
    """Return the array of one of MNIST's files, from this machine or downloaded."""
    file = _find(name)
    return read_idx(_checked(_read(file), name, str(file)), str(file)) if file else read_idx(_download(name), name)


def _load_mnist() -> Dataset:
    """Return MNIST; the last 5000 images of its training part become the validation part."""
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


def _load_own(path: str, order: str | None, input_range: Sequence[float] | None) -> Dataset:
    """Return the data set of an .npz file.

    Args:
        path: The file.
        order: The order of the axes of images, "hwc" or "chw", or None.
        input_range: (low, high), the values that are told apart; None takes them from the training part.

    Raises:
        ScError: For anything that is not accepted; the message names the file and the array.
    """
    file = OwnFile(path)
    parts = file.parts()
    names = file.names()
    train = parts["train"]
    assert train.labels is not None
    classes = len(names) if names is not None else train.labels.columns or int(train.labels.values.max()) + 1
    scale = choose(train.x, train.where) if input_range is None else given(train.x, input_range, train.where)
    shape = train.x.shape[1:]
    spec = scale.spec(shape)
    kind = str(train.x.dtype)
    arrays: dict[str, Any] = {}
    for part, (x_name, y_name) in _ARRAYS.items():
        rows = parts.get(part)
        if rows is None or rows.labels is None:  # the test part
            arrays |= {x_name: arrays["x_train"][:0], y_name: np.zeros(0, dtype=np.int64)}
            continue
        arrays[x_name], _ = raw_samples(rows.x, spec, rows.where, kind)
        who = f"the training part of {path}"
        arrays[y_name] = rows.labels.indices(names, classes, who)
    notes = list(file.notes)
    if "test" not in parts:
        notes.append(f"{file.path.name} has no x_test: nothing is measured on a test part")
    return Dataset(
        name="custom",
        classes=classes,
        full_scale=scale.full_scale,
        offset=scale.offset,
        shift=scale.shift,
        order=order or _plain_order(shape),
        class_names=names,
        kind=kind,
        probe=train.x[:: max(1, train.x.size // _PROBE)],
        notes=tuple(notes),
        **arrays,
    )


def _plain_order(shape: tuple[int, ...]) -> str | None:
    """Return the order of the axes of grey images, where an axis of size 1 leaves no doubt; else None."""
    if len(shape) == 3 and (shape[0] == 1) != (shape[2] == 1):
        return "chw" if shape[0] == 1 else "hwc"
    return None


def _own_part(path: str, split: str | None, labelled: bool, network: Network | None) -> Part:
    """Return a part of an .npz file, on the scale of a network or on its own.

    Args:
        path: The file.
        split: "train", "validation", "test" or "all"; None is "test" for a file with parts or labels, else "all".
        labelled: Whether the samples must have labels.
        network: The network that takes the samples, whose scale and classes they get; None chooses a scale for them.

    Raises:
        ScError: There is no such part, or the samples or labels do not fit the network.
    """
    file = OwnFile(path, labelled=labelled)
    if split is None:
        split = "test" if file.published or file.labelled else "all"
    rows = _rows(file, split)
    require(
        rows.labels is not None or not labelled,
        f"{path} has no labels for its part {split}: {' and '.join(file.unlabelled)} missing",
    )
    if network is None:
        scale = _scale_of(rows) if split == "all" else choose(file.parts()["train"].x, path)
        spec = scale.spec(rows.x.shape[1:])
        x, clipped = raw_samples(rows.x, spec, rows.where)
        y = _class_indices(rows)
    else:
        spec = network.input
        require(
            network.takes(rows.x.shape[1:]),
            f"{path} has samples of shape {rows.x.shape[1:]}; {network.name} takes shape {network.raw_shape}"
            + ("" if spec.order is None else f" in the order {spec.order}"),
        )
        x, clipped = raw_samples(rows.x, spec, rows.where, network.info.get("samples"))
        check_codes(rows.x[:: max(1, rows.x.size // _PROBE)], spec, network.length, rows.where, training=False)
        names = class_names(network.info, network.classes, network.name)
        y = np.zeros(len(x), dtype=np.int64)
        if rows.labels is not None:
            y = rows.labels.indices(names, network.classes, network.name)
    real = spec.shift is not None or spec.top == UNIT
    return Part(x, y, spec.top - spec.offset, split, rows.labels is not None, clipped if real else None)


def _rows(file: OwnFile, split: str) -> Rows:
    """Return the rows of one part of a file; raises ScError if the file does not have that part."""
    if split == "all":
        return file.all()
    require(
        file.published or file.labelled,
        f"{file.path} has no labels y: split must be all, got {split!r}",
    )
    if split in file.published and split != "train":
        return file.published[split]
    parts = file.parts()
    require(split in parts, f"{file.path} has no test part: give --split validation, or all")
    return parts[split]


def _scale_of(rows: Rows) -> Scale:
    """Return the scale of samples that belong to no network."""
    if rows.x.min() == rows.x.max():
        return Scale(UNIT if rows.x.dtype.kind == "f" else BYTES)
    return choose(rows.x, rows.where)


def _class_indices(rows: Rows) -> NDArray[np.int64]:
    """Return class indices of labels that belong to no network; all 0 if there are none."""
    if rows.labels is None:
        return np.zeros(len(rows.x), dtype=np.int64)
    values = rows.labels.values
    if not rows.labels.texts and int(values.min()) >= 0:
        return values.astype(np.int64)
    return np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int64)


# Values of the training part that are looked at for a warning.
_PROBE = 1 << 20
_ARRAYS = {"train": ("x_train", "y_train"), "validation": ("x_val", "y_val"), "test": ("x_test", "y_test")}
DATASETS: dict[str, Callable[[], Dataset]] = {"digits": _load_digits, "mnist": _load_mnist}
