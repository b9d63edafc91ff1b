"""From a float network to a `Network`: scales and codes from calibration data, then a rewrite (A12).

The work has three steps. `extract` reads the model into stages, `calibrate` chooses for each stage what its codes stand
for, and `rewrite` rounds the weights and builds the `Network`. `to_network` does all three.

There are two ways to the scales. Where training goes on from the rounded weights, it needs all of them, so `calibrate`
chooses scales that clip few. Where no training follows, as in `to_network`, `calibrate(fit=True)` also fits each code
to the streams' products (`code_search`).
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import fsum
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from .. import packed
from ..errors import AgreementWarning, require
from ..network import THETA_FRAC, THETA_MAX, InputSpec, Layer, Network
from ..neurons import classify
from ..progress import Progress
from ..sources import log2_length
from .bit_true_layers import LayerScale, bias_codes, holds_sums, weight_codes, window_counts
from .code_search import fit_layer
from .exact import exact_mean, exact_pool, exact_product, mean_square, row_errors
from .extract import extract, raw_samples
from .stages import PoolStage, Stage, WeightedStage, weighted

__all__ = ["calibrate", "calibration_samples", "measure_excess", "rewrite", "to_network"]

# Calibration reads this many samples at most, evenly spaced: scales settle with far fewer.
_CALIBRATION_SAMPLES = 1024
# Shares of the largest magnitude that are tried as full scale.
_WEIGHT_SHARES = np.linspace(0.2, 1.0, 33)
_ACTIVATION_SHARES = np.linspace(0.05, 1.0, 77)
# The choice of codes and of their full scale reads as many positions of a convolution's output, at random, from each
# sample on average: they are much alike.
_POSITIONS = 4
# So many samples outside the most frequent class are needed for an agreement to say something.
_ENOUGH_SAMPLES = 10
# Rows of the samples by which candidates for a full scale are compared first, and by how many more each time.
_FIRST_ROWS, _MORE_ROWS = 64, 320
# Mean square error of a product, over all codes above 0, in units of the code X: 0.4 at L = 16, 0.7 at L = 256.
_PRODUCT_ERROR = 0.5


def _parts(rows: int) -> list[slice]:
    """Return the rows of each part of the samples: a few first, by which `_least` leaves most candidates."""
    first = min(rows, _FIRST_ROWS)
    return [slice(0, first)] + [slice(n, min(rows, n + _MORE_ROWS)) for n in range(first, rows, _MORE_ROWS)]


def _least(candidates: Sequence[Iterator[NDArray[np.float64]]]) -> int:
    """Return the place of the candidate whose errors have the least sum; the first of several.

    Each candidate gives its squared errors part by part. None is followed further than its sum is at most the least
    whole sum: errors only add to it, so it cannot become the best. Sums are rounded once (`fsum`), so they grow as
    the exact ones do.
    """
    seen: list[list[float]] = [next(each).tolist() for each in candidates]
    best, least = 0, float("inf")
    for k in sorted(range(len(seen)), key=lambda k: (fsum(seen[k]), k)):
        while fsum(seen[k]) <= least:
            more = next(candidates[k], None)
            if more is None:
                total = fsum(seen[k])
                best, least = (k, total) if (total, k) < (least, best) else (best, least)
                break
            seen[k] += more.tolist()
    return best


def _weight_scale(stage: WeightedStage, x_s: float, rows: Tensor, wanted: Tensor, hidden: bool, length: int) -> float:
    """Return the w_s for which rounded weights and biases come closest to the float layer's output.

    Args:
        stage: The layer.
        x_s: The activation that code L stands for at its input.
        rows: Input codes that the synapses of some outputs see, (outputs, synapses).
        wanted: What the float layer gives at these outputs, (outputs, channels).
        hidden: Whether a ReLU follows, so that only what is above 0 counts.
        length: L.
    """
    synapses = stage.synapses(stage.weight).double()
    bias = torch.zeros(stage.channels) if stage.bias is None else stage.bias
    top = max(float(synapses.abs().max()), float(bias.abs().max()) / x_s)
    if top == 0:
        return 1.0
    # Sums of products of codes are whole numbers; single precision, which is faster, holds them up to 2²⁴.
    kind = torch.float32 if rows.shape[1] * length**2 < 1 << 24 else torch.float64
    x = rows.to(kind)
    low, high = (0.0, stage.top or float("inf")) if hidden else (-float("inf"), float("inf"))
    # Code L − 1 is the greatest, so a full scale a little above `top` loses nothing.
    candidates = [float(share) * top * length / (length - 1) for share in _WEIGHT_SHARES]
    parts = _parts(len(x))

    def errors(w_s: float) -> Iterator[NDArray[np.float64]]:
        # Plain products stand for those of the streams here: only rounding and clipping are compared.
        w = weight_codes(synapses, w_s, length).to(kind)
        b = weight_codes(bias.double(), w_s * x_s, length) * length
        for part in parts:
            s = (x[part] @ w).double() + b
            yield row_errors(s, w_s * x_s / length**2, wanted[part], low=low, top=high)

    return candidates[_least([errors(w_s) for w_s in candidates])]


def _threshold(
    s: Tensor, scale: LayerScale, wanted: Tensor, theta_frac: int, length: int, noise: float = 0.0
) -> LayerScale:
    """Return `scale` with the θ for which the counts come closest to the float layer's activations.

    Args:
        s: Window sums with the bias, (n, neurons).
        scale: The layer's w_s and x_s.
        wanted: Activations of the float layer, (n, neurons).
        theta_frac: Fraction bits of θ.
        length: L.
        noise: Mean square error, in units of a count, that the next layer's products add to each count above 0. It
            favours smaller thresholds: greater counts suffer less from the same error.

    Raises:
        ScError: The weights are so small beside the activations that θ would exceed 65535.
    """
    unit = scale.sum / 2.0**theta_frac
    top = float(wanted.max())
    tried: dict[int, float] = {}
    for share in _ACTIVATION_SHARES:
        theta = max(1, round(float(share) * top / unit)) if top > 0 else 1 << theta_frac
        require(
            theta <= THETA_MAX,
            f"theta must be in [1, {THETA_MAX}], got {theta}: the weights are too small for their activations at "
            f"theta_frac = {theta_frac}",
        )
        if theta not in tried:
            c = window_counts(s, theta, theta_frac, length)
            tried[theta] = mean_square(c, theta * unit / length, wanted)
            if noise:
                tried[theta] += noise * (theta * unit / length) ** 2 * (int((c > 0).sum()) / c.numel())
    theta = min(tried, key=lambda t: (tried[t], t))
    return replace(scale, theta=theta, output=theta * unit)


def _at_most(scale: LayerScale, top: float, theta_frac: int) -> LayerScale:
    """Return the scale with a θ under which a count of L stands for at most `top`, apart from the rounding of θ."""
    unit = scale.sum / 2.0**theta_frac
    theta = min(scale.theta or THETA_MAX, max(1, round(top / unit)))
    return replace(scale, theta=theta, output=theta * unit)


def calibration_samples(samples: ArrayLike) -> NDArray[Any]:
    """Return at most 1024 of the samples, evenly spaced; scales hardly change with more.

    Args:
        samples: Shape (n, features…).

    Raises:
        ScError: There are no samples, or they have no axis of features.

    Example:
        >>> calibration_samples(np.zeros((5000, 4), dtype=int)).shape
        (1024, 4)
    """
    raw = np.asarray(samples)
    require(raw.ndim >= 2 and len(raw) > 0, f"calibration samples must have shape (n, features…), got {raw.shape}")
    if len(raw) > _CALIBRATION_SAMPLES:
        raw = raw[np.linspace(0, len(raw) - 1, _CALIBRATION_SAMPLES).astype(np.int64)]
    return raw


def _sums(
    stage: WeightedStage, w_s: float, codes: Tensor, length: int, known: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Return S without the bias, and the product bias: the mean by which S exceeds the plain product Σ X·W / L.

    Args:
        stage: The layer, with the weights.
        w_s: Their full scale.
        codes: Codes of the inputs, (n, inputs).
        length: L.
        known: S, if it is known already, (n, neurons).
    """
    w = weight_codes(stage.weight, w_s, length)
    s = stage.window_sum(codes, w, length) if known is None else known
    product_bias = exact_mean(stage, s - stage.product(codes.double(), w.double()) / length)
    return s, product_bias.to(stage.weight.dtype)


def _drawn(stage: WeightedStage, samples: int) -> Tensor:
    """Return the indices (sample · positions + position) of the outputs that stand for all.

    Of a convolution with more than four positions, four for each sample on average are drawn at random, always the same
    ones. Of other layers all outputs are taken.
    """
    outputs = samples * len(stage.fields)
    which = np.arange(outputs)
    if len(stage.fields) > _POSITIONS:
        which = np.sort(np.random.default_rng(0).choice(outputs, _POSITIONS * samples, replace=False))
    return torch.from_numpy(which)


def measure_excess(
    stages: Sequence[Stage],
    scales: Sequence[LayerScale],
    samples: ArrayLike,
    input_spec: InputSpec,
    length: int,
    theta_frac: int,
) -> tuple[LayerScale, ...]:
    """Return the scales with the product bias that the present weights have; full scales and thresholds stay.

    Training calls it after each epoch, because weights move and the mean error of their products with them.

    Args:
        stages: The layers, with their present weights.
        scales: One for each weighted stage.
        samples: Raw samples, as `InputSpec.encode` takes them; at most 1024 of them are used.
        input_spec: How samples become codes.
        length: L.
        theta_frac: Fraction bits of the thresholds.
    """
    raw = input_spec.encode(calibration_samples(samples), length).astype(np.float32)
    x = torch.from_numpy(raw).to(weighted(stages)[0].weight.dtype)
    measured: list[LayerScale] = []
    left = iter(scales)
    with torch.no_grad():
        for stage in stages:
            if isinstance(stage, PoolStage):
                x = stage.codes(x)
                continue
            old = next(left)
            s, product_bias = _sums(stage, old.weight, x, length)
            scale = replace(old, product_bias=product_bias)
            if scale.theta is not None:
                s = s + stage.spread(bias_codes(stage.bias, scale, length))
                x = window_counts(s, scale.theta, theta_frac, length)
            measured.append(scale)
    return tuple(measured)


def _fit(
    stage: WeightedStage,
    w_s: float,
    x_s: float,
    codes: Tensor,
    rows: Tensor,
    sums: Tensor,
    length: int,
    progress: Callable[[int], None],
) -> tuple[LayerScale, Tensor]:
    """Replace the weights and biases of a stage by what their fitted codes stand for.

    Args:
        stage: The layer; it is changed.
        w_s: Full scale to start from.
        x_s: The activation that code L stands for at the layer's input.
        codes: Codes of the inputs, (n, inputs).
        rows: What the synapses of some outputs see of them, (outputs, synapses).
        sums: What the float layer gives there before its ReLU, (outputs, channels).
        length: L.
        progress: Called with the number of weights whose work is done.

    Returns:
        The stage's scale, without θ, and S of all outputs without the bias.
    """
    # Where the fit reads all outputs, its sums are those of the layer. Sums that the type cannot hold, `_sums` refuses.
    whole = len(rows) == len(codes) * stage.taps.positions and holds_sums(codes.dtype, rows.shape[1], length)
    got = np.empty((len(rows), stage.channels)) if whole else None
    w_s, weights, bias = fit_layer(
        rows.numpy().astype(np.int16),
        stage.synapses(stage.weight).T.double().numpy(),
        sums.numpy() / x_s,
        w_s,
        length,
        progress,
        got,
    )
    unit = w_s / length
    stage.put(torch.from_numpy(weights.T * unit), torch.zeros(stage.channels))
    known = None if got is None else torch.from_numpy(got).to(codes.dtype).view(len(codes), -1)
    s, product_bias = _sums(stage, w_s, codes, length, known)
    stage.put(torch.from_numpy(weights.T * unit), (torch.from_numpy(bias) + product_bias) * (unit * x_s))
    return LayerScale(w_s, x_s, product_bias), s


def calibrate(
    stages: Sequence[Stage],
    samples: ArrayLike,
    input_spec: InputSpec,
    length: int,
    theta_frac: int = THETA_FRAC,
    *,
    fit: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[LayerScale, ...]:
    """Choose what the codes of each layer stand for, so that rounded outputs stay closest to the float ones (A12).

    The error is a mean square over the samples. Layers are taken in order: w_s is chosen with the activations that the
    rounded layers before give, then θ with the exact window sums. All that decides is computed without rounding in sums
    (`exact`), so the same weights and samples give the same scales on every processor.

    Args:
        stages: The float network.
        samples: Raw samples as `InputSpec.encode` takes them, (n, *shape). They should be training data, never test
            data.
        input_spec: How samples become codes.
        length: L.
        theta_frac: Fraction bits of the thresholds.
        fit: Whether to choose each code for the sums of the streams instead of the nearest one, and w_s with them. The
            stages are then changed: they get the weights and biases that their codes stand for.
        progress: Called with the number of weights that have their codes, and the number of all weights.

    Returns:
        A `LayerScale` for each weighted stage.

    Raises:
        ScError: There are no samples, or a threshold would exceed 65535.
    """
    raw = calibration_samples(samples)
    layers = weighted(stages)
    dtype = layers[0].weight.dtype
    codes = torch.from_numpy(input_spec.encode(raw, length).astype(np.float32)).to(dtype)
    floats = torch.from_numpy(input_spec.pooled(raw) / input_spec.full_scale)
    scales: list[LayerScale] = []
    x_s = 1.0
    done, total = 0, sum(stage.weight.numel() for stage in layers)

    def shown(more: int) -> None:
        if progress is not None:
            progress(done + more, total)

    with torch.no_grad():
        for k, stage in enumerate(stages):
            if isinstance(stage, PoolStage):
                codes, floats = stage.codes(codes), exact_pool(stage, floats)
                continue
            hidden = k < len(stages) - 1
            sums = exact_product(stage, floats, stage.weight, stage.bias)
            wanted = stage.activate(sums) if hidden else sums
            some = _drawn(stage, len(codes))
            rows = stage.rows(codes, some)
            w_s = _weight_scale(stage, x_s, rows, wanted.reshape(-1, stage.channels)[some], hidden, length)
            if fit:
                drawn = sums.reshape(-1, stage.channels)[some]
                scale, s = _fit(stage, w_s, x_s, codes, rows, drawn, length, shown)
            else:
                s, product_bias = _sums(stage, w_s, codes, length)
                scale = LayerScale(w_s, x_s, product_bias)
            if hidden:
                s = s + stage.spread(bias_codes(stage.bias, scale, length))
                scale = _threshold(s, scale, wanted, theta_frac, length, _PRODUCT_ERROR if fit else 0.0)
                if stage.top is not None:
                    scale = _at_most(scale, stage.top, theta_frac)
                assert scale.theta is not None
                assert scale.output is not None
                codes = window_counts(s, scale.theta, theta_frac, length)
                x_s = scale.output
            done += stage.weight.numel()
            if not fit:
                shown(0)
            floats = wanted
            scales.append(scale)
    return tuple(scales)


def rewrite(
    stages: Sequence[Stage],
    scales: Sequence[LayerScale],
    *,
    length: int,
    input_spec: InputSpec,
    theta_frac: int = THETA_FRAC,
    name: str = "network",
    info: Mapping[str, Any] | None = None,
) -> Network:
    """Return the Network with the codes that `stages.stream_forward` uses under these scales; nothing is chosen here.

    Args:
        stages: The layers.
        scales: One for each weighted stage.
        length: L.
        input_spec: How samples become codes.
        theta_frac: Fraction bits of the thresholds.
        name: Name of the network.
        info: Plain JSON facts for `Network.info`. "scales" is added: for each weighted layer what its codes stand for.
    """
    facts: dict[str, Any] = {
        "scales": [
            {
                "weight": scale.weight,
                "input": scale.input,
                "output": scale.output,
                "excess": [round(float(e), 4) for e in scale.product_bias],
            }
            | ({} if stage.top is None else {"clip": stage.top})
            for stage, scale in zip(weighted(stages), scales, strict=True)
        ]
    }
    layers: list[Layer] = []
    left = iter(scales)
    for stage in stages:
        if isinstance(stage, PoolStage):
            layers.append(stage.pool)
            continue
        scale = next(left)
        w = weight_codes(stage.weight, scale.weight, length)
        layers.append(stage.layer(w, bias_codes(stage.bias, scale, length), scale.theta))
    return Network(
        length=length,
        layers=tuple(layers),
        input=input_spec,
        theta_frac=theta_frac,
        name=name,
        info={**facts, **(info or {})},
    )


def to_network(
    model: nn.Module,
    samples: ArrayLike | Tensor,
    *,
    length: int,
    input_spec: InputSpec,
    theta_frac: int = THETA_FRAC,
    name: str = "network",
    info: Mapping[str, Any] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Network:
    """Return the Network that computes what a trained model computes in eval mode, on the grid of A2 (codes).

    The model is run on the samples and its operations are recorded, so any torch module will do whose forward pass is a
    chain of what docs/conversion.md lists, from the samples to class scores (n, classes): Linear, Conv2d, BatchNorm,
    ReLU and clips, pooling, Flatten, as modules or as functions. Scales and codes are then fitted to the samples (A12).
    No labels are needed and nothing is trained. The model is not changed.

    Args:
        model: The model, in float16, bfloat16, float32 or float64, on the CPU. It sees the real values of the samples
            (`input_spec.affine`, by default samples / full_scale), as vectors or as images (n, channels, height,
            width).
        samples: Raw integers from the training data, (n, *input_spec.shape), an array or a tensor; real numbers where
            the spec has a shift. A thousand are best, ten do no harm.
        length: L, the number of bits of a stream, a power of two from 4 to 4096. Longer streams lose less
            accuracy.
        input_spec: How samples become codes.
        theta_frac: Fraction bits of the thresholds, 0 … 15.
        name: Name of the network.
        info: Plain JSON facts that the artifact keeps. "agreement" is added: the share of these samples for which the
            bit-true network and the model name the same class.
        progress: Called with the number of weights that have their codes, and the number of all weights. Without it, a
            line on standard error shows them if that is a terminal.

    Returns:
        The network.

    Raises:
        ScError: Something in the model has no counterpart; the message names the module and what could stand in its
            place. Also for a model whose scores the extracted layers do not reproduce, and for parameters that are not
            finite.

    Warns:
        AgreementWarning: The network has lost most of what the model can tell.

    Example:
        >>> from torch import nn
        >>> model = nn.Sequential(nn.Linear(2, 2, bias=False))
        >>> _ = nn.init.eye_(model[0].weight)
        >>> network = to_network(model, [[0, 255], [255, 0]], length=64, input_spec=InputSpec((2,), full_scale=255))
        >>> network.topology, network.info["agreement"]
        ('2-2', 1.0)
    """
    log2_length(length)
    require(0 <= theta_frac <= 15, f"theta_frac must be in [0, 15], got {theta_frac}")
    raw = calibration_samples(raw_samples(samples, input_spec))
    graph = extract(model, raw, input_spec)
    if progress is None and sys.stderr.isatty():
        progress = Progress("converting", "weights")
    scales = calibrate(graph.stages, raw, input_spec, length, theta_frac, fit=True, progress=progress)
    facts = dict(info or {})
    network = rewrite(
        graph.stages, scales, length=length, input_spec=input_spec, theta_frac=theta_frac, name=name, info=facts
    )
    facts["agreement"] = _agreement(network, raw, graph.scores)
    return replace(network, info={**network.info, **facts})


def _agreement(network: Network, samples: NDArray[Any], scores: NDArray[np.float64]) -> float:
    """Return the share of samples for which the network gives the model's class; warn where it is little above a guess.

    A guess is the model's most frequent class. If the network loses more than half of what the model tells beyond a
    guess, neither rounding nor the streams of a useful length explain it.
    """
    wanted = classify(scores)
    got = packed.run(network, network.input.encode(samples, network.length)).classes
    share = float((got == wanted).mean())
    guess = float(np.bincount(wanted).max()) / len(wanted)
    if len(wanted) * (1 - guess) >= _ENOUGH_SAMPLES and share - guess < (1 - guess) / 2:
        warnings.warn(
            f"{network.name} gives {share:.0%} of {len(wanted)} calibration samples the class that the model gives "
            f"them, where the most frequent class alone is {guess:.0%}: `sc-neurocore explain` on the saved artifact "
            f"shows what is lost where; a length above {network.length} or training through the streams brings it back",
            AgreementWarning,
            stacklevel=3,
        )
    return share
