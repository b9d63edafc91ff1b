"""`to_network` converts what a model computes, or says why not: what runs, layouts, folding, and the check."""

from __future__ import annotations

import copy
import io
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import prune

import conversion_table
from sc_neurocore import packed, reference
from sc_neurocore.errors import AgreementWarning, ScError
from sc_neurocore.network import InputSpec, Network
from sc_neurocore.training import to_network
from sc_neurocore.training.convert import _least, _parts
from sc_neurocore.training.extract import extract
from sc_neurocore.training.stages import WeightedStage, float_forward, weighted

ROOT = Path(__file__).parents[1]

SPEC = InputSpec((6,), 16)
Change = Callable[[Any], object]


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def samples(spec: InputSpec = SPEC, n: int = 200) -> np.ndarray:
    return np.random.default_rng(0).integers(spec.offset, spec.top + 1, (n, *spec.shape))


def model(*sizes: int, seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    net = nn.Sequential(*conversion_table.linear(*(sizes or (6, 12, 3))))
    with torch.no_grad():
        for module in net:
            if isinstance(module, nn.Linear):
                module.weight.mul_(3)
        last = net[len(net) - 1]
        last.bias.sub_(net(torch.rand(500, net[0].in_features)).mean(0))  # all classes occur
    return net


def agreement(network: Network, net: nn.Module, x: np.ndarray, shape: tuple[int, ...] = (-1,)) -> float:
    """Of the bit-true network with the model, on raw samples that the model takes as floats of this shape."""
    low, span = network.input.affine
    floats = torch.from_numpy((x - network.input.offset) / network.input.full_scale * span + low).float()
    with torch.no_grad():
        wanted = net.eval()(floats.reshape(len(x), *shape)).argmax(1).numpy()
    got = packed.run(network, network.input.encode(x, network.length)).classes
    return float((got == wanted).mean())


# --- the graph that runs ---


def test_a_block_that_stands_twice_is_the_model_written_out() -> None:
    block, last, relu = model(6, 6)[0], nn.Linear(6, 4), nn.ReLU()
    shared = nn.Sequential(block, relu, block, relu, nn.Sequential(block, relu), last)
    written = nn.Sequential()
    for _ in range(3):
        written.extend([copy.deepcopy(block), nn.ReLU()])
    written.append(copy.deepcopy(last))
    got = to_network(shared, samples(), length=64, input_spec=SPEC)
    assert got.topology == "6-6-6-6-4"
    assert got == to_network(written, samples(), length=64, input_spec=SPEC)


def changed(change: Change) -> nn.Sequential:
    net = model()
    change(net)
    return net


def stale(net: nn.Sequential) -> None:
    """Pruned; then other weights are loaded, and the attribute that pruning computes is still the old one."""
    prune.l1_unstructured(net[0], "weight", amount=0.5)
    with torch.no_grad():
        net(torch.zeros(1, 6))
    other = copy.deepcopy(net.state_dict())
    other["0.weight_orig"] = -other["0.weight_orig"]
    net.load_state_dict(other)


COMPUTED: dict[str, Change] = {
    "prune": lambda m: prune.l1_unstructured(m[0], "weight", amount=0.5),
    "stale": stale,
    "weight_norm": lambda m: nn.utils.parametrizations.weight_norm(m[0]),
    "old weight_norm": lambda m: nn.utils.weight_norm(m[0]),
    "spectral_norm": lambda m: nn.utils.parametrizations.spectral_norm(m[0]),
    "old spectral_norm": lambda m: nn.utils.spectral_norm(m[0]),
    "orthogonal": lambda m: nn.utils.parametrizations.orthogonal(m[0]),
    "hook": lambda m: m[0].register_forward_hook(lambda _m, _x, y: y * 0.5 - 0.1),
    "hook before": lambda m: m[2].register_forward_pre_hook(lambda _m, x: (x[0] * 2,)),
    "tied": lambda m: setattr(m[2], "bias", nn.Parameter(m[0].bias[:3])),
}


@pytest.mark.filterwarnings("ignore:.*weight_norm.*:FutureWarning")
@pytest.mark.parametrize("name", COMPUTED)
def test_computed_weights_and_hooks_are_what_the_forward_pass_uses(name: str) -> None:
    net = changed(COMPUTED[name])
    stages = extract(net, samples(), SPEC).stages
    x = torch.from_numpy(samples() / 16).float()
    with torch.no_grad():
        wanted = net.eval()(x)
    torch.testing.assert_close(float_forward(stages, x), wanted)
    network = to_network(net, samples(), length=256, input_spec=SPEC)
    assert agreement(network, net, samples()) > 0.9


def test_nothing_of_the_model_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Modes, buffers, computed attributes, random numbers and hooks are as before, also after a refusal."""

    class Counts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("calls", torch.zeros(()))
            self.seen: list[int] = []

        def forward(self, x: Tensor) -> Tensor:
            self.calls += 1
            self.seen.append(len(x))
            torch.rand(1)
            return x

    for last in (nn.Identity(), nn.Tanh()):
        net = nn.Sequential(nn.BatchNorm1d(6), Counts(), *model(), last)
        prune.l1_unstructured(net[2], "weight", amount=0.3)
        net[0].eval()
        weight, state = net[2].weight, copy.deepcopy(net.state_dict())
        numbers, modes = torch.get_rng_state(), [m.training for m in net.modules()]
        try:
            to_network(net, samples(), length=16, input_spec=SPEC)
        except ScError as error:
            assert "module 5 (Tanh)" in str(error)  # noqa: PT017
        assert net[2].weight is weight
        assert weight.grad_fn is not None
        assert modes == [m.training for m in net.modules()]
        assert net[1].seen == []
        assert torch.equal(numbers, torch.get_rng_state())
        assert all(torch.equal(a, b) for a, b in zip(state.values(), net.state_dict().values(), strict=True))
        assert torch.is_grad_enabled()


def own(forward: Callable[[Any, Tensor], Any]) -> nn.Module:
    return conversion_table.Own(forward, net=model())


def batch_norm_by_hand(self: Any, x: Tensor) -> Tensor:
    return self.net(x - x.mean(0))


def scores_of_a_call(self: Any, x: Tensor) -> Tensor:
    return self.net(x) + np.random.random()  # noqa: NPY002


def numpy_inside(self: Any, x: Tensor) -> Tensor:
    return self.net(x) + torch.from_numpy(np.sin(x.numpy())[:1, :3])


def by_size(self: Any, x: Tensor) -> Tensor:
    y: Tensor = self.net(x)
    return y if len(x) < 10 else -y


def written_over(self: Any, x: Tensor) -> Tensor:
    y: Tensor = self.net[0](x)
    z = y[:, :6]
    y.mul_(2)
    return self.net[2](torch.nn.functional.pad(z, (0, 6)).relu())


def filled(self: Any, x: Tensor) -> Tensor:
    y = torch.zeros(len(x), 6)
    y[:, 1:] = x[:, 1:]
    return self.net(y)


def nan(self: Any, x: Tensor) -> Tensor:
    return self.net(x) * 1e38 * 1e30


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (batch_norm_by_hand, r"the model \(Own\) joins 2 values of the network \(sub\)|computes mean"),
        (scores_of_a_call, r"the model \(Own\) takes another other \(add\) in another run"),
        (numpy_inside, r"the model \(Own\) takes another other \(add\) in another run"),
        (by_size, r"the model \(Own\) does something else for other samples"),
        (written_over, r"in place"),
        (filled, r"in place|copy"),
        (nan, "gives NaN or infinity for the samples: it begins in|not finite"),
        (lambda self, x: self.net(x).argmax(1), "argmax"),
        (lambda self, x: self.net(torch.rand(len(x), 6)), "draws random numbers in eval mode"),
        (lambda self, x: torch.ones(len(x), 3), "scores that do not depend on its input"),
        (lambda self, x: (self.net(x), x), "must return one tensor of scores"),
        (lambda self, x: self.net(x)[:, 0], r"must return scores \(n, classes\), got the shape \(3,\)"),
        (lambda self, x: self.net(x)[0], r"moves values between samples \(select"),
        (lambda self, x: self.net(x.view(-1, 3, 6)), r"must return scores \(n, classes\), got the shape \(1, 3, 3\)"),
        (lambda self, x: self.net(x) * self.net(x), r"joins 2 values of the network \(mul\)"),
        (lambda self, x: self.net(x).square(), "computes pow"),
        (lambda self, x: self.net(x * x), r"joins 2 values of the network \(mul\)"),
        (lambda self, x: self.net(x * (x > 0)), r"a ReLU written as h \* \(h > 0\), does: .* or write torch.relu"),
    ],
)
def test_models_that_are_no_network_are_refused(forward: Any, message: str) -> None:
    with pytest.raises(ScError, match=message) as caught:
        to_network(own(forward), samples(), length=16, input_spec=SPEC)
    assert "\n" not in str(caught.value)


def test_a_model_without_values_is_refused() -> None:
    net = nn.Sequential(nn.Linear(6, 4, device="meta"), nn.ReLU(), nn.Linear(4, 3))
    with pytest.raises(ScError, match=r"module 0 \(Linear\) is on meta, which holds no values: make it by to_empty"):
        to_network(net, samples(), length=16, input_spec=SPEC)


# --- layouts ---


IMAGE = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(24, 4))


@pytest.mark.parametrize("first", ["conv", "flatten", "reshape", "linear"])
def test_layouts(first: str) -> None:
    """Samples in both orders give one Network, that of the model; a Linear takes them as they lie."""
    torch.manual_seed(1)
    linear = nn.Linear(60, 4)
    with torch.no_grad():
        linear.weight.mul_(4)
    make: dict[str, nn.Module] = {
        "conv": copy.deepcopy(IMAGE),
        "flatten": nn.Sequential(nn.Flatten(), linear),
        "reshape": conversion_table.Own(lambda self, x: self.out(x.reshape(len(x), -1)), out=linear),
        "linear": linear,
    }
    net = make[first]
    chw = InputSpec((3, 4, 5), 16, order="chw")
    hwc = InputSpec((4, 5, 3), 16, order="hwc")
    x = samples(chw)
    got = to_network(net, torch.from_numpy(x), length=64, input_spec=chw)
    assert got.input == chw
    moved = x.transpose(0, 2, 3, 1)
    other = to_network(net, moved, length=64, input_spec=hwc)
    shape = (3, 4, 5) if first != "linear" else (-1,)
    if first == "linear":
        assert agreement(other, net, moved, shape) > 0.9
    else:
        assert got.layers == other.layers or all(
            np.array_equal(a.weights, b.weights) for a, b in zip(got.layers, other.layers, strict=True)
        )
    assert agreement(got, net, x, shape) > 0.9
    with pytest.raises(ScError, match=r"those are of InputSpec"):
        to_network(net, moved, length=64, input_spec=chw)


@pytest.mark.parametrize(
    ("shape", "channels", "words"),
    [
        ((4, 5, 3), 3, None),
        ((3, 4, 5), 3, "give InputSpec((3, 4, 5), …, order='chw')"),
        ((3, 4, 3), 3, "does not tell which axis is the channels"),
        ((4, 5, 3), None, "no stated order, and the model's first layer (module 0 (Flatten))"),
        ((3, 4, 5), None, "order='hwc') or order='chw'"),
        ((8, 8, 1), None, None),
    ],
)
def test_an_order_that_nobody_states_must_be_plain(
    shape: tuple[int, ...], channels: int | None, words: str | None
) -> None:
    spec = InputSpec(shape, 16)
    first = (
        [nn.Flatten(), nn.LazyLinear(8)] if channels is None else [nn.Conv2d(channels, 2, 2), nn.ReLU(), nn.Flatten()]
    )
    net = nn.Sequential(*first, *([nn.ReLU()] if channels is None else []), nn.LazyLinear(4))
    h, w, c = shape if shape[2] == channels or channels is None else (shape[1], shape[2], shape[0])
    net(torch.zeros(1, c, h, w))
    if words is None:
        to_network(net, samples(spec, 40), length=16, input_spec=spec)
        return
    with pytest.raises(ScError, match=re.escape(words)):
        to_network(net, samples(spec, 40), length=16, input_spec=spec)


@pytest.mark.parametrize("spec", [InputSpec((6,), 512, offset=-256, shift=8), InputSpec((6,), 100, offset=50, shift=4)])
def test_samples_that_stand_for_real_numbers(spec: InputSpec) -> None:
    """The first layer takes the affine scale in; real samples are quantised as the spec says."""
    net = model()
    real = samples(spec) / 2.0**spec.shift
    network = to_network(net, real, length=256, input_spec=spec)
    assert network == to_network(net, samples(spec), length=256, input_spec=spec)
    assert agreement(network, net, samples(spec)) > 0.9
    with torch.no_grad():
        wanted = net(torch.from_numpy(real).float())
    u = torch.from_numpy(spec.pooled(samples(spec)) / spec.full_scale).float()
    torch.testing.assert_close(float_forward(extract(net, samples(spec), spec).stages, u), wanted, atol=1e-4, rtol=1e-4)


# --- clips ---


def test_a_clip_is_the_clip_of_the_neuron() -> None:
    """No count stands for more than the clip (half an LSB of θ aside), and every float network clips there too."""
    net = nn.Sequential(*model()[:1], nn.Hardtanh(0, 0.5), *model()[2:])
    network = to_network(net, samples(), length=256, input_spec=SPEC)
    (scale,) = [s for s in network.info["scales"] if "clip" in s]
    assert scale["clip"] == 0.5
    half = 0.5 * scale["weight"] / 2**network.theta_frac
    assert 0.25 < scale["output"] <= 0.5 + half
    assert agreement(network, net, samples()) > 0.9
    x = samples() / 16
    with torch.no_grad():
        wanted = net(torch.from_numpy(x).float()).numpy()
        plain = nn.Sequential(net[0], nn.ReLU(), net[2])(torch.from_numpy(x).float()).numpy()
    got = reference.float_sums(network, x)[-1]
    assert np.abs(got - wanted).max() < 0.2 * np.abs(plain - wanted).max()
    six = nn.Sequential(net[0], nn.ReLU6(), net[2])
    assert all(s.top == 6 for s in weighted(extract(six, samples(), SPEC).stages)[:1])


def test_a_network_that_lost_its_model_is_not_passed_over() -> None:
    """Four weights that cancel to the last bit of the float: no grid holds them."""
    net = nn.Sequential(nn.Linear(6, 2, bias=False))
    rng = np.random.default_rng(0)
    with torch.no_grad():
        net[0].weight.fill_(1.0)
        net[0].weight[0, 0] += 1e-4
        net[0].weight[1, 1] += 1e-4
    with pytest.warns(AgreementWarning, match=r"network gives \d+% of 200 calibration samples .*sc-neurocore explain"):
        network = to_network(net, rng.integers(0, 17, (200, 6)), length=16, input_spec=SPEC)
    assert network.info["agreement"] < 0.8
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert to_network(model(), samples(), length=64, input_spec=SPEC).info["agreement"] > 0.9


def test_a_terminal_sees_the_layers_go_by(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    to_network(model(), samples(), length=16, input_spec=SPEC)
    assert "converting: 108 of 108 weights" in shown.getvalue()


# --- random models ---


class AsFunctions(nn.Module):
    """The same layers, called as functions."""

    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x: Tensor) -> Tensor:
        for m in self.layers:
            if isinstance(m, nn.Linear):
                x = functional.linear(x, m.weight, m.bias)
            elif isinstance(m, nn.Conv2d):
                x = functional.conv2d(x, m.weight, m.bias, m.stride, m.padding)
            elif isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)):
                x = functional.batch_norm(x, m.running_mean, m.running_var, m.weight, m.bias, eps=m.eps)
            elif isinstance(m, nn.MaxPool2d):
                x = functional.max_pool2d(x, m.kernel_size)
            elif isinstance(m, nn.AvgPool2d):
                x = functional.avg_pool2d(x, m.kernel_size)
            elif isinstance(m, nn.ReLU6):
                x = x.clamp(0, 6)
            elif isinstance(m, nn.ReLU):
                x = x.relu()
            elif isinstance(m, nn.Flatten):
                x = x.reshape(len(x), -1)
            elif isinstance(m, nn.Dropout):
                x = functional.dropout(x, training=self.training)
            else:
                raise AssertionError(m)
        return x


def folded(layers: list[nn.Module]) -> nn.Sequential:
    """Write the layers out by hand: no batch norm, no dropout, single precision, no layer twice."""
    found: list[nn.Module] = []
    pending: tuple[Tensor, Tensor] | None = None
    for m in layers:
        if isinstance(m, (nn.Linear, nn.Conv2d)):
            new = copy.deepcopy(m).double()
            if pending is not None:
                scale, shift = pending
                count = new.weight.shape[1] // len(scale)  # a Flatten has put the channels first
                if isinstance(new, nn.Linear):
                    scale, shift = scale.repeat_interleave(count), shift.repeat_interleave(count)
                    new.bias.data += new.weight @ shift
                    new.weight.data *= scale
                else:
                    new.bias.data += (new.weight * shift[:, None, None]).sum((1, 2, 3))
                    new.weight.data *= scale[:, None, None]
                pending = None
            found.append(new)
        elif isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)):
            scale = m.weight.double() * (m.running_var.double() + m.eps).rsqrt()  # type: ignore[union-attr]
            shift = m.bias.double() - m.running_mean.double() * scale  # type: ignore[union-attr]
            last = found[-1]
            if isinstance(last, (nn.Linear, nn.Conv2d)):
                last.weight.data *= scale.reshape(-1, *[1] * (last.weight.ndim - 1))
                last.bias.data = last.bias * scale + shift  # type: ignore[union-attr]
            else:
                pending = scale, shift
        elif not isinstance(m, nn.Dropout):
            found.append(copy.deepcopy(m))
    return nn.Sequential(*found).float()


@st.composite
def networks(draw: st.DrawFn) -> tuple[list[nn.Module], InputSpec, torch.dtype, bool]:
    torch.manual_seed(draw(st.integers(0, 999)))
    kind = draw(st.sampled_from(["flat", "grey", "hwc", "chw"]))
    channels = {"flat": 0, "grey": 1, "hwc": 3, "chw": 2}[kind]
    layers: list[nn.Module] = []

    def norm(make: type[nn.Module], size: int) -> None:
        if draw(st.booleans()):
            layers.append(make(size))  # type: ignore[call-arg]

    if kind == "flat":
        spec, size = InputSpec((10,), 16), 10
    else:
        high, wide = draw(st.sampled_from([(6, 8), (7, 6)]))
        shape = {"grey": (high, wide), "hwc": (high, wide, channels), "chw": (channels, high, wide)}[kind]
        spec = InputSpec(shape, 255, order=kind if kind != "grey" else None)
        for out in draw(st.sampled_from([(), (3,), (4, 2)])):
            padding = 0 if layers else draw(st.integers(0, 1))
            layers.append(nn.Conv2d(channels, out, 3, padding=padding))
            norm(nn.BatchNorm2d, out)
            layers.append(draw(st.sampled_from([nn.ReLU, nn.ReLU6]))())
            norm(nn.BatchNorm2d, out)
            channels, high, wide = out, high - 2 + 2 * padding, wide - 2 + 2 * padding
            if min(high, wide) > 4 and not isinstance(layers[-1], nn.BatchNorm2d):
                layers.append(draw(st.sampled_from([nn.MaxPool2d, nn.AvgPool2d]))(2))
                high, wide = high // 2, wide // 2
        layers.append(nn.Flatten())
        size = channels * high * wide
    if draw(st.booleans()):
        block = [nn.Linear(size, 9), nn.ReLU(), nn.Dropout()]
        layers += block
        norm(nn.BatchNorm1d, 9)
        size = 9
        if draw(st.booleans()):
            again = [nn.Linear(9, 9), nn.ReLU()]
            layers += again * 2
    layers.append(nn.Linear(size, 4))
    conversion_table.with_statistics(nn.ModuleList(layers))
    dtype = draw(st.sampled_from([torch.float32, torch.float64, torch.float16, torch.bfloat16]))
    for layer in layers:
        layer.to(dtype)
    return layers, spec, dtype, draw(st.booleans())


@settings(max_examples=25)
@given(networks())
def test_random_models(drawn: tuple[list[nn.Module], InputSpec, torch.dtype, bool]) -> None:
    """Stages give the model's scores to rounding, and the Network is that of the model written out by hand."""
    layers, spec, dtype, functions = drawn
    net = AsFunctions(layers) if functions else nn.Sequential(*layers)
    raw = samples(spec, 40)
    graph = extract(net, raw, spec)
    u = torch.from_numpy(spec.pooled(raw) / spec.full_scale)
    stages = [
        WeightedStage(copy.deepcopy(s.module).double(), s.input_shape, s.top) if isinstance(s, WeightedStage) else s
        for s in graph.stages
    ]
    image = u.reshape(-1, *spec.output_shape).permute(0, 3, 1, 2) if len(spec.shape) > 1 else u
    with torch.no_grad():
        exact = copy.deepcopy(net).double().eval()(image)
        got = float_forward(stages, u)
    torch.testing.assert_close(
        got, exact, rtol=1e-9 if dtype == torch.float64 else 1e-4, atol=1e-9 if dtype == torch.float64 else 1e-4
    )
    assert graph.scores.shape == (40, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AgreementWarning)
        network = to_network(net, raw, length=16, input_spec=spec)
        plain = folded(layers)
        by_hand = to_network(plain.double() if dtype == torch.float64 else plain, raw, length=16, input_spec=spec)
    assert dtype == torch.float64 or network == by_hand
    assert network.topology == by_hand.topology


# --- the document ---


def test_the_example_of_the_document_runs() -> None:
    code = conversion_table.DOCUMENT.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    names: dict[str, Any] = {"__name__": "example"}
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AgreementWarning)
        exec(code, names)
    assert names["network"].topology == "192-8c3-max2-10"


def test_the_table_of_the_document_is_what_happens() -> None:
    """Every row is run; `python bench/conversion_table.py` writes the table anew."""
    text = conversion_table.DOCUMENT.read_text(encoding="utf-8")
    table = text.partition("<!-- table -->\n")[2].partition("<!-- /table -->")[0]
    assert table.splitlines() == conversion_table.lines()
    assert table.count("| converted: ") > 25
    assert table.count("| refused: ") > 30


def test_candidates_are_left_as_soon_as_they_cannot_be_the_best_and_the_first_best_is_taken() -> None:
    """The choice is that of whole sums, ties and all; most candidates are not computed to their end."""
    rng = np.random.default_rng(0)
    read = 0

    def errors(rows: np.ndarray) -> Iterator[np.ndarray]:
        nonlocal read
        for part in _parts(len(rows)):
            read += part.stop - part.start
            yield rows[part]

    for n in (1, 64, 65, 1000):
        assert sum(part.stop - part.start for part in _parts(n)) == n
        for _ in range(20):
            rows = rng.integers(0, 4, (9, n)) * rng.choice([1.0, 1.5], (9, 1))
            rows[5:7] = rows[rng.integers(0, 5)]
            assert _least([errors(row) for row in rows]) == int(np.argmin(rows.sum(axis=1)))
    rows = rng.random((9, 1000)) + np.arange(9)[::-1, None]
    read = 0
    assert _least([errors(row) for row in rows]) == 8
    assert read < rows.size / 2
