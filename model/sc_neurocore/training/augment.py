"""Random affine and elastic distortions of integer images, which give training more images than the data set has."""

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
    """Return each image turned, scaled, sheared, moved and warped at random.

    Every image gets random amounts of its own, uniform in ± the amounts of `how`. The affine part turns, scales, shears
    and shifts the whole image. The elastic part moves the control points of a coarse grid, each by itself, and
    interpolates smoothly between them. (Simard, Steinkraus and Platt 2003 smooth a random field instead.) Pixels are
    interpolated bilinearly, pixels from outside the image are 0, and the result is rounded, so it is again an image
    that the encoder of the network takes.

    Args:
        images: Pixels, integers of any dtype, shape (n, height, width).
        how: The greatest amount of each distortion. With all amounts 0 the images come back unchanged.
        generator: Source of the random numbers, on the CPU. Its state decides the result.

    Returns:
        The distorted images, whole numbers in float32, shape (n, height, width).

    Example:
        >>> image = torch.arange(9).view(1, 3, 3)
        >>> distort(image, Augment(), torch.Generator()).tolist() == image.tolist()
        True
    """
    n, height, width = images.shape

    def uniform() -> Tensor:
        return torch.rand(n, generator=generator) * 2 - 1

    angle = uniform() * math.radians(how.rotate)
    size = 1 + uniform() * how.scale
    shear = uniform() * how.shear
    # The grid says from where each pixel of the result comes, so what makes the image greater divides it.
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
