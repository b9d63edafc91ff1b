"""Data sets: the parts, their integers, and every refusal."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sc_neurocore import data
from sc_neurocore.errors import ScError


def npz(folder: Path, name: str = "own.npz", **arrays: Any) -> Path:
    path = folder / name
    np.savez(path, **arrays)
    return path


def labelled(classes: int = 3, each: int = 10, features: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    y = np.repeat(np.arange(classes), each)
    return rng.integers(0, 256, (len(y), features)).astype(np.uint8), y


# --- digits ---


def test_digits_test_part_is_the_documented_split() -> None:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    bunch = load_digits()
    rest, test, _, labels = train_test_split(
        bunch.images, bunch.target, test_size=0.2, random_state=42, stratify=bunch.target
    )
    got = data.load("digits")
    assert got.x_test.shape == (360, 8, 8)
    assert np.array_equal(got.x_test, test)
    assert np.array_equal(got.y_test, labels)
    assert len(got.x_train) + len(got.x_val) == len(rest)
    key = lambda images: {bytes(image) for image in images.astype(np.uint8)}  # noqa: E731
    assert key(got.x_train) | key(got.x_val) == key(rest)
    assert not key(got.x_train) & key(got.x_val)
    assert set(got.y_val) == set(range(10))
    spec = got.input_spec()
    assert (spec.shape, spec.full_scale, spec.pool, spec.dataset) == ((8, 8), 16, 1, "digits")
    assert int(got.x_train.max()) == 16


def test_digits_are_the_same_each_time() -> None:
    a, b = data.load("digits"), data.load("digits")
    for field in dataclasses.fields(a):
        assert np.array_equal(getattr(a, field.name), getattr(b, field.name))


def test_dataset_arrays_are_read_only() -> None:
    with pytest.raises(ValueError, match="read-only"):
        data.load("digits").x_train[0, 0, 0] = 1


def test_pooling_raises_the_full_scale() -> None:
    assert data.load("digits").input_spec(2).full_scale == 64
    with pytest.raises(ScError, match="pool must be at least 1, got 0"):
        data.load("digits").input_spec(0)


def test_dataset_refuses_inconsistent_parts() -> None:
    good = data.load("digits")
    for change, message in (
        ({"x_val": good.x_val[:-1]}, r"y_val must have shape \(215,\), got \(216,\)"),
        ({"x_test": good.x_test[:, :4]}, r"x_test must be samples of shape \(8, 8\)"),
        ({"x_val": good.x_val.astype(np.float64)}, "x_val must be integers, got float64"),
        ({"full_scale": 15}, r"x_train must be in \[0, 15\], got 0 … 16"),
        ({"classes": 9}, r"y_train must be in \[0, 8\], got 0 … 9"),
        ({"classes": 1}, "at least 2 classes, got 1"),
        ({"x_val": good.x_val[:0], "y_val": good.y_val[:0]}, "x_val must have shape"),
        ({"x_test": good.x_test[:0]}, "x_test must have shape"),
        ({"offset": 1}, r"x_train must be in \[1, 17\], got 0 … 16"),
    ):
        with pytest.raises(ScError, match=message):
            dataclasses.replace(good, **change)


# --- names and parts ---


def test_unknown_name_lists_the_valid_ones() -> None:
    with pytest.raises(ScError, match=r"one of digits, mnist or the path of an \.npz file, got 'cifar'"):
        data.load("cifar")
    with pytest.raises(ScError, match="one of digits, mnist"):
        data.load_part("cifar")


def test_parts_of_a_named_set() -> None:
    whole = data.load("digits")
    assert np.array_equal(data.load_part("digits").x, whole.x_test)
    assert data.load_part("digits").split == "test"
    assert np.array_equal(data.load_part("digits", "validation").y, whole.y_val)
    assert np.array_equal(data.load_part("digits", "train").y, whole.y_train)
    assert len(data.load_part("digits", "all").x) == 1797
    with pytest.raises(ScError, match="split must be one of train, validation, test, all, got 'dev'"):
        data.load_part("digits", "dev")


def test_parts_of_an_own_file(tmp_path: Path) -> None:
    x, y = labelled()
    path = npz(tmp_path, x=x, y=y)
    foreign = data.load_part(path)
    assert foreign.split == "all"
    assert np.array_equal(foreign.x, x)
    assert np.array_equal(foreign.y, y)
    known = data.load_part(path, trained_on=hashlib.sha256(path.read_bytes()).hexdigest())
    assert known.split == "test"
    assert np.array_equal(known.x, data.load(path).x_test)
    assert data.load_part(path, "test", trained_on="other").split == "test"


def test_a_handful_of_foreign_samples_will_do(tmp_path: Path) -> None:
    part = data.load_part(npz(tmp_path, x=np.zeros((2, 4), np.uint8), y=np.array([7, 7])))
    assert part.y.tolist() == [7, 7]
    assert part.full_scale == 256


# --- own .npz ---


def test_npz_split_is_stratified_disjoint_and_repeatable(tmp_path: Path) -> None:
    x, y = labelled(classes=4, each=20)
    x[:, 0] = np.arange(len(x))  # names the row
    path = npz(tmp_path, x=x, y=y)
    a, b = data.load(path), data.load(path)
    assert (len(a.y_train), len(a.y_val), len(a.y_test)) == (48, 16, 16)
    assert np.bincount(a.y_test).tolist() == np.bincount(a.y_val).tolist() == [4] * 4
    rows = [set(part[:, 0].tolist()) for part in (a.x_train, a.x_val, a.x_test)]
    assert set.union(*rows) == set(range(80))
    assert sum(map(len, rows)) == 80
    assert np.array_equal(a.x_test, b.x_test)
    assert a.input_spec().dataset == "custom"
    assert a.classes == 4


def test_npz_floats_become_integers_at_65536(tmp_path: Path) -> None:
    _, y = labelled(each=5)
    x = np.linspace(0, 1, len(y) * 2).reshape(-1, 2)
    part = data.load_part(npz(tmp_path, x=x, y=y))
    assert part.full_scale == 65536
    assert part.x.min() == 0
    assert part.x.max() == 65536
    assert np.abs(part.x - x * 65536).max() <= 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": None}, "must hold arrays x and y; x missing"),
        ({"x": None, "y": None}, "x and y missing"),
        ({"x": np.full((30, 4), np.nan)}, "x must be finite, got NaN"),
        ({"x": np.full((30, 4), np.inf)}, "x must be finite, got NaN or infinity, first inf in row 0"),
        ({"x": np.full((30, 4), 1.5)}, r"x is constant, 1\.5 in every place"),
        ({"x": np.tile(np.arange(4), (30, 1))}, "x has 18 samples that are all alike"),
        ({"x": np.full((30, 4), 1e17) + np.arange(30)[:, None]}, "x spans only .* subtract that from it"),
        ({"x": np.arange(-60, 60).reshape(30, 4) * 1e305}, "x spans .*: multiply it by a constant"),
        ({"x": np.full((30, 4), "3")}, "x must be numbers, got texts .*: give each category a column of 0 and 1"),
        ({"x": np.zeros((30, 4), complex)}, "x holds complex numbers"),
        ({"x": np.zeros((30, 4), "M8[D]")}, "x holds dates"),
        ({"x": np.zeros(30, [("a", "f4"), ("b", "f4")])}, "x holds records"),
        ({"x": np.zeros(30, np.uint8)}, r"x must have shape \(n, features…\), got \(30,\): .* x\.reshape\(-1, 1\)"),
        ({"x": np.uint8(3)}, r"x must have shape \(n, features…\), got \(\)"),
        ({"x": np.zeros((0, 4), np.uint8), "y": np.zeros(0, np.int64)}, r"x must have shape .* got \(0, 4\)"),
        ({"x": np.zeros((29, 4), np.uint8)}, r"y must have shape \(29,\) as there are 29 samples, got \(30,\)"),
        ({"y": np.zeros((30, 3), np.int64)}, r"y must have shape \(30,\), or be one-hot, .* row 0 is \[0, 0, 0\]"),
        ({"y": np.eye(4, dtype=int)[np.arange(30) % 3]}, "y: column 3 of the one-hot labels has no 1 in any row"),
        ({"y": np.linspace(0, 2, 30)}, "y must be integers or texts, got float64 such as 0.06"),
        ({"y": np.where(np.arange(30) == 7, np.nan, 1.0)}, "y must be finite"),
        ({"y": np.repeat(np.array([0, 1, 2**64 - 1], np.uint64), 10)}, "y has the label 18446744073709551615: labels"),
        ({"y": np.zeros(30, np.int64)}, "y must hold labels of at least 2 classes, but every label is 0"),
        ({"y": np.array([["a", "b", "c"]] * 10).astype(object).ravel()}, r"y holds Python objects.*\.astype\(str\)"),
        ({"y": np.repeat(["a", "", "c"], 10)}, "y has an empty label"),
        ({"y": np.repeat([b"a", b"\xff", b"c"], 10)}, "y holds bytes that are not UTF-8"),
        ({"y": np.zeros(30, "M8[D]")}, "y holds dates"),
        ({"y": np.array([0] * 14 + [1] * 14 + [2] * 2)}, "at least 5 samples, class 2 has 2"),
        ({"x": np.array([[None] * 4] * 30)}, "x holds Python objects, which are not read"),
        ({"x_train": np.zeros((3, 4))}, "holds x and x_train: which are the samples"),
        ({"X": np.zeros((3, 4))}, "holds both x and X"),
        ({"group": np.repeat([1, 2], 15)}, "group has 2 groups: at least 3 are needed"),
        ({"group": np.arange(29)}, r"group must name the group of each of 30 rows, got \(29,\)"),
        ({"group": np.arange(30) % 3 + 0.5}, "group must be whole numbers or texts"),
    ],
)
def test_npz_refusals_name_the_file(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    x, y = labelled()
    arrays = {k: v for k, v in ({"x": x, "y": y} | change).items() if v is not None}
    path = npz(tmp_path, **arrays)
    with pytest.raises(ScError, match=message) as caught:
        data.load(path)
    assert str(path) in str(caught.value)


def test_npz_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ScError, match="does not exist"):
        data.load(tmp_path / "absent.npz")
    with pytest.raises(ScError, match="does not exist"):
        data.load_part(tmp_path / "absent.npz", "all")
    with pytest.raises(ScError, match="does not exist"):
        data.load_part(tmp_path / "absent.npz")
    with pytest.raises(ScError, match=r"got 'my\.csv': np\.savez\('my\.npz', x=samples, y=labels\) makes one"):
        data.load("my.csv")
    for content in (b"", b"no archive", npz(tmp_path, x=labelled()[0], y=labelled()[1]).read_bytes()[:200]):
        path = tmp_path / "broken.npz"
        path.write_bytes(content)
        with pytest.raises(ScError, match=r"broken\.npz is not a readable"):
            data.load(path)
    with zipfile.ZipFile(tmp_path / "text.npz", "w") as file:
        file.writestr("x", "text")
        file.writestr("y", "text")
    with pytest.raises(ScError, match="x is no array"):
        data.load(tmp_path / "text.npz")


# --- IDX and MNIST ---


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


@pytest.fixture
def little_mnist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """Files in MNIST's layout, small, with their own sha256; no network, no cache of this machine's."""
    rng = np.random.default_rng(1)
    sizes = {"train": 5020, "t10k": 30}
    files: dict[str, bytes] = {}
    for part, n in sizes.items():
        files[f"{part}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (n, 6, 6)).astype(np.uint8))
        files[f"{part}-labels-idx1-ubyte"] = idx((np.arange(n) % 10).astype(np.uint8))
    monkeypatch.setattr(data, "_MNIST_FILES", {k: hashlib.sha256(v).hexdigest() for k, v in files.items()})
    monkeypatch.setenv("SC_NEUROCORE_CACHE", str(tmp_path / "cache" / "sc-neurocore"))
    monkeypatch.delenv("SC_NEUROCORE_DATA", raising=False)

    def offline(*_: Any, **__: Any) -> Any:
        raise OSError("no network in tests")

    monkeypatch.setattr(urllib.request, "urlopen", offline)
    return files


def write(folder: Path, files: dict[str, bytes], packed: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        if packed:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("below", ["", "mnist"])
def test_mnist_from_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, little_mnist: dict[str, bytes], packed: bool, below: str
) -> None:
    write(tmp_path / "data" / below, little_mnist, packed)
    monkeypatch.setenv("SC_NEUROCORE_DATA", str(tmp_path / "data"))
    got = data.load("mnist")
    assert [len(x) for x in (got.x_train, got.x_val, got.x_test)] == [20, 5000, 30]
    assert got.full_scale == 256
    assert bytes(got.x_val[-1]) == little_mnist["train-images-idx3-ubyte"][-36:]


def test_mnist_from_the_cache(tmp_path: Path, little_mnist: dict[str, bytes]) -> None:
    write(tmp_path / "cache" / "sc-neurocore" / "mnist", little_mnist, True)
    assert len(data.load("mnist").x_test) == 30


def test_mnist_offline_says_how_to_provide_it(little_mnist: dict[str, bytes]) -> None:
    with pytest.raises(ScError, match=r"no network in tests.*set SC_NEUROCORE_DATA"):
        data.load("mnist")


def test_mnist_download_goes_to_the_cache_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, little_mnist: dict[str, bytes]
) -> None:
    asked: list[str] = []

    class Reply:
        def __init__(self, content: bytes) -> None:
            self.content = content

        def __enter__(self) -> Reply:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read(self) -> bytes:
            return self.content

    def serve(url: str, timeout: float) -> Reply:
        asked.append(url)
        packed = gzip.compress(little_mnist[Path(url).stem])
        # The first mirror sends the images torn off: its checksum must send us to the second.
        return Reply(packed[:-9] if url.startswith(data._MNIST_MIRRORS[0]) and "images" in url else packed)

    monkeypatch.setattr(urllib.request, "urlopen", serve)
    assert len(data.load("mnist").x_test) == 30
    assert len(asked) == 6
    folder = tmp_path / "cache" / "sc-neurocore" / "mnist"
    assert sorted(p.name for p in folder.iterdir()) == sorted(f"{n}.gz" for n in little_mnist)
    monkeypatch.setattr(urllib.request, "urlopen", None)
    assert len(data.load("mnist").x_test) == 30


def test_mnist_that_is_altered_or_torn_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, little_mnist: dict[str, bytes]
) -> None:
    folder = tmp_path / "data"
    write(folder, little_mnist, False)
    monkeypatch.setenv("SC_NEUROCORE_DATA", str(folder))
    labels = folder / "train-labels-idx1-ubyte"
    good = labels.read_bytes()
    labels.write_bytes(good[:-1] + b"\x01")
    with pytest.raises(ScError, match=r"data/train-labels-idx1-ubyte is not MNIST's .* sha256 must be"):
        data.load("mnist")
    labels.unlink()
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(good)[:-20])
    with pytest.raises(ScError, match=r"train-labels-idx1-ubyte\.gz is not a complete gzip file"):
        data.load("mnist")


def test_data_variable_must_name_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SC_NEUROCORE_DATA", str(tmp_path / "absent"))
    with pytest.raises(ScError, match=r"SC_NEUROCORE_DATA must name a folder, got .*absent"):
        data.load("mnist")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "f must be an IDX file"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "IDX file of unsigned bytes"),
        (b"\0\0\x08\x00", "IDX file"),
        (b"\0\0\x08\x02\0\0", "must hold 12 bytes"),
        (b"\0\0\x08\x01\0\0\0\x03ab", "must hold 11 bytes for shape .* got 10"),
        (b"\0\0\x08\x01\0\0\0\x01ab", "must hold 9 bytes for shape .* got 10"),
    ],
)
def test_idx_refusals(content: bytes, message: str) -> None:
    with pytest.raises(ScError, match=message):
        data.read_idx(content, "f")


def test_importing_data_is_light() -> None:
    code = "import sys, sc_neurocore.data; print([m for m in ('torch', 'sklearn', 'numba') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
