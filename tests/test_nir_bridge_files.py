"""NIR files that are broken or hostile: named errors, nothing followed, nothing allocated on a claim."""

import os
import subprocess
import sys
import tracemalloc

import h5py
import nir
import numpy as np
import pytest

from sc_neurocore.cli import main
from sc_neurocore.errors import ScError
from sc_neurocore.nir_bridge import from_nir, hdf5, network


@pytest.fixture
def here(monkeypatch):
    """Read in this process: quicker, and what is allocated can be seen."""
    monkeypatch.setattr(network, "read_tree", hdf5.read_here)


@pytest.fixture
def file(tmp_path):
    """A sound file: Input, Affine, LIF, Output."""
    path = tmp_path / "a.nir"
    ones = np.ones(4)
    nir.write(path, nir.NIRGraph.from_list(nir.Affine(np.ones((4, 3)), ones), nir.LIF(2 * ones, ones, 0 * ones, ones)))
    assert from_nir(path).input_shape == (3,)
    return path


def node(content, name="affine"):
    return content["node/nodes"][name]


def replace(group, name, **how):
    del group[name]
    return group.create_dataset(name, **how)


def external_link(content, tmp_path):
    del node(content)["weight"]
    node(content)["weight"] = h5py.ExternalLink("/etc/passwd", "/")


def soft_link(content, tmp_path):
    del node(content)["weight"]
    node(content)["weight"] = h5py.SoftLink("/node/nodes/affine/bias")


def external_storage(content, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(96))
    replace(node(content), "weight", shape=(4, 3), dtype="f8", external=[(str(secret), 0, 96)])


def virtual(content, tmp_path):
    layout = h5py.VirtualLayout((4, 3), "f8")
    layout[:] = h5py.VirtualSource("other.h5", "x", (4, 3))
    del node(content)["weight"]
    node(content).create_virtual_dataset("weight", layout)


def huge(content, tmp_path):
    replace(node(content), "weight", shape=(1 << 20, 1 << 20), dtype="f8", chunks=(64, 64))


def huge_packed(content, tmp_path):
    made = replace(node(content), "weight", shape=(1 << 20, 1 << 20), dtype="f8", chunks=(64, 64), compression="gzip")
    made[:64, :64] = 1


def huge_chunk(content, tmp_path):
    replace(node(content), "weight", shape=(4, 3), maxshape=(None, None), dtype="f8", chunks=(1 << 14, 1 << 14))


def twice_packed(content, tmp_path):
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plan.set_chunk((4, 3))
    plan.set_deflate(9)
    plan.set_deflate(9)
    del node(content)["weight"]
    space = h5py.h5s.create_simple((4, 3))
    h5py.h5d.create(node(content).id, b"weight", h5py.h5t.NATIVE_DOUBLE, space, plan).write(
        h5py.h5s.ALL, h5py.h5s.ALL, np.ones((4, 3))
    )


def foreign_filter(content, tmp_path):
    replace(node(content), "weight", data=np.ones((4, 3), np.int32), chunks=(4, 3), scaleoffset=4)


def objects(content, tmp_path):
    replace(node(content), "weight", shape=(4, 3), dtype=h5py.vlen_dtype(np.float64))


def references(content, tmp_path):
    replace(node(content), "weight", data=content["node"].ref, dtype=h5py.ref_dtype)


def compound(content, tmp_path):
    replace(node(content), "weight", data=np.zeros((4, 3), dtype=[("a", "f8")]))


def complex_numbers(content, tmp_path):
    replace(node(content), "weight", data=np.ones((4, 3), complex))


def in_itself(content, tmp_path):
    content["node/nodes"]["again"] = content["node"]


def shared_group(content, tmp_path):
    content["node/nodes"]["twin"] = content["node/nodes/affine"]


def deep(content, tmp_path):
    group = content["node/nodes"]
    for _ in range(60):
        group = group.create_group("g")


def nothing_there(content, tmp_path):
    replace(node(content), "weight", data=h5py.Empty("f8"))


def no_graph(content, tmp_path):
    del content["node"]
    content["node"] = 3


def no_nodes(content, tmp_path):
    del content["node/nodes"]


def nodes_array(content, tmp_path):
    replace(content["node"], "nodes", data=np.zeros(3))


def no_type(content, tmp_path):
    del node(content)["type"]


def type_number(content, tmp_path):
    replace(node(content), "type", data=7)


def type_unknown(content, tmp_path):
    replace(node(content), "type", data="__import__('os').system('touch pwned')")


def not_text(content, tmp_path):
    replace(node(content), "type", data=np.bytes_(b"\xff\xfe"))


def field_missing(content, tmp_path):
    del node(content)["bias"]


def field_unknown(content, tmp_path):
    node(content)["gain"] = 3.0


def nan_weight(content, tmp_path):
    node(content)["weight"][2, 1] = np.nan


def edges_numbers(content, tmp_path):
    replace(content["node"], "edges", data=np.zeros((3, 2)))


def edges_flat(content, tmp_path):
    replace(
        content["node"], "edges", data=np.array(["input", "affine", "lif"], dtype=object), dtype=h5py.string_dtype()
    )


HOSTILE = {
    external_link: "/node/nodes/affine/weight: must lie in this file, got a link of type ExternalLink",
    soft_link: "must lie in this file, got a link of type SoftLink",
    external_storage: "/node/nodes/affine/weight: its values must be stored in this file",
    virtual: "its values must be stored in this file",
    huge: r"shape \(1048576, 1048576\) claims 8796093022208 bytes, 0 are stored",
    huge_packed: "claims 8796093022208 bytes",
    huge_chunk: r"chunks \(16384, 16384\) claim|claims 96 bytes, 0 are stored",
    twice_packed: "must be compressed at most once, got 2",
    foreign_filter: "filters must be deflate, LZF, shuffle, fletcher32, got number 6",
    objects: "must be integers, floats of at most 64 bits or strings, got object",
    references: "must be integers, floats",
    compound: "must be integers, floats",
    complex_numbers: "must be integers, floats of at most 64 bits or strings, got complex128",
    in_itself: "is met twice, as in a cycle",
    shared_group: "is met twice",
    deep: "groups must nest at most 32 deep",
    nothing_there: "must have a shape, got an empty dataspace",
    no_graph: "not a NIR file",
    no_nodes: r"node 'graph' \(NIRGraph\) must have nodes",
    nodes_array: "nodes must be a group, got an array",
    no_type: "node 'affine' must have a type, a string, got None",
    type_number: "must have a type, a string",
    type_unknown: "which is not supported",
    not_text: "broken or truncated|not supported",
    field_missing: r"node 'affine' \(Affine\) must have bias",
    field_unknown: r"node 'affine' \(Affine\) has unknown fields.*gain",
    nan_weight: r"weight must be finite, got nan at index \(2, 1\)",
    edges_numbers: "edges must be pairs of names",
    edges_flat: r"edges must be pairs of names, got shape \(3,\)",
}


@pytest.mark.parametrize("damage", HOSTILE, ids=lambda f: f.__name__)
def test_hostile_files_are_refused_by_name(damage, file, here, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with h5py.File(file, "r+") as content:
        damage(content, tmp_path)
    tracemalloc.start()
    with pytest.raises(ScError, match=HOSTILE[damage]) as found:
        from_nir(file)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    assert str(file) in str(found.value)
    assert not (tmp_path / "pwned").exists()


def test_what_is_no_file_is_refused(tmp_path, capsys):
    for name, content in (("text.nir", b"hello"), ("empty.nir", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ScError, match=f"{name}: cannot be read as HDF5"):
            from_nir(tmp_path / name)
    for path in (tmp_path, tmp_path / "none.nir"):
        with pytest.raises(ScError, match=r"no such file"):
            from_nir(path)
    assert main(["import", str(tmp_path / "none.nir")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_truncated_files_are_refused(file):
    whole = file.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        file.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ScError, match=r"cannot be read as HDF5, broken or truncated"):
            from_nir(file)


def test_flipped_bytes_give_a_network_or_a_named_error(file):
    whole, random, refused = file.read_bytes(), np.random.default_rng(0), 0
    for _ in range(20):
        damaged = bytearray(whole)
        for at in random.integers(0, len(damaged), 20):
            damaged[at] ^= int(random.integers(1, 256))
        file.write_bytes(damaged)
        try:
            from_nir(file)
        except ScError as error:
            refused += str(file) in str(error)
    assert refused > 5


@pytest.mark.parametrize(
    ("child", "message"),
    [
        ("import time; time.sleep(60)", "the HDF5 library did not come to an end in 0.3 s"),
        ("import os; os.abort()", "the HDF5 library failed with exit code -6"),
        ("raise MemoryError('all gone')", "failed with exit code 1 MemoryError: all gone"),
    ],
)
def test_a_library_that_hangs_or_crashes_is_told_of(child, message, file, monkeypatch):
    monkeypatch.setattr(hdf5, "_CHILD", child)
    if "sleep" in child:
        monkeypatch.setattr(hdf5, "READ_SECONDS", 0.3)
    with pytest.raises(ScError, match=message) as found:
        from_nir(file)
    assert str(file) in str(found.value)


def test_both_ways_to_read_agree(file):
    here, there = hdf5.read_here(file), hdf5.read_tree(file)
    assert here["edges"].tolist() == there["edges"].tolist()
    for name, node in here["nodes"].items():
        for key, value in node.items():
            other = there["nodes"][name][key]
            assert type(value) is type(other)
            assert np.array_equal(value, other)
            assert np.asarray(value).dtype == np.asarray(other).dtype


def test_limits_count_over_the_whole_file(file, monkeypatch):
    monkeypatch.setattr(hdf5, "MAX_OBJECTS", 10)
    with pytest.raises(ScError, match=r"must have at most 10 groups and arrays"):
        hdf5.read_here(file)
    monkeypatch.undo()
    monkeypatch.setattr(hdf5, "MAX_BYTES", 100)
    with pytest.raises(ScError, match=r"all arrays together must be at most 100 bytes"):
        hdf5.read_here(file)


def test_variants_in_the_wild_are_read(tmp_path):
    """Absent optional fields, arrays without axes, other types, LZF."""
    path = tmp_path / "a.nir"
    with h5py.File(path, "w") as content:
        content["version"] = "0.2"
        nodes = content.create_group("node/nodes")
        content["node/type"] = "NIRGraph"
        content["node"].create_dataset(
            "edges", data=np.array([["i", "n"], ["n", "o"]], dtype=object), dtype=h5py.string_dtype()
        )
        for name, kind in (("i", "Input"), ("o", "Output")):
            nodes.create_group(name)["type"] = kind
            nodes[name]["shape"] = np.array([40], np.int32)
        neuron = nodes.create_group("n")
        neuron["type"] = np.bytes_("CubaLIF")
        neuron.create_dataset("tau_mem", data=np.full(40, 4, np.int16), compression="lzf", chunks=(40,))
        for name, value in (("tau_syn", 2), ("r", np.float16(1)), ("v_leak", 0.0), ("v_threshold", np.float32(0.5))):
            neuron[name] = value
    run = from_nir(path).run(np.full((6, 1, 40), 2.0))
    assert run.output.dtype == np.float64  # v_leak is
    assert run.output.sum() > 0


def test_reading_imports_neither_torch_nor_nir(file):
    code = (
        "import sys; from sc_neurocore.nir_bridge import from_nir\n"
        f"from_nir({str(file)!r}).run([[[1.0, 1.0, 1.0]]])\n"
        "assert not {'torch', 'nir', 'numba', 'h5py'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ)
