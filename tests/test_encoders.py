"""Encoders of samples as spikes: rates, latencies, changes, and the hardware's streams."""

from __future__ import annotations

import math

import torch

from sc_neurocore.training import delta_encode, latency_encode, rate_encode, stream_encode


def test_rate_encoding_has_its_mean_and_is_the_generators() -> None:
    x = torch.tensor([[0.0, 0.1, 0.5, 1.0]])
    spikes = rate_encode(x, 4000, torch.Generator().manual_seed(1))
    assert spikes.shape == (4000, 1, 4)
    assert set(spikes.unique().tolist()) == {0.0, 1.0}
    for p, rate in zip(x[0].tolist(), spikes.mean(dim=0)[0].tolist(), strict=True):
        assert abs(rate - p) <= 4 * math.sqrt(p * (1 - p) / 4000)  # four deviations
    assert torch.equal(spikes, rate_encode(x, 4000, torch.Generator().manual_seed(1)))


def test_latency_encoding_fires_once_and_earlier_for_more() -> None:
    x = torch.tensor([1.0, 0.9, 0.5, 0.1, 0.009, 0.008, 0.0])
    spikes = latency_encode(x, 25, tau=5)
    wanted = [math.ceil(-5 * math.log(v)) for v in x.tolist()[:-2]]
    assert spikes.shape == (25, 7)
    assert spikes.argmax(dim=0)[:5].tolist() == wanted
    assert spikes.sum(dim=0).tolist() == [1, 1, 1, 1, 1, 0, 0]  # −5·ln 0.008 = 24.1 is too late


def test_delta_encoding_marks_changes_of_either_sign() -> None:
    x = torch.tensor([[0.2, 0.0], [0.2, 0.5], [0.35, 0.5], [0.3, 0.1]])
    assert delta_encode(x).tolist() == [[0, 0], [0, 1], [1, 0], [0, 1]]
    assert delta_encode(x, threshold=0.45).tolist() == [[0, 0], [0, 1], [0, 0], [0, 0]]


def test_stream_encoding_is_the_hardwares_input() -> None:
    from sc_neurocore.network import InputSpec
    from sc_neurocore.streams import encode

    v = torch.arange(17)
    codes = InputSpec((17,), full_scale=16).encode(v[None].numpy(), 8)[0]
    assert torch.equal(stream_encode(v / 16.0, 8).T, torch.from_numpy(encode(codes, 8)).float())


def test_rounding_errors_at_the_ends_of_the_range_are_clipped() -> None:
    x = torch.tensor([1 + 2e-16, -1e-10], dtype=torch.float64)
    assert latency_encode(x, 3).sum(dim=0).tolist() == [1.0, 0.0]
