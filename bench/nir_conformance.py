"""Whether our float reference of NIR does what the frameworks do with the networks that they export; docs/nir.md.

  python bench/nir_conformance.py record FRAMEWORK   builds small networks in snntorch, norse, spikingjelly, sinabs,
                                                     rockpool or lava-dl, runs them there, exports them by the
                                                     framework's own exporter, and writes tests/nir_cases: NIR files,
                                                     inputs, spikes, voltages
  python bench/nir_conformance.py table              compares our reference with all that was recorded, writes the table

The frameworks are no dependencies of the project: pip install snntorch==1.0.0 nirtorch==2.6 norse==1.1.0
spikingjelly==2.0.0, into an environment of their own; sinabs==3.1.3, and torch rockpool[nir]==3.1.0, which want nir
1.0.4, each into another; lava-dl==0.6.0 nir==1.0.8 into one of Python 3.10, with lava_to_nir.py, of NIR's repository
(docs/source/examples/lava, commit f5372aef), on PYTHONPATH.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "tests" / "nir_cases"
INDEX = FOLDER / "cases.json"
DOCUMENT = ROOT / "docs" / "nir.md"
STEPS, BATCH, WIDTH = 40, 2, 6


@dataclass
class Case:
    """A network as its framework ran it.

    Attributes:
        name: Name of the case.
        primitives: What the case is about, for the table.
        graph: The graph from the framework's exporter, with what that leaves out put in where the case says so.
        x: The input, (T, B, …).
        output: What the framework gave, (T, B, …).
        voltages: Potentials by the name of the framework's module, (T, B, …).
        options: Arguments of `from_nir` besides the framework.
    """

    name: str
    primitives: str
    graph: Any
    x: Any
    output: Any
    voltages: dict[str, Any] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


def signal(*shape: int, low: float = 0.0, high: float = 1.0, seed: int = 1) -> Any:
    """Return an input (T, B, *shape), the same on every machine."""
    import torch

    return torch.from_numpy(np.random.default_rng(seed).uniform(low, high, (STEPS, BATCH, *shape)).astype(np.float32))


def linear(inputs: int, outputs: int, gain: float = 1.0, bias: bool = True) -> Any:
    """Return a Linear whose neurons get about the threshold."""
    from torch import nn

    layer = nn.Linear(inputs, outputs, bias=bias)
    nn.init.uniform_(layer.weight, -0.3 * gain, gain * 0.7)
    return layer


# snnTorch


def snntorch_cases() -> list[Case]:
    """Leaky, Synaptic, RLeaky, RSynaptic, with the resets that the exporter loses."""
    import snntorch as snn
    import torch
    from snntorch.export_nir import export_to_nir
    from torch import nn

    def run(name: str, primitives: str, net: Any, x: Any, options: dict[str, Any] | None = None) -> Case:
        states = {k: m for k, m in net.named_children() if isinstance(m, snn.SpikingNeuron)}
        outputs: list[Any] = []
        voltages: dict[str, list[Any]] = {k: [] for k in states}
        with torch.no_grad():
            for t in range(STEPS):
                outputs.append(net(x[t]))
                for k, m in states.items():
                    voltages[k].append(m.mem.clone())
        graph = export_to_nir(net, x[0][:1], ignore_dims=[0])
        stacked = {k: torch.stack(v) for k, v in voltages.items()}
        return Case(name, primitives, graph, x, torch.stack(outputs), stacked, options or {})

    def per(low: float, high: float, n: int = WIDTH) -> Any:
        return torch.linspace(low, high, n)

    def hid(cls: Any, *args: Any, **more: Any) -> Any:
        return cls(*args, init_hidden=True, **more)

    ones = torch.ones(WIDTH)
    x = signal(5)
    mlp = nn.Sequential(
        linear(5, WIDTH),
        hid(snn.Leaky, 0.9 * ones, threshold=ones),
        linear(WIDTH, WIDTH),
        hid(snn.Leaky, 0.8 * ones, threshold=ones),
    )
    conv = nn.Sequential(
        nn.Conv2d(1, 3, 3, padding=1),
        hid(snn.Leaky, torch.full((3, 8, 8), 0.9), threshold=torch.ones(3, 8, 8)),
        nn.AvgPool2d(2),
        nn.Flatten(),
        linear(48, WIDTH, 0.06),
        hid(snn.Leaky, 0.9 * ones, threshold=ones),
    )
    with torch.no_grad():
        conv[0].weight.uniform_(-0.3, 0.7)
    leaky, synaptic = "Affine, LIF", "Affine, CubaLIF"
    late = {"reset_late": False}
    return [
        run(
            "leaky", leaky, nn.Sequential(linear(5, WIDTH), hid(snn.Leaky, per(0.5, 0.95), threshold=per(0.6, 1.4))), x
        ),
        run(
            "leaky-no-bias",
            "Linear, LIF",
            nn.Sequential(linear(5, WIDTH, bias=False), hid(snn.Leaky, 0.9 * ones, threshold=ones)),
            x,
        ),
        run(
            "leaky-zero",
            leaky,
            nn.Sequential(linear(5, WIDTH), hid(snn.Leaky, 0.9 * ones, threshold=ones, reset_mechanism="zero")),
            x,
            {"reset": "value"},
        ),
        run(
            "leaky-none",
            leaky,
            nn.Sequential(linear(5, WIDTH, 0.1), hid(snn.Leaky, 0.9 * ones, threshold=ones, reset_mechanism="none")),
            x,
            {"reset": "none"},
        ),
        run(
            "leaky-at-once",
            leaky,
            nn.Sequential(linear(5, WIDTH, 0.5), hid(snn.Leaky, 0.9 * ones, threshold=ones, reset_delay=False)),
            x,
            late,
        ),
        run(
            "synaptic",
            synaptic,
            nn.Sequential(linear(5, WIDTH, 0.4), hid(snn.Synaptic, per(0.3, 0.8), per(0.6, 0.9), threshold=ones)),
            x,
        ),
        run(
            "rleaky",
            "Affine, LIF, subgraph, recurrent Affine",
            nn.Sequential(linear(5, WIDTH), hid(snn.RLeaky, 0.9 * ones, threshold=ones, linear_features=WIDTH)),
            x,
        ),
        run(
            "rleaky-one-to-one",
            "Affine, LIF, subgraph, recurrent Linear",
            nn.Sequential(
                linear(5, WIDTH), hid(snn.RLeaky, 0.9 * ones, threshold=ones, V=per(-0.5, 0.4), all_to_all=False)
            ),
            x,
        ),
        run(
            "rsynaptic",
            "Affine, CubaLIF, subgraph, recurrent Affine",
            nn.Sequential(
                linear(5, WIDTH, 0.4), hid(snn.RSynaptic, 0.6 * ones, 0.8 * ones, threshold=ones, linear_features=WIDTH)
            ),
            x,
        ),
        run("mlp", "Affine, LIF, two layers", mlp, x),
        run("conv", "Conv2d, LIF, AvgPool2d, Flatten, Affine", conv, signal(1, 8, 8)),
        # With potentials of more than twice the threshold, which the two below reset again in the next step.
        run(
            "leaky-again",
            leaky,
            nn.Sequential(linear(5, WIDTH, 2.0), hid(snn.Leaky, 0.9 * ones, threshold=ones, reset_delay=False)),
            x,
            late,
        ),
        run(
            "synaptic-again",
            synaptic,
            nn.Sequential(
                linear(5, WIDTH), hid(snn.Synaptic, 0.5 * ones, per(0.5, 0.9), threshold=ones, reset_delay=False)
            ),
            x,
            late,
        ),
        run(
            "rleaky-again",
            "Affine, LIF, subgraph, recurrent Affine",
            nn.Sequential(
                linear(5, WIDTH, 1.5),
                hid(snn.RLeaky, 0.9 * ones, threshold=ones, linear_features=WIDTH, reset_delay=False),
            ),
            x,
            late,
        ),
        run(
            "leaky-no-leak",
            "Affine, LIF (some of an infinite time)",
            nn.Sequential(linear(5, WIDTH), hid(snn.Leaky, per(0.5, 1.0), threshold=ones)),
            x,
        ),
    ]


# Norse


def norse_cases() -> list[Case]:
    """LIFBoxCell, LIFCell, IAFCell, LIBoxCell; the exporter wants parameters that are arrays."""
    import norse.torch as nt
    import torch
    from norse.torch.utils.export_nir import to_nir
    from torch import nn

    def run(name: str, primitives: str, net: Any, x: Any, options: dict[str, Any] | None = None) -> Case:
        outputs: list[Any] = []
        voltages: dict[str, list[Any]] = {}
        state = None
        with torch.no_grad():
            for t in range(STEPS):
                y, state = net(x[t], state)
                outputs.append(y)
                for k, part in enumerate(state):
                    if part is not None:
                        voltages.setdefault(str(k), []).append((part.v if hasattr(part, "v") else part).clone())
        graph = to_nir(net, x[0, 0])
        graph.infer_types()  # else nir cannot write a convolution
        stacked = {k: torch.stack(v) for k, v in voltages.items()}
        return Case(name, primitives, graph, x, torch.stack(outputs), stacked, options or {})

    def array(value: float, n: int = WIDTH) -> Any:
        return torch.full((n,), value)

    box = nt.LIFBoxParameters(tau_mem_inv=array(100.0), v_leak=array(0.05), v_th=array(0.4), v_reset=array(0.0))
    cuba = nt.LIFParameters(
        tau_syn_inv=array(200.0), tau_mem_inv=array(100.0), v_leak=array(0.0), v_th=array(0.4), v_reset=array(0.0)
    )
    iaf = nt.IAFParameters(v_th=torch.linspace(0.7, 1.3, WIDTH), v_reset=array(0.0))
    li = nt.LIBoxParameters(tau_mem_inv=array(150.0), v_leak=array(0.1))
    x = signal(5)
    sizes = (BATCH, 3, 6, 6)
    image = nt.LIFBoxParameters(
        tau_mem_inv=torch.full(sizes[1:], 100.0),
        v_leak=torch.zeros(sizes[1:]),
        v_th=torch.full(sizes[1:], 0.4),
        v_reset=torch.zeros(sizes[1:]),
    )
    conv = nn.Conv2d(1, 3, 3)
    with torch.no_grad():
        conv.weight.uniform_(-0.2, 0.5)
    return [
        run("lifbox", "Affine, LIF", nt.SequentialState(linear(5, WIDTH), nt.LIFBoxCell(box)), x),
        run("lif", "Affine, CubaLIF", nt.SequentialState(linear(5, WIDTH, 0.5), nt.LIFCell(cuba)), x),
        run("iaf", "Affine, IF", nt.SequentialState(linear(5, WIDTH), nt.IAFCell(iaf)), x),
        run("li", "Affine, LI", nt.SequentialState(linear(5, WIDTH), nt.LIBoxCell(li)), x),
        run(
            "mlp",
            "Affine, LIF, LI, two layers",
            nt.SequentialState(linear(5, WIDTH), nt.LIFBoxCell(box), linear(WIDTH, WIDTH), nt.LIBoxCell(li)),
            x,
        ),
        run(
            "conv",
            "Conv2d, LIF",
            nt.SequentialState(conv, nt.LIFBoxCell(image)),
            signal(1, 8, 8),
        ),
    ]


# SpikingJelly


def spikingjelly_cases() -> list[Case]:
    """IFNode, LIFNode, ParametricLIFNode, CUBALIFNode with hard reset, the only one that it exports."""
    import torch
    from spikingjelly.activation_based import functional, layer, neuron
    from spikingjelly.activation_based.nir_exchange.to_nir import export_to_nir

    def run(name: str, primitives: str, net: Any, x: Any, options: dict[str, Any] | None = None) -> Case:
        functional.reset_net(net)
        states = {k: m for k, m in net.named_children() if isinstance(m, neuron.BaseNode)}
        outputs: list[Any] = []
        voltages: dict[str, list[Any]] = {k: [] for k in states}
        with torch.no_grad():
            for t in range(STEPS):
                outputs.append(net(x[t]))
                for k, m in states.items():
                    voltages[k].append(m.v.clone())
        functional.reset_net(net)
        graph = export_to_nir(net, x[0])
        stacked = {k: torch.stack(v) for k, v in voltages.items()}
        return Case(name, primitives, graph, x, torch.stack(outputs), stacked, options or {})

    def seq(*parts: Any) -> Any:
        return torch.nn.Sequential(*parts)

    def fc(gain: float = 1.0, bias: bool = True) -> Any:
        made = layer.Linear(5, WIDTH, bias=bias)
        made.load_state_dict(linear(5, WIDTH, gain, bias).state_dict())
        return made

    x = signal(5)
    conv2 = layer.Conv2d(1, 3, 3, stride=(1, 2), padding=1, bias=False)  # nir has no kernels that are not square
    last = layer.Linear(24, WIDTH)
    conv1 = layer.Conv1d(2, 4, 3, stride=2, padding=1, dilation=2)
    with torch.no_grad():
        conv2.weight.uniform_(-0.3, 0.7)
        last.weight.uniform_(-0.1, 0.3)
        conv1.weight.uniform_(-0.3, 0.9)
    return [
        run("if", "Affine, IF", seq(fc(), neuron.IFNode(1.1)), x),
        run("if-reset", "Linear, IF", seq(fc(bias=False), neuron.IFNode(1.0, v_reset=-0.25)), x),
        run("lif", "Affine, LIF", seq(fc(2.0), neuron.LIFNode(2.5, v_threshold=0.8)), x),
        run("lif-no-decay", "Affine, LIF", seq(fc(), neuron.LIFNode(3.0, decay_input=False, v_reset=0.1)), x),
        run("plif", "Affine, LIF", seq(fc(2.0), neuron.ParametricLIFNode(2.0)), x),
        run("cubalif", "Affine, CubaLIF", seq(fc(0.5), neuron.CUBALIFNode(0.5, 0.75)), x),
        run("conv1d", "Conv1d (stride, dilation), IF", seq(conv1, neuron.IFNode()), signal(2, 9)),
        run(
            "conv2d",
            "Conv2d (two strides), IF, AvgPool2d, Flatten, Affine, LIF",
            seq(conv2, neuron.IFNode(), layer.AvgPool2d(2), layer.Flatten(), last, neuron.LIFNode()),
            signal(1, 8, 8),
        ),
    ]


# Sinabs


def sinabs_cases() -> list[Case]:
    """IAF, LIF, ExpLeak; several spikes in a step, and exponential decay."""
    import sinabs.layers as sl
    import torch
    from sinabs.activation import SingleSpike
    from sinabs.nir import to_nir
    from torch import nn

    def run(name: str, primitives: str, net: Any, x: Any, options: dict[str, Any] | None = None) -> Case:
        states = {k: m for k, m in net.named_children() if hasattr(m, "v_mem")}
        outputs: list[Any] = []
        voltages: dict[str, list[Any]] = {k: [] for k in states}
        with torch.no_grad():
            for t in range(STEPS):  # layers keep their state from call to call
                outputs.append(net(x[t]))
                for k, m in states.items():
                    voltages[k].append(m.v_mem.clone())
        graph = to_nir(net, x[0])
        graph.infer_types()  # else nir cannot write a convolution
        stacked = {k: torch.stack(v) for k, v in voltages.items()}
        return Case(name, primitives, graph, x, torch.stack(outputs), stacked, options or {})

    tau, ones, one_batch = torch.linspace(3.0, 9.0, WIDTH), torch.ones(WIDTH), {"batch_size": BATCH}
    x = signal(5)
    conv = nn.Sequential(
        nn.Conv2d(1, 3, 3, bias=False),
        sl.IAFSqueeze(spike_threshold=torch.tensor(1.0), **one_batch),
        sl.SumPool2d(2),
        nn.Flatten(),
        linear(27, WIDTH, 0.02),
        sl.IAFSqueeze(spike_threshold=ones, **one_batch),
    )
    with torch.no_grad():
        conv[0].weight.uniform_(-0.2, 0.5)
    several, exponential = "Affine, IF (several spikes)", "Affine, LIF (exponential)"
    single = sl.LIFSqueeze(tau_mem=tau, norm_input=False, spike_fn=SingleSpike, spike_threshold=ones, **one_batch)
    return [
        run(
            "iaf",
            several,
            nn.Sequential(linear(5, WIDTH, 2.0), sl.IAFSqueeze(spike_threshold=0.7 * ones, **one_batch)),
            x,
        ),
        run(
            "iaf-bound",
            several,
            nn.Sequential(linear(5, WIDTH), sl.IAFSqueeze(spike_threshold=ones, min_v_mem=-0.05, **one_batch)),
            signal(5, low=-1.0),
            {"v_min": -0.05},
        ),
        run(
            "lif",
            exponential,
            nn.Sequential(linear(5, WIDTH, 4.0), sl.LIFSqueeze(tau_mem=tau, spike_threshold=0.8 * ones, **one_batch)),
            x,
        ),
        run(
            "lif-single", exponential, nn.Sequential(linear(5, WIDTH), single), x, {"membrane": "unit", "spikes": "one"}
        ),
        run(
            "expleak",
            "Affine, LI (exponential)",
            nn.Sequential(linear(5, WIDTH), sl.ExpLeakSqueeze(tau_mem=tau, norm_input=True, **one_batch)),
            x,
        ),
        run("conv", "Conv2d, IF (several spikes), SumPool2d, Flatten, Affine", conv, signal(1, 8, 8)),
    ]


# Rockpool


def rockpool_cases() -> list[Case]:
    """LIFNeuronTorch, LIFTorch, ExpSynTorch; what the exporter leaves out is put into the graph as docs/nir.md says."""
    import nir
    import torch
    from rockpool.nn.combinators import Sequential
    from rockpool.nn.modules import ExpSynTorch, LIFNeuronTorch, LIFTorch, LinearTorch
    from rockpool.nn.modules.torch.nir import to_nir

    def run(name: str, primitives: str, parts: list[Any], options: dict[str, Any] | None = None) -> Case:
        net = Sequential(*parts)
        y, _, kept = net(x.transpose(0, 1), record=True)
        net.to_torch()  # parameters() lists them now
        for parameter in net.parameters():
            parameter.requires_grad_(False)  # else nir cannot write ExpSynTorch
        graph = to_nir(net)
        voltages = {
            k: kept[k].get("vmem", kept[f"{k}_output"])  # an ExpSynTorch gives its state out
            for k, m in net.named_children()
            if not isinstance(m, LinearTorch)
        }
        stacked = {k: v.transpose(0, 1) for k, v in voltages.items()}
        return Case(name, primitives, graph, x, y.transpose(0, 1), stacked, {"input_shape": [5], **(options or {})})

    def fc(inputs: int = 5, gain: float = 1.0, bias: bool = False) -> Any:
        made = linear(inputs, WIDTH, gain, bias)
        more = {"has_bias": True, "bias": made.bias.detach()} if bias else {}
        return LinearTorch((inputs, WIDTH), weight=made.weight.detach().T.clone(), **more)

    def per(low: float, high: float) -> Any:
        return torch.linspace(low, high, WIDTH)

    def with_bias(case: Case, name: str) -> Case:
        node = case.graph.nodes[name]
        tau = node.tau if isinstance(node, nir.LIF) else node.tau_mem
        node.v_leak = bias.numpy() / (1 - np.exp(-1e-3 / tau))
        return case

    def with_recurrence(case: Case, name: str, w_rec: Any) -> Case:
        case.graph.nodes["recurrent"] = nir.Linear(w_rec.numpy().T)
        case.graph.edges += [(name, "recurrent"), ("recurrent", name)]
        return case

    # Short times: e^(−dt/τ) is rounded otherwise in torch by up to one bit, which a long memory adds up to over 1e-6.
    x, bias = signal(5), per(-0.05, 0.1)
    neuron = {"tau_mem": per(2e-3, 5e-3), "threshold": per(0.5, 1.5)}
    both = {**neuron, "tau_syn": per(2e-3, 1e-3)[:, None]}
    w_rec = linear(WIDTH, WIDTH, 0.3, bias=False).weight.detach() - 0.06
    lif, cuba = "Linear, LIF (exponential, several spikes)", "Linear, CubaLIF (exponential, several spikes)"
    slow = {"dt": 0.01, "tau_mem": 0.05, "tau_syn": 0.02}
    return [
        run("neuron", lif, [fc(), LIFNeuronTorch(WIDTH, **neuron)]),
        with_bias(
            run("neuron-bias", f"{lif}, bias put into v_leak", [fc(), LIFNeuronTorch(WIDTH, bias=bias, **neuron)]),
            "1_LIFNeuronTorch",
        ),
        run("lif", cuba, [fc(gain=1.5), LIFTorch(WIDTH, **both)]),
        with_bias(
            run("lif-bias", f"{cuba}, bias put into v_leak", [fc(), LIFTorch(WIDTH, bias=bias, **both)]),
            "1_LIFTorch",
        ),
        run("lif-single", cuba, [fc(), LIFTorch(WIDTH, max_spikes_per_dt=1, **both)], {"spikes": "one"}),
        run(
            "lif-bitshifts",
            cuba,
            [fc(gain=0.5), LIFTorch(WIDTH, leak_mode="bitshifts", dash_mem=per(1, 4), dash_syn=per(1, 3)[:, None])],
        ),
        with_recurrence(
            run(
                "lif-recurrent",
                f"{cuba}, recurrent Linear put in",
                [fc(), LIFTorch(WIDTH, has_rec=True, w_rec=w_rec, **both)],
            ),
            "1_LIFTorch",
            w_rec,
        ),
        run("expsyn", "Affine, LI (exponential)", [fc(bias=True), ExpSynTorch(WIDTH, tau=per(2e-3, 20e-3))]),
        run(
            "mlp",
            "Linear, CubaLIF (exponential, several spikes), two layers",
            [fc(gain=0.5), LIFTorch(WIDTH, **slow), fc(WIDTH, 0.5), LIFTorch(WIDTH, **slow)],
            {"dt": 0.01},
        ),
        run(
            "readout",
            "Affine, CubaLIF (exponential, several spikes), LI (exponential), two layers",
            [fc(bias=True), LIFTorch(WIDTH, **both), fc(WIDTH, bias=True), ExpSynTorch(WIDTH, tau=0.01)],
        ),
    ]


# Lava-DL


def lava_dl_cases() -> list[Case]:
    """Two layers of CUBA blocks, the only networks that NIR's script converts."""
    import tempfile

    import h5py
    import nir
    import torch
    from lava.lib.dl import slayer
    from lava_to_nir import convert_to_nir

    def run(name: str, primitives: str, x: Any, gain: float, first: Any, last: Any, shift: bool = False) -> Case:
        blocks = {
            "1": slayer.block.cuba.Dense(first, 5, WIDTH, delay_shift=shift),
            "3": slayer.block.cuba.Dense(last, WIDTH, WIDTH, delay_shift=shift),
        }
        voltages = {}
        y = x.permute(1, 2, 0)
        with torch.no_grad():
            for k, block in blocks.items():
                block.synapse.weight.uniform_(-0.3 * gain, 0.7 * gain)
                _, v = block.neuron.dynamics(block.synapse(y))
                fired = block.neuron.spike(v)
                voltages[k] = (v * (fired == 0)).permute(2, 0, 1)  # it is kept as it is before the reset
                y = block(y)
        with tempfile.TemporaryDirectory() as folder:
            netx, file = f"{folder}/net.net", f"{folder}/net.nir"
            with h5py.File(netx, "w") as handle:
                for k, block in enumerate(blocks.values()):
                    block.export_hdf5(handle.create_group(f"layer/{k}"))
            convert_to_nir(netx, file)
            graph = nir.read(file)
        return Case(name, primitives, graph, x, y.permute(2, 0, 1), voltages)

    def with_delays(case: Case) -> Case:
        """Put in the step that a block adds to its output."""
        graph = case.graph
        for node, after in (("1", "2"), ("3", "output")):
            graph.nodes[f"delay{node}"] = nir.Delay(np.full(WIDTH, 1e-4))
            graph.edges.remove((node, after))
            graph.edges += [(node, f"delay{node}"), (f"delay{node}", after)]
        return case

    x, fixed = signal(5), "Linear, CubaLIF (fixed point), two layers"
    spikes = (x < 0.4).float()
    slow = {"threshold": 1.0, "current_decay": 0.25, "voltage_decay": 0.03}
    fast = {"threshold": 0.7, "current_decay": 0.5, "voltage_decay": 0.2}
    plain = {"threshold": 1.3, "current_decay": 1.0, "voltage_decay": 0.1}
    return [
        run("spikes", fixed, spikes, 0.5, fast, slow),
        run("currents", fixed, x, 0.2, slow, fast),
        run("no-synapse", fixed, x, 1.0, plain, plain),
        with_delays(run("delay-shift", f"{fixed}, Delays put in", spikes, 0.5, fast, slow, shift=True)),
    ]


CASES: dict[str, Callable[[], list[Case]]] = {
    "snntorch": snntorch_cases,
    "norse": norse_cases,
    "spikingjelly": spikingjelly_cases,
    "sinabs": sinabs_cases,
    "rockpool": rockpool_cases,
    "lava-dl": lava_dl_cases,
}


def record(framework: str) -> None:
    """Write the framework's cases."""
    import nir
    import torch

    torch.manual_seed(0)
    FOLDER.mkdir(exist_ok=True)
    index = json.loads(INDEX.read_text()) if INDEX.is_file() else {}
    index = {k: v for k, v in index.items() if v["framework"] != framework}
    for old in FOLDER.glob(f"{framework}-*"):
        old.unlink()
    for case in CASES[framework]():
        name = f"{framework}-{case.name}"
        # Of large layers the first sample will do.
        kept = {f"v_{k}": v if v[0].numel() < 100 else v[:, :1] for k, v in case.voltages.items()}
        arrays = {"x": case.x, "output": case.output, **kept}
        plain = {k: np.asarray(v.detach(), np.float32) for k, v in arrays.items()}
        if (plain["output"] == plain["output"].astype(np.uint8)).all():
            plain["output"] = plain["output"].astype(np.uint8)
        np.savez_compressed(FOLDER / f"{name}.npz", **plain)
        # Small arrays: packed they take more. The nir that Sinabs and Rockpool want does not pack.
        more = {} if version("nir") == "1.0.4" else {"compression": None}
        nir.write(FOLDER / f"{name}.nir", case.graph, **more)
        index[name] = {
            "framework": framework,
            "version": version(framework),
            "nir": version("nir"),
            "primitives": case.primitives,
            "options": case.options,
        }
        print(f"{name}: {list(case.graph.nodes)}, {plain['output'].mean():.3f} on average", file=sys.stderr)
    INDEX.write_text(json.dumps(dict(sorted(index.items())), indent=1) + "\n")


def voltage_of(voltages: Any, name: str) -> Any:
    """Return the voltages of the node that stands for the framework's module `name`."""
    keys = [k for k in voltages if k.split(".")[0].lstrip("_") == name]
    assert len(keys) == 1, f"one node must stand for module {name!r}, got {keys}"
    return voltages[keys[0]]


def compare(name: str, case: Any) -> tuple[int, int, float, float]:
    """Return values compared, spikes that differ, the greatest difference of a voltage and of an output that is none.

    Differences are in units of the greatest magnitude, at least 1.
    """
    from sc_neurocore.nir_bridge import from_nir

    with np.load(FOLDER / f"{name}.npz") as kept:
        arrays = {k: np.array(v) for k, v in kept.items()}
    network = from_nir(FOLDER / f"{name}.nir", framework=case["framework"], **case["options"])
    run = network.run(arrays["x"], record=True)
    spiking = arrays["output"].dtype == np.uint8

    def far(a: Any, b: Any) -> float:
        return float(np.abs(a - b).max() / max(1.0, float(np.abs(b).max())))

    differ = int((run.output != arrays["output"]).sum()) if spiking else 0
    output = 0.0 if spiking else far(run.output, arrays["output"])
    voltage = max(
        far(voltage_of(run.voltages, k[2:])[:, : v.shape[1]], v) for k, v in arrays.items() if k.startswith("v_")
    )
    return int(arrays["output"].size) if spiking else 0, differ, voltage, output


def write_table() -> None:
    """Write the table of docs/nir.md."""
    from document import put_table, table

    rows: list[list[object]] = []
    for name, case in json.loads(INDEX.read_text()).items():
        size, differ, voltage, output = compare(name, case)
        options = ", ".join(f"{k}={v}" for k, v in case["options"].items())
        framework = f"{case['framework']} {case['version']}"
        short = name.removeprefix(f"{case['framework']}-")
        spikes = f"{differ} of {size:,}" if size else "–"
        rows.append([framework, short, case["primitives"], options, spikes, f"{max(voltage, output):.0e}"])
    titles = ["framework", "network", "primitives", "beside the preset", "spikes that differ", "voltages differ by"]
    put_table(DOCUMENT, table(titles, rows, 4), "conformance")


def main() -> None:
    """Run one command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("record").add_argument("framework", choices=CASES)
    commands.add_parser("table")
    options = parser.parse_args()
    if options.command == "record":
        record(options.framework)
    else:
        write_table()


if __name__ == "__main__":
    main()
