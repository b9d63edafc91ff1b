"""Random affine distortions of integer images."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from .recipes import Augment

__all__ = ["affine"]


def affine(images: Tensor, how: Augment, generator: torch.Generator) -> Tensor:
    """Return each image (n, height, width) turned, scaled, sheared and moved by random amounts, as float32 integers.

    Bilinear, zero outside, rounded: a distorted image is again one that the encoder could have been given.
    """
    n, height, width = images.shape

    def uniform() -> Tensor:
        return torch.rand(n, generator=generator) * 2 - 1

    angle = uniform() * math.radians(how.rotate)
    size = 1 + uniform() * how.scale
    shear = uniform() * how.shear
    cos, sin = torch.cos(angle) / size, torch.sin(angle) / size
    # grid_sample's coordinates run from −1 to 1 over the image, so a pixel is 2 / side.
    right = torch.stack([cos, shear - sin, uniform() * how.shift * 2 / width], dim=1)
    down = torch.stack([sin, cos, uniform() * how.shift * 2 / height], dim=1)
    grid = functional.affine_grid(torch.stack([right, down], dim=1), [n, 1, height, width], align_corners=False)
    moved = functional.grid_sample(images[:, None].float(), grid, align_corners=False)
    return moved[:, 0].round()
