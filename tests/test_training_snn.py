"""Spiking networks, delays, encoders, losses and loops: values, gradients, torch citizenship, bad input."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from sc_neurocore.errors import ScError
from sc_neurocore.training import (
    ALIFCell,
    CheckpointError,
    ConvSpikingNet,
    DelayLinear,
    LIFCell,
    RecurrentLIFCell,
    SpikingNet,
    auto_device,
    delta_encode,
    evaluate,
    fast_sigmoid,
    latency_encode,
    load_checkpoint,
    membrane_loss,
    rate_encode,
    save_checkpoint,
    sigmoid_surrogate,
    spike_count_loss,
    spike_l1_loss,
    spike_l2_loss,
    spike_rate_loss,
    stream_encode,
    train_epoch,
)
from sc_neurocore.training.loops import over_time
from sc_neurocore.training.sc_weights import ScLayer


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def small(**options: Any) -> SpikingNet:
    torch.manual_seed(3)
    return SpikingNet(6, 16, 3, **options)


def toy(n: int = 96) -> tuple[Tensor, Tensor]:
    """Class = which of three pairs of features is bright."""
    g = torch.Generator().manual_seed(5)
    y = torch.arange(n) % 3
    x = 0.2 * torch.rand(n, 6, generator=g)
    x[torch.arange(n), 2 * y] += 0.7
    x[torch.arange(n), 2 * y + 1] += 0.7
    return x, y


# --- networks ---------------------------------------------------------------------------------------------------------


def test_parameter_counts() -> None:
    def count(model: nn.Module) -> int:
        return sum(p.numel() for p in model.parameters())

    assert count(SpikingNet(784, 128, 10)) == 118_282
    assert count(SpikingNet(784, 128, 10, learn_beta=True)) == 118_285
    assert count(ConvSpikingNet()) == 184_586
    assert count(ConvSpikingNet(learn_beta=True, learn_threshold=True)) == 184_594


@pytest.mark.numeric
def test_forward_is_layer_by_layer_what_the_cells_do_step_by_step() -> None:
    model, x = small(beta=0.8), torch.rand(9, 4, 6)
    states: list[Tensor | None] = [None] * 3
    counts, membrane = torch.zeros(4, 3), torch.zeros(4, 3)
    for t in range(9):
        h = x[t]
        for k, (linear, cell) in enumerate(model.layers()):
            current = linear(h)
            before = torch.zeros_like(current) if states[k] is None else states[k]
            h, states[k] = cell(current, states[k])
            if k == 2:
                counts += h
                membrane += 0.8 * before + current
    got_counts, got_membrane = model(x)
    assert counts.sum() > 0
    torch.testing.assert_close(got_counts, counts)
    torch.testing.assert_close(got_membrane, membrane, rtol=1e-4, atol=1e-4)


@pytest.mark.numeric
def test_an_expanded_input_gives_what_its_copy_gives_with_one_product() -> None:
    model, x = small(), torch.rand(4, 6)
    rows = []
    model.layers()[0][0].register_forward_hook(lambda m, i, o: rows.append(i[0].shape[0]))
    grads = []
    for time in (x.expand(9, 4, 6), x.repeat(9, 1, 1)):
        model.zero_grad()
        counts, membrane = model(time)
        (spike_count_loss(counts, torch.tensor([0, 1, 2, 0])) + membrane.sum()).backward()
        grads.append([counts.detach(), *[p.grad.clone() for p in model.parameters() if p.grad is not None]])
    assert rows == [4, 36]
    for a, b in zip(*grads, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def watched(model: SpikingNet) -> SpikingNet:
    """The same network with a hook on a layer, which makes it run layer by layer, not as one operation."""
    model = copy.deepcopy(model)
    model.layers()[1][0].register_forward_hook(lambda module, inputs, output: None)
    return model


@pytest.fixture
def two_threads() -> Iterator[None]:
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(1)


def gradients_of(model: SpikingNet, x: Tensor) -> list[Tensor]:
    counts, membrane = model(x)
    g = torch.Generator().manual_seed(1)
    scores = [torch.randn(counts.shape, generator=g, dtype=x.dtype) for _ in range(2)]
    grads = torch.autograd.grad((counts * scores[0] + membrane * scores[1]).sum(), list(model.parameters()))
    return [counts.detach(), membrane.detach(), *grads]


@pytest.mark.numeric
@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize("constant", [False, True])
@pytest.mark.parametrize("learn", [False, True])
@pytest.mark.parametrize("pool", [False, True])
def test_one_operation_does_what_the_layers_do_one_by_one(
    constant: bool, learn: bool, pool: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sc_neurocore.training import fused_kernels

    if pool:  # where torch's own threads cannot be reached
        monkeypatch.setattr(fused_kernels, "_openmp", lambda: None)
    torch.manual_seed(8)
    for surrogate, dtype in ((fast_sigmoid, torch.float64), (sigmoid_surrogate, torch.float64)):
        model = SpikingNet(20, 70, 3, beta=0.8, surrogate_fn=surrogate, learn_beta=learn, learn_threshold=learn)
        model, x = model.to(dtype), torch.rand(11, 130, 20, dtype=dtype)  # enough for two threads
        with torch.no_grad():
            for linear in model.linears:
                linear.weight *= 3
        x = x[:1].expand(11, 130, 20) if constant else x
        assert model._fused(x) is not None
        assert watched(model)._fused(x) is None
        with torch.no_grad():
            shares = [h.mean() for h in model.hidden_spikes(x)]
        assert min(shares) > 0.05
        found, wanted = gradients_of(model, x), gradients_of(watched(model), x)
        assert torch.equal(found[0], wanted[0])
        for a, b in zip(found, wanted, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-9, atol=1e-9 * float(b.abs().max()))
        with torch.no_grad():
            assert torch.equal(model(x)[0], wanted[0])


def test_a_product_writes_neither_over_what_it_reads_nor_past_its_memory() -> None:
    from sc_neurocore.training.fused_network import _product

    memory, b = torch.rand(24), torch.rand(3, 2)
    a = memory[:12].view(4, 3)
    assert torch.equal(_product(a, b, memory[12:20].view(4, 2)), a @ b)
    with pytest.raises(AssertionError, match=r"a product of shape \(4, 2\) into torch.Size\(\[4, 0\]\)"):
        _product(a, b, memory[12:12].view(4, 0))
    with pytest.raises(AssertionError, match="over what it reads"):
        _product(a, b, memory[8:16].view(4, 2))


@pytest.mark.numeric
def test_several_forward_passes_may_wait_for_their_backward_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has buffers of its own until its graph is gone; then another pass takes them."""
    from sc_neurocore.training import fused_network

    buffers = fused_network._Buffers()  # what other tests gave back must not count
    monkeypatch.setattr(fused_network, "_BUFFERS", buffers)
    torch.manual_seed(9)
    model = SpikingNet(20, 70, 3, surrogate_fn=fast_sigmoid)
    inputs = [torch.rand(11, 64, 20) for _ in range(3)]
    wanted = [gradients_of(model, x) for x in inputs]
    waiting = [model(x) for x in inputs]
    held = buffers._held
    for (counts, membrane), alone in zip(waiting, wanted, strict=True):
        g = torch.Generator().manual_seed(1)
        scores = [torch.randn(counts.shape, generator=g) for _ in range(2)]
        loss = (counts * scores[0] + membrane * scores[1]).sum()
        for last in (False, True):
            grads = torch.autograd.grad(loss, list(model.parameters()), retain_graph=not last)
            for a, b in zip(grads, alone[2:], strict=True):
                assert torch.equal(a, b)
    del waiting, counts, membrane, loss
    assert buffers._held >= held + 3 * 11 * 64 * (70 + 70 + 3) * 2 * 4
    before = buffers._held
    gradients_of(model, inputs[0])
    assert buffers._held == before


def test_buffers_of_earlier_sizes_make_room_for_new_ones() -> None:
    from sc_neurocore.training.fused_network import _Buffers

    class Small(_Buffers):
        LEAST, MOST = 1, 1000

    buffers, like = Small(), torch.empty(0, dtype=torch.uint8)
    for size in (400, 300, 200, 400, 300):  # 200 and 400 came back after 300; no more than 1,000 are held at any time
        buffers.empty(size, [1], like)
        assert buffers._held <= 1000
    assert {size: len(memories) for size, memories in buffers._free.items()} == {200: 1, 400: 1, 300: 1}
    buffers.empty(600, [1], like)  # the oldest, 200 and 400, go
    assert {size: len(memories) for size, memories in buffers._free.items()} == {300: 1, 600: 1}
    assert buffers._held == 900
    kept = buffers.empty(300, [1], like)  # one that is in use is not held
    buffers.empty(1001, [1], like)
    buffers.empty(500, [1], like)
    assert {size: len(memories) for size, memories in buffers._free.items()} == {500: 1}
    del kept
    assert {size: len(memories) for size, memories in buffers._free.items()} == {500: 1, 300: 1}


@pytest.mark.numeric
def test_one_step_and_frozen_layers() -> None:
    torch.manual_seed(10)
    model = SpikingNet(6, 16, 3, surrogate_fn=fast_sigmoid)
    x = torch.rand(1, 40, 6)
    for a, b in zip(gradients_of(model, x), gradients_of(watched(model), x), strict=True):
        torch.testing.assert_close(a, b)
    x = torch.rand(5, 40, 6)
    whole = gradients_of(model, x)[2:]
    for p in model.linears[0].parameters():
        p.requires_grad_(False)
    model(x)[0].sum().backward()
    assert [p.grad is None for p in model.parameters()] == [True, True, False, False, False, False]
    free = [p for p in model.parameters() if p.requires_grad]
    counts, membrane = model(x)
    g = torch.Generator().manual_seed(1)
    scores = [torch.randn(counts.shape, generator=g) for _ in range(2)]
    for a, b in zip(
        torch.autograd.grad((counts * scores[0] + membrane * scores[1]).sum(), free), whole[2:], strict=True
    ):
        assert torch.equal(a, b)


@pytest.mark.numeric
def test_the_input_gets_its_gradient() -> None:
    model, x = small(), torch.rand(7, 4, 6)
    x.requires_grad_()
    model(x)[1].sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_other_cells_in_the_hidden_layers() -> None:
    model = small(hidden_cell=RecurrentLIFCell)
    assert [type(c) for _, c in model.layers()] == [RecurrentLIFCell, RecurrentLIFCell, LIFCell]
    model = small(n_layers=1, hidden_cell=lambda n: ALIFCell(beta=0.5))
    x = torch.rand(1, 4, 6)
    for a, b in zip(model(x.expand(5, 4, 6)), model(x.repeat(5, 1, 1)), strict=True):
        assert torch.equal(a, b)
    with pytest.raises(ScError, match="hidden_cell must make a SpikingCell, got Identity"):
        small(hidden_cell=lambda n: nn.Identity())


def test_conv_network_steps_and_learns() -> None:
    torch.manual_seed(0)
    model = ConvSpikingNet(learn_beta=True)
    x = torch.rand(2, 1, 28, 28)
    counts, membrane = model(x.expand(4, 2, 1, 28, 28))
    assert counts.shape == membrane.shape == (2, 10)
    again, _ = model(x.repeat(4, 1, 1, 1, 1))
    assert torch.equal(again, counts)
    spike_count_loss(counts, torch.tensor([1, 2])).backward()
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())
    with pytest.raises(ScError, match=r"x must have shape \(T, batch, 1, 28, 28\), time first, got \(4, 2, 784\)"):
        model(torch.rand(4, 2, 784))


def test_training_is_the_same_under_the_same_seed_and_learns() -> None:
    x, y = toy()
    results = []
    for _ in range(2):
        torch.manual_seed(11)
        model = SpikingNet(6, 16, 3, surrogate_fn=fast_sigmoid, learn_beta=True, learn_threshold=True)
        loader = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
        optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
        losses = [train_epoch(model, loader, optimizer, 10, max_grad_norm=1.0)[0] for _ in range(6)]
        results.append((losses, evaluate(model, loader, 10), [p.detach().clone() for p in model.parameters()]))
    assert results[0][:2] == results[1][:2]
    for a, b in zip(results[0][2], results[1][2], strict=True):
        assert torch.equal(a, b)
    losses, (_, accuracy), _ = results[0]
    assert losses[-1] < losses[0] / 2
    assert accuracy > 0.95
    assert float(results[0][2][-1]) != 1.0  # a learned threshold moved


@pytest.mark.parametrize("loss", [membrane_loss, spike_rate_loss, spike_count_loss])
def test_every_loss_trains(loss: Callable[..., Tensor]) -> None:
    x, y = toy()
    torch.manual_seed(0)
    model, loader = SpikingNet(6, 16, 3), DataLoader(TensorDataset(x, y), batch_size=32)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(8):
        train_epoch(model, loader, optimizer, 10, loss)
    assert evaluate(model, loader, 10, loss)[1] > 0.95


# --- torch citizenship ------------------------------------------------------------------------------------------------


def test_double_precision_copies_and_pickles() -> None:
    model = small(learn_beta=True)
    x = torch.rand(5, 2, 6)
    counts, _ = model(x)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert torch.equal(other(x)[0], counts)
    exact = copy.deepcopy(model).to(torch.float64)
    assert exact(x.double())[0].dtype == torch.float64
    assert {t.dtype for t in exact.state_dict().values()} == {torch.float64}


def test_autocast_runs_products_in_half_and_membranes_in_single_precision() -> None:
    model, x, y = small(learn_beta=True), torch.rand(8, 4, 6), torch.tensor([0, 1, 2, 0])
    with torch.autocast("cpu", torch.bfloat16):
        counts, membrane = model(x)
        loss = spike_count_loss(counts, y) + membrane.mean()
    loss.backward()
    assert all(p.grad is not None and p.grad.dtype == torch.float32 for p in model.parameters())
    assert (counts.float() - model(x)[0]).abs().max() <= 2
    half = copy.deepcopy(model).to(torch.bfloat16)
    assert half(x.bfloat16())[0].dtype == torch.bfloat16


def test_torch_compile_takes_the_whole_network_as_one_graph() -> None:
    model, x = small(learn_beta=True), torch.rand(5, 2, 6)
    whole = torch.compile(model, backend="aot_eager", fullgraph=True)
    results = []
    for f in (model, whole):
        model.zero_grad()
        counts, membrane = f(x)
        (counts.sum() + membrane.mean()).backward()
        results.append([counts.detach(), *[p.grad.clone() for p in model.parameters() if p.grad is not None]])
    for a, b in zip(*results, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.numeric
def test_loop_for_other_devices_equals_the_compiled_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The path for accelerators, run here on the CPU: the device is only looked at in two places."""
    from sc_neurocore.training import fused_lif as module

    results = []
    for forced in (False, True):
        if forced:
            monkeypatch.setattr(module, "_compiled", lambda tensor: False)
        for detach, constant in itertools.product((True, False), repeat=2):
            torch.manual_seed(2)
            cell = LIFCell(learn_beta=True, learn_threshold=True, detach_reset=detach)
            current = torch.randn(1 if constant else 6, 5, requires_grad=True)
            spikes, v, total = cell.scan_all(current, 6)
            (spikes * torch.rand(6, 5) + v + total).sum().backward()
            results.append([spikes, v, total, current.grad, cell.beta.grad, cell.threshold.grad])
    for a, b in zip(results[:4], results[4:], strict=True):
        for p, q in zip(a, b, strict=True):
            torch.testing.assert_close(p, q, rtol=1e-4, atol=1e-5)


def test_auto_device_can_hold_a_network() -> None:
    device = auto_device()
    assert isinstance(device, torch.device)
    assert small().to(device)(torch.rand(3, 2, 6, device=device))[0].shape == (2, 3)


# --- checkpoints ------------------------------------------------------------------------------------------------------


def test_a_checkpoint_continues_to_the_same_result(tmp_path: Path) -> None:
    x, y = toy()
    batches = list(zip(x.split(32), y.split(32), strict=True))

    def made() -> tuple[SpikingNet, torch.optim.Optimizer]:
        model = small(learn_beta=True)
        return model, torch.optim.Adam(model.parameters(), lr=5e-3)

    model, optimizer = made()
    for epoch in range(4):
        train_epoch(model, batches, optimizer, 8)
        if epoch == 1:
            save_checkpoint(tmp_path / "c.pt", model, optimizer, epoch=2)
    other, optimizer = made()
    done = load_checkpoint(tmp_path / "c.pt", other, optimizer)
    assert done == 2
    for _ in range(done, 4):
        train_epoch(other, batches, optimizer, 8)
    for a, b in zip(model.state_dict().values(), other.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    assert list(tmp_path.iterdir()) == [tmp_path / "c.pt"]


def test_a_checkpoint_that_does_not_fit_is_refused_by_name(tmp_path: Path) -> None:
    file = save_checkpoint(tmp_path / "c.pt", small())
    with pytest.raises(CheckpointError, match="of another architecture: n_hidden 16 instead of 8"):
        load_checkpoint(file, SpikingNet(6, 8, 3))
    with pytest.raises(ScError, match="'SpikingNet' instead of 'ConvSpikingNet'"):
        load_checkpoint(file, ConvSpikingNet())
    model = small()
    with pytest.raises(ScError, match="holds no state of an optimizer"):
        load_checkpoint(file, model, torch.optim.Adam(model.parameters()))
    with pytest.raises(ScError, match=r"n_hidden.*size mismatch for linears\.0\.weight"):
        SpikingNet(6, 8, 3).load_state_dict(small().state_dict())
    with pytest.raises(RuntimeError, match="does not fit"):  # what torch's users catch
        small().load_state_dict({})
    with pytest.raises(ScError, match="does not exist"):
        load_checkpoint(tmp_path / "none.pt", model)
    torch.save({"weights": torch.ones(2)}, tmp_path / "other.pt")
    with pytest.raises(ScError, match="is not a whole checkpoint of a spiking network"):
        load_checkpoint(tmp_path / "other.pt", model)
    (tmp_path / "short.pt").write_bytes(file.read_bytes()[:200])
    with pytest.raises(ScError, match="is not a checkpoint that can be read safely"):
        load_checkpoint(tmp_path / "short.pt", model)


def test_a_checkpoint_that_is_damaged_leaves_model_and_optimizer_as_they_were(tmp_path: Path) -> None:
    model = small()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.25)
    file = save_checkpoint(tmp_path / "c.pt", model, optimizer, epoch=3)
    whole = torch.load(file, weights_only=True)
    other = small()
    mine = torch.optim.Adam(other.parameters(), lr=0.5)
    before = {name: value.clone() for name, value in other.state_dict().items()}
    state = dict(whole["state"])
    lost = next(iter(state))
    first = {name: value + 1 for name, value in state.items() if name != lost}
    for change in (
        {"state": first},
        {"state": {**first, lost: torch.ones(7)}},
        {"state": {name: value + 1 for name, value in state.items()}, "optimizer": {"state": {}, "param_groups": []}},
        {"epoch": "three"},
    ):
        torch.save({**whole, **change}, file)
        with pytest.raises(CheckpointError, match="does not fit the model or its optimizer"):
            load_checkpoint(file, other, mine)
        assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())
        assert mine.param_groups[0]["lr"] == 0.5
    del whole["state"]
    torch.save(whole, file)
    with pytest.raises(CheckpointError, match="is not a whole checkpoint"):
        load_checkpoint(file, other)


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("evil-was-here"),)


def test_a_checkpoint_cannot_run_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"format": _Evil()}, "evil.pt")
    with pytest.raises(ScError, match="is not a checkpoint that can be read safely"):
        load_checkpoint("evil.pt", small())
    assert not Path("evil-was-here").exists()


# --- weights as probabilities -----------------------------------------------------------------------------------------


def test_sc_weights_are_probabilities_that_round_trip() -> None:
    model = small()
    weights = model.to_sc_weights()
    assert weights.encoding == "min-max"
    assert [tuple(w.shape) for w in weights] == [(16, 6), (16, 16), (3, 16)]
    assert len(weights) == 3
    assert [w.shape for w in weights[1:]] == [(16, 16), (3, 16)]
    for w, (linear, _), (low, high) in zip(weights, model.layers(), weights.ranges, strict=True):
        assert (float(w.min()), float(w.max())) == (0.0, 1.0)
        assert low < 0 < high
        torch.testing.assert_close(low + (high - low) * w, linear.weight, rtol=0, atol=2e-7)
        assert w.cpu().numpy().dtype == "float32"
    other = SpikingNet(6, 16, 3)
    other.load_sc_weights(weights)
    x = torch.rand(20, 30, 6)
    assert torch.equal(other(x)[0], model(x)[0])


def test_sc_weights_give_signed_sums_from_unipolar_products() -> None:
    torch.manual_seed(0)
    weight, bias, x = torch.randn(4, 9), torch.randn(4), torch.rand(5, 9)
    layer = ScLayer.encode(weight, bias)
    torch.testing.assert_close(layer.linear(x), x @ weight.T + bias, rtol=1e-4, atol=1e-5)
    steps = layer.quantised(256) * 256
    assert torch.equal(steps, steps.round())
    assert (layer.decode(layer.quantised(256)) - weight).abs().max() <= (layer.w_max - layer.w_min) / 512 + 1e-6
    constant = ScLayer.encode(torch.full((2, 2), -0.5))
    assert torch.equal(constant.decode(), torch.full((2, 2), -0.5))


def test_sc_weights_of_another_network_are_refused() -> None:
    model = small()
    with pytest.raises(ScError, match="the network has 2 layers, the weights are of 3"):
        SpikingNet(6, 16, 3, n_layers=1).load_sc_weights(model.to_sc_weights())
    with pytest.raises(ScError, match=r"layer 0 has weights of shape \(8, 6\), got \(16, 6\)"):
        SpikingNet(6, 8, 3).load_sc_weights(model.to_sc_weights())
    with pytest.raises(ScError, match="weights must be finite"):
        ScLayer.encode(torch.tensor([[math.nan]]))
    with pytest.raises(ScError, match=r"w01 must be in \[0, 1\], got 1.5"):
        ScLayer(torch.tensor([1.5]), 0.0, 1.0)
    assert [tuple(w.shape) for w in ConvSpikingNet().to_sc_weights()] == [
        (32, 1, 5, 5),
        (64, 32, 5, 5),
        (128, 1024),
        (10, 128),
    ]


# --- losses, loops -------------------------------------------------------------------------------------------------


def test_losses_by_hand() -> None:
    counts, y = torch.tensor([[8.0, 0.0], [2.0, 4.0]]), torch.tensor([0, 1])
    cross = (math.log(1 + math.exp(-8)) + math.log(1 + math.exp(-2))) / 2
    assert float(spike_count_loss(counts, y)) == pytest.approx(cross)
    assert float(membrane_loss(counts, y)) == pytest.approx(cross)
    assert float(spike_rate_loss(counts, y, 10)) == pytest.approx((0 + 0 + 0.2**2 + 0.4**2) / 4)
    assert float(spike_rate_loss(counts, y, 10, target_rate=0.4)) == pytest.approx((0.4**2 + 0.2**2) / 4)
    assert float(spike_l1_loss(counts, 10)) == pytest.approx(0.35)
    assert float(spike_l2_loss(counts, 10)) == pytest.approx((0.64 + 0.04 + 0.16) / 4)


def test_encoded_batches_are_taken_time_first() -> None:
    x, y = toy()
    model = small()
    encoded = [(rate_encode(a, 12), b) for a, b in zip(x.split(48), y.split(48), strict=True)]
    got = evaluate(model, encoded, 12)
    counts = torch.cat([model(a)[0] for a, _ in encoded])
    assert got[1] == pytest.approx(float((counts.argmax(dim=1) == y).float().mean()))
    images = torch.rand(4, 2, 3)
    assert torch.equal(over_time(images, 5, 4, 6, True), images.flatten(1).expand(5, 4, 6))
    assert over_time(images, 5, 4, 6, True).stride(0) == 0
    assert over_time(torch.rand(5, 4, 2, 3), 5, 4, 6, True).shape == (5, 4, 6)
    assert over_time(torch.rand(4, 1, 28, 28), 5, 4, None, False).shape == (5, 4, 1, 28, 28)
    assert over_time(torch.rand(4, 4, 6), 4, 4, 6, True).shape == (4, 4, 6)  # T = batch: the features decide


def test_evaluate_leaves_the_mode_and_builds_no_graph() -> None:
    model, (x, y) = small(), toy(9)
    model.train()
    evaluate(model, [(x, y)], 4)
    assert model.training
    model.eval()
    evaluate(model, [(x, y)], 4, device=torch.device("cpu"))
    assert not model.training


X, Y = toy(9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: small()(torch.rand(4, 6)), r"x must have shape \(T, batch, 6\), time first, got \(4, 6\)"),
        (lambda: small()(torch.rand(6, 4, 5)), r"\(T, batch, 6\), time first, got \(6, 4, 5\)"),
        (lambda: small()(torch.rand(0, 4, 6)), r"time first, got \(0, 4, 6\)"),
        (lambda: SpikingNet(6, 0, 3), "n_hidden must be an integer of at least 1, got 0"),
        (lambda: SpikingNet(6, 4, 3, n_layers=0), "n_layers must be an integer of at least 1, got 0"),
        (lambda: evaluate(small(), [(X.T, Y)], 5), r"\(batch, 6 features\) or \(T, batch, 6 features\).*neither"),
        (
            lambda: evaluate(small(), [(torch.rand(9, 5, 6), Y)], 5),
            r"T = 5, batch = 9; this is neither: got \(9, 5, 6\)",
        ),
        (lambda: evaluate(small(), [(X + 0.5, Y)], 5), r"inputs must be in \[0, 1\], got 1\.[0-9]+"),
        (lambda: evaluate(small(), [(X - 0.5, Y)], 5), r"inputs must be in \[0, 1\], got -0\.[0-9]+"),
        (lambda: evaluate(small(), [(X / 0, Y)], 5), "inputs must be finite"),
        (lambda: evaluate(small(), [((16 * X).int(), Y)], 5), "inputs must be floating point, got torch.int32"),
        (lambda: evaluate(small(), [(X, Y + 1)], 5), r"targets must be in \[0, 2\], got 3"),
        (lambda: evaluate(small(), [(X, Y - 1)], 5), r"targets must be in \[0, 2\], got -1"),
        (lambda: evaluate(small(), [(X, Y.float())], 5), "targets must be integer class indices, got torch.float32"),
        (lambda: evaluate(small(), [(X, Y[:, None])], 5), r"targets must have shape \(batch,\), got \(9, 1\)"),
        (lambda: evaluate(small(), [], 5), "the loader must give at least one sample, got none"),
        (lambda: evaluate(small(), [(X, Y)], 0), "T must be an integer of at least 1, got 0"),
        (lambda: train_epoch(small(), [], None, 5, max_grad_norm=0.0), "max_grad_norm must be above 0, got 0.0"),
        (lambda: rate_encode(torch.tensor([1.1]), 5), r"x must be in \[0, 1\], got 1.1"),
        (lambda: rate_encode(torch.tensor([0.5]), 0), "T must be an integer of at least 1, got 0"),
        (lambda: latency_encode(torch.tensor([0.5]), 5, tau=0.0), "tau must be finite and above 0, got 0.0"),
        (lambda: delta_encode(torch.tensor([math.nan])), "x must be finite"),
        (lambda: delta_encode(torch.tensor([0.5]), threshold=-0.1), r"threshold must be in \[0, 1\), got -0.1"),
        (lambda: stream_encode(torch.tensor([0.5]), 12), "12"),
        (lambda: spike_count_loss(torch.zeros(2, 3), torch.tensor([0, 3])), r"targets must be in \[0, 2\], got 3"),
        (lambda: spike_count_loss(torch.zeros(2), torch.tensor([0])), r"scores must have shape \(B, classes\)"),
        (lambda: spike_rate_loss(torch.zeros(1, 3), torch.tensor([0]), 5, 1.5), r"target_rate must be in \(0, 1\]"),
        (lambda: spike_l1_loss(torch.zeros(1, 3), 0), "T must be an integer of at least 1, got 0"),
        (lambda: DelayLinear(2, 3, max_delay=0), "max_delay must be an integer of at least 1, got 0"),
        (lambda: DelayLinear(2, 3)(torch.rand(4, 2)), r"\(T, batch, 2\), time first, got \(4, 2\)"),
    ],
)
def test_bad_input_is_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ScError, match=message):
        call()
