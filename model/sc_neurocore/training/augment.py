"""Random affine and elastic distortions of integer images."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from .recipes import Augment

__all__ = ["distort"]

# Pixels between the control points of an elastic distortion: about the width of a stroke and its surroundings.
_SPACING = 7


def distort(images: Tensor, how: Augment, generator: torch.Generator) -> Tensor:
    """Return each image (n, height, width) turned, scaled, sheared, moved and warped at random, as float32 integers.

    Bilinear, zero outside, rounded: a distorted image is again one that the encoder could have been given. The warp
    moves control points of a grid and, smoothly, what lies between (Simard, Steinkraus and Platt 2003 smooth a field).
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
    if how.elastic:
        knots = (n, 2, height // _SPACING + 1, width // _SPACING + 1)
        shifts = (torch.rand(knots, generator=generator) * 2 - 1) * how.elastic
        warp = functional.interpolate(shifts, (height, width), mode="bicubic", align_corners=True)
        grid += warp.permute(0, 2, 3, 1) * torch.tensor([2 / width, 2 / height])
    moved = functional.grid_sample(images[:, None].float(), grid, align_corners=False)
    return moved[:, 0].round()
