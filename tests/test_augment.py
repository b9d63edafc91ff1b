"""Distortion of images: none, shifts, and elastic ones."""

from __future__ import annotations

import torch

from sc_neurocore.training import Augment
from sc_neurocore.training.augment import distort


def test_no_distortion_changes_nothing_and_a_shift_moves() -> None:
    images = torch.randint(0, 17, (3, 6, 6))
    generator = torch.Generator().manual_seed(0)
    assert torch.equal(distort(images, Augment(), generator), images.float())
    moved = distort(images, Augment(rotate=10, scale=0.1, shift=1, shear=0.1), generator)
    assert not torch.equal(moved, images.float())
    assert torch.equal(moved, moved.round())
    assert 0 <= float(moved.min()) <= float(moved.max()) <= 16


def test_an_elastic_distortion_moves_control_points() -> None:
    side = 29
    ramp = torch.arange(side).float().repeat(2, side, 1) * 8  # brightness is the column, so a shift can be read off
    moved = distort(ramp, Augment(elastic=1.5), torch.Generator().manual_seed(1))
    shift = (moved - ramp)[:, 3:-3, 3:-3] / 8
    assert 0.5 < float(shift.abs().max()) < 2.0  # bicubic surfaces overshoot their points a little
    assert float(shift.std()) > 0.3
    assert float((shift[:, :, 1:] - shift[:, :, :-1]).abs().max()) < 1  # it does not tear
    assert not torch.equal(moved[0], moved[1])
