"""The table of docs/conversion.md: what `to_network` makes of models, or the words with which it refuses them.

python bench/conversion_table.py writes it; tests/test_convert.py runs every row and fails where the page differs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations, prune

from document import put_table, table
from sc_neurocore.errors import ScError
from sc_neurocore.network import InputSpec
from sc_neurocore.training import to_network

DOCUMENT = Path(__file__).parents[1] / "docs" / "conversion.md"
VECTOR = InputSpec((12,), 16)
GREY = InputSpec((8, 8), 16)
CHW = InputSpec((3, 8, 8), 16, order="chw")
HWC = InputSpec((8, 8, 3), 16, order="hwc")
UNSAID = InputSpec((8, 8, 3), 16)
FIRST = InputSpec((3, 8, 8), 16)
SIGNED = InputSpec((12,), 512, offset=-256, shift=8)
SIGNED_IMAGE = InputSpec((8, 8), 512, offset=-256, shift=8)


class Own(nn.Module):
    """A module with a forward method of its own."""

    def __init__(self, forward: Callable[[Own, Tensor], Any], **modules: nn.Module) -> None:
        super().__init__()
        self.body = forward
        for name, module in modules.items():
            self.add_module(name, module)

    def forward(self, x: Tensor) -> Any:
        """Return what the given function returns."""
        return self.body(self, x)


class Doubled(nn.Linear):
    """A Linear with a forward method of its own."""

    def forward(self, x: Tensor) -> Tensor:
        """Return twice the product."""
        return 2 * super().forward(x)


class Residual(nn.Sequential):
    """A Sequential with a forward method of its own."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of input and output."""
        return x + super().forward(x)


def linear(*sizes: int) -> list[nn.Module]:
    """Return Linear and ReLU in turn."""
    modules: list[nn.Module] = []
    for a, b in pairwise(sizes):
        modules += [nn.Linear(a, b), nn.ReLU()]
    return modules[:-1]


def chain(*modules: nn.Module) -> nn.Sequential:
    """Return a Sequential."""
    return nn.Sequential(*modules)


def between(module: nn.Module, first: int = 12, after: int = 8) -> nn.Sequential:
    """Return 12-8-4 with one module in the place of the ReLU."""
    return chain(nn.Linear(first, 8), module, nn.Linear(after, 4))


def images(*modules: nn.Module, channels: int = 1) -> nn.Sequential:
    """Return a convolution, the modules on its 6 × 6 images of 4 channels, and a Linear."""
    front = chain(nn.Conv2d(channels, 4, 3), *modules, nn.Flatten())
    with torch.no_grad():
        size = front.eval()(torch.zeros(1, channels, 8, 8)).shape[1]
    return chain(*front, nn.Linear(size, 4)).train()


def with_statistics(model: nn.Module) -> nn.Module:
    """Return the model with random running statistics in its batch norms."""
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and module.running_mean is not None:
            assert module.running_var is not None
            with torch.no_grad():
                module.running_mean.normal_(std=0.3)
                module.running_var.uniform_(0.5, 2)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(std=0.3)
    return module_with(model)


def module_with(model: nn.Module, change: Callable[[Any], object] = lambda _: None) -> nn.Module:
    """Return the model after a change to it."""
    change(model)
    return model


def block_twice() -> nn.Module:
    """Return a model in which one block stands twice."""
    block = chain(nn.Linear(12, 12), nn.ReLU())
    return chain(block, block, nn.Linear(12, 4))


def functions() -> nn.Module:
    """Return an image model of functional calls."""

    def forward(self: Any, x: Tensor) -> Tensor:
        x = functional.max_pool2d(functional.relu(self.conv(x)), 2)
        x = functional.dropout(x, training=self.training).view(x.size(0), -1)
        return self.out(torch.relu(self.hidden(x)))  # type: ignore[no-any-return]

    return Own(forward, conv=nn.Conv2d(1, 4, 3), hidden=nn.Linear(36, 8), out=nn.Linear(8, 4))


def listed() -> nn.Module:
    """Return a loop over a ModuleList."""

    def forward(self: Any, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x).relu()
        return self.out(x)  # type: ignore[no-any-return]

    return Own(forward, layers=nn.ModuleList([nn.Linear(12, 8), nn.Linear(8, 8)]), out=nn.Linear(8, 4))


def normalised_input() -> nn.Module:
    """Return a model that normalises its input itself."""
    return Own(lambda self, x: self.net((x - 0.5) / 0.25), net=chain(*linear(12, 8, 4)))


def random_each_time() -> nn.Module:
    """Return a model that drops values in eval mode too."""
    return Own(lambda self, x: self.net(functional.dropout(x, 0.5)), net=chain(*linear(12, 8, 4)))


def decides() -> nn.Module:
    """Return a model with a branch on the data."""
    return Own(lambda self, x: self.net(x) if x.mean() > 0.5 else -self.net(x), net=chain(*linear(12, 8, 4)))


def leaves_torch() -> nn.Module:
    """Return a model that computes a part in NumPy."""
    return Own(
        lambda self, x: self.net(x) + torch.from_numpy(x.numpy().mean(1, keepdims=True)), net=chain(*linear(12, 4))
    )


Row = tuple[str, Callable[[], nn.Module], InputSpec]
ROWS: list[Row] = [
    ("Linear, ReLU", lambda: chain(*linear(12, 8, 4)), VECTOR),
    ("Linear alone", lambda: nn.Linear(12, 4), VECTOR),
    ("own `forward`, functional calls", functions, GREY),
    ("loop over a ModuleList", listed, VECTOR),
    ("a block that stands twice", block_twice, VECTOR),
    (
        "pruned (`prune.l1_unstructured`)",
        lambda: module_with(chain(*linear(12, 8, 4)), lambda m: prune.l1_unstructured(m[0], "weight", 0.5)),
        VECTOR,
    ),
    (
        "`parametrizations.weight_norm`",
        lambda: module_with(chain(*linear(12, 8, 4)), lambda m: parametrizations.weight_norm(m[0])),
        VECTOR,
    ),
    (
        "`parametrizations.spectral_norm`",
        lambda: module_with(chain(*linear(12, 8, 4)), lambda m: parametrizations.spectral_norm(m[0])),
        VECTOR,
    ),
    ("subclass of Linear that doubles", lambda: chain(Doubled(12, 8), nn.ReLU(), nn.Linear(8, 4)), VECTOR),
    (
        "forward hook that halves",
        lambda: module_with(chain(*linear(12, 8, 4)), lambda m: m[0].register_forward_hook(lambda _m, _i, y: y / 2)),
        VECTOR,
    ),
    ("input normalised in `forward`", normalised_input, VECTOR),
    ("float16", lambda: chain(*linear(12, 8, 4)).half(), VECTOR),
    ("bfloat16", lambda: chain(*linear(12, 8, 4)).bfloat16(), VECTOR),
    ("float64", lambda: chain(*linear(12, 8, 4)).double(), VECTOR),
    (
        "BatchNorm1d before the ReLU",
        lambda: with_statistics(chain(nn.Linear(12, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))),
        VECTOR,
    ),
    (
        "BatchNorm1d behind the ReLU",
        lambda: with_statistics(chain(nn.Linear(12, 8), nn.ReLU(), nn.BatchNorm1d(8), nn.Linear(8, 4))),
        VECTOR,
    ),
    ("BatchNorm1d first", lambda: with_statistics(chain(nn.BatchNorm1d(12), *linear(12, 8, 4))), VECTOR),
    (
        "BatchNorm2d, ReLU6, MaxPool2d",
        lambda: with_statistics(images(nn.BatchNorm2d(4), nn.ReLU6(), nn.MaxPool2d(2))),
        GREY,
    ),
    (
        "BatchNorm2d between ReLU and a Conv2d without padding",
        lambda: with_statistics(images(nn.ReLU(), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3), nn.ReLU())),
        GREY,
    ),
    (
        "the same with padding",
        lambda: with_statistics(images(nn.ReLU(), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())),
        GREY,
    ),
    (
        "BatchNorm without running statistics",
        lambda: between(chain(nn.BatchNorm1d(8, track_running_stats=False), nn.ReLU())),
        VECTOR,
    ),
    ("Hardtanh(0, 2)", lambda: between(nn.Hardtanh(0, 2)), VECTOR),
    ("Hardtanh(−1, 1)", lambda: between(nn.Hardtanh()), VECTOR),
    (
        "Dropout, Dropout2d, AlphaDropout, Identity",
        lambda: images(nn.ReLU(), nn.Dropout2d(), nn.Identity(), nn.Dropout(), nn.AlphaDropout()),
        GREY,
    ),
    (
        "Dropout1d on vectors, Dropout3d on images",
        lambda: images(nn.ReLU(), nn.Dropout3d(), nn.Flatten(), nn.Dropout1d()),
        GREY,
    ),
    ("MaxPool2d before the ReLU", lambda: images(nn.MaxPool2d(2), nn.ReLU()), GREY),
    ("AvgPool2d", lambda: images(nn.ReLU(), nn.AvgPool2d(2)), GREY),
    ("AvgPool2d before the ReLU", lambda: images(nn.AvgPool2d(2), nn.ReLU()), GREY),
    ("AdaptiveAvgPool2d(1)", lambda: images(nn.ReLU(), nn.AdaptiveAvgPool2d(1)), GREY),
    ("AdaptiveAvgPool2d(4) of 6 × 6", lambda: images(nn.ReLU(), nn.AdaptiveAvgPool2d(4)), GREY),
    (
        "x.mean((2, 3))",
        lambda: Own(
            lambda self, x: self.out(self.conv(x).relu().mean((2, 3))), conv=nn.Conv2d(1, 4, 3), out=nn.Linear(4, 4)
        ),
        GREY,
    ),
    (
        '`padding="same"`',
        lambda: chain(nn.Conv2d(1, 2, 3, padding="same"), nn.ReLU(), nn.Flatten(), nn.Linear(128, 4)),
        GREY,
    ),
    ("signed inputs (offset, shift)", lambda: chain(*linear(12, 8, 4)), SIGNED),
    ("signed images, Conv2d without padding", lambda: images(nn.ReLU()), SIGNED_IMAGE),
    (
        "signed images, Conv2d with padding",
        lambda: chain(nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(128, 4)),
        SIGNED_IMAGE,
    ),
    ('Flatten, Linear; samples "chw"', lambda: chain(nn.Flatten(), nn.Linear(192, 4)), CHW),
    ('Flatten, Linear; samples "hwc"', lambda: chain(nn.Flatten(), nn.Linear(192, 4)), HWC),
    ("Flatten, Linear; samples (8, 8, 3) of no order", lambda: chain(nn.Flatten(), nn.Linear(192, 4)), UNSAID),
    ('Linear first; samples "chw"', lambda: nn.Linear(192, 4), CHW),
    ("Conv2d(3, …); samples (8, 8, 3) of no order", lambda: images(nn.ReLU(), channels=3), UNSAID),
    ("Conv2d(3, …); samples (3, 8, 8) of no order", lambda: images(nn.ReLU(), channels=3), FIRST),
    ('Conv2d(3, …); samples "chw"', lambda: images(nn.ReLU(), channels=3), CHW),
    (
        "Conv2d on vectors",
        lambda: chain(nn.Unflatten(1, (1, 3, 4)), nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4)),
        VECTOR,
    ),
    ("two Linear in a row", lambda: chain(nn.Linear(12, 8), nn.Linear(8, 4)), VECTOR),
    ("no ReLU before pooling", lambda: images(nn.MaxPool2d(2)), GREY),
    ("ReLU at the end", lambda: chain(nn.Linear(12, 4), nn.ReLU()), VECTOR),
    ("Softmax at the end", lambda: chain(*linear(12, 8, 4), nn.Softmax(1)), VECTOR),
    (
        "`log_softmax` at the end",
        lambda: Own(lambda self, x: functional.log_softmax(self.net(x), 1), net=chain(*linear(12, 8, 4))),
        VECTOR,
    ),
    *[
        (f"{m.__name__}", lambda m=m: between(m()), VECTOR)
        for m in (nn.GELU, nn.Sigmoid, nn.Tanh, nn.LeakyReLU, nn.PReLU, nn.ELU, nn.SiLU)
    ],  # type: ignore[misc]
    ("LayerNorm", lambda: between(chain(nn.LayerNorm(8), nn.ReLU())), VECTOR),
    ("GroupNorm", lambda: images(nn.GroupNorm(2, 4), nn.ReLU()), GREY),
    ("InstanceNorm2d", lambda: images(nn.InstanceNorm2d(4), nn.ReLU()), GREY),
    (
        "Conv1d",
        lambda: chain(nn.Unflatten(1, (1, 12)), nn.Conv1d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(20, 4)),
        VECTOR,
    ),
    ("ConvTranspose2d", lambda: images(nn.ReLU(), nn.ConvTranspose2d(4, 2, 2), nn.ReLU()), GREY),
    ("depthwise Conv2d", lambda: images(nn.ReLU(), nn.Conv2d(4, 4, 3, groups=4), nn.ReLU()), GREY),
    ("dilated Conv2d", lambda: images(nn.ReLU(), nn.Conv2d(4, 4, 2, dilation=2), nn.ReLU()), GREY),
    (
        "Conv2d that pads by reflection",
        lambda: images(nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), nn.ReLU()),
        GREY,
    ),
    (
        "residual connection",
        lambda: chain(nn.Linear(12, 8), nn.ReLU(), Residual(nn.Linear(8, 8)), nn.Linear(8, 4)),
        VECTOR,
    ),
    (
        "LSTM",
        lambda: Own(lambda self, x: self.out(self.lstm(x[:, None])[0][:, 0]), lstm=nn.LSTM(12, 8), out=nn.Linear(8, 4)),
        VECTOR,
    ),
    (
        "TransformerEncoderLayer",
        lambda: chain(
            nn.Unflatten(1, (3, 4)),
            nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
            nn.Flatten(),
            nn.Linear(12, 4),
        ),
        VECTOR,
    ),
    ("dropout that is on in eval mode", random_each_time, VECTOR),
    ("branch on the data", decides, VECTOR),
    ("a part in NumPy", leaves_torch, VECTOR),
    ("returns a dict", lambda: Own(lambda self, x: {"scores": self.net(x)}, net=chain(*linear(12, 4))), VECTOR),
    (
        "weights of NaN",
        lambda: module_with(chain(*linear(12, 8, 4)), lambda m: nn.init.constant_(m[2].weight, float("nan"))),
        VECTOR,
    ),
    ("LazyLinear that never ran", lambda: chain(nn.LazyLinear(8), nn.ReLU(), nn.LazyLinear(4)), VECTOR),
]


def outcome(row: Row) -> str:
    """Return what `to_network` makes of a row's model: the topology, or the message of the refusal."""
    _, make, spec = row
    torch.manual_seed(0)
    model = make()
    samples = np.random.default_rng(0).integers(spec.offset, spec.top + 1, (40, *spec.shape))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # random models of a few classes
        try:
            network = to_network(model, samples, length=16, input_spec=spec)
        except ScError as error:
            return f"refused: {error}"
    return f"converted: {network.topology}"


def lines() -> list[str]:
    """Return the table."""
    rows: list[list[object]] = [[row[0], outcome(row).replace("|", "\\|")] for row in ROWS]
    return table(["model", "`to_network`"], rows, text_columns=2)


if __name__ == "__main__":
    put_table(DOCUMENT, lines())
