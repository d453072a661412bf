"""The classes of the map stay apart for eyes that see fewer colours, and on a bad projector."""

import re
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

SOURCE = (Path(__file__).parents[2] / "web" / "desk" / "static" / "map" / "layers.js").read_text("utf-8")
NAMED = dict(re.findall(r'const ([A-Z]+) = "(#[0-9a-f]{6})";', SOURCE))

# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB.
EYES = {
    "all colours": np.eye(3),
    "no red": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no green": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]]
    ),
    "no blue": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]]
    ),
    "no colours": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}


def palettes() -> dict[str, list[str]]:
    """The colours of each layer, best class first, as the page has them."""
    found = {}
    for name, body in re.findall(r"\n  (\w+): \{\n    classes: classes\((.*?)\),\n    of", SOURCE, re.DOTALL):
        listed = re.findall(r'"(#[0-9a-f]{6})"|\b([A-Z]{4,5})\b', body)
        found[name] = [colour or NAMED[word] for colour, word in listed if colour or word in NAMED]
    found["since"] = [NAMED[word] for word in re.findall(r'\["\w+", [\w]+, ([A-Z]+)\]', SOURCE)]
    return found


def lab(colour: str, seen_by: NDArray[np.float64]) -> NDArray[np.float64]:
    """The colour in CIELAB (D65) as these eyes see it."""
    srgb = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.clip(seen_by @ np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = to_xyz @ linear / [0.9505, 1.0, 1.089]
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def apart(one: str, other: str, eyes: str) -> float:
    return float(np.linalg.norm(lab(one, EYES[eyes]) - lab(other, EYES[eyes])))


def test_every_layer_is_looked_at() -> None:
    assert {name: len(colours) for name, colours in palettes().items()} == {
        "since": 5,
        "visits": 5,
        "slots": 4,
        "night": 2,
        "origin": 4,
        "problems": 4,
        "quota": 4,
    }


@pytest.mark.parametrize("eyes", [eyes for eyes in EYES if eyes != "no colours"])
@pytest.mark.parametrize("layer", palettes())
def test_classes_stay_apart(layer: str, eyes: str) -> None:
    colours = palettes()[layer]
    near = {(one, other): apart(one, other, eyes) for one, other in combinations(colours, 2)}
    assert min(near.values()) > 12, near
    assert min(apart(colour, NAMED["NEVER"], eyes) for colour in colours) > 20


@pytest.mark.parametrize("layer", ["since", "visits", "slots", "problems", "quota"])
def test_an_order_is_seen_without_colours(layer: str) -> None:
    lightness = [lab(colour, EYES["no colours"])[0] for colour in palettes()[layer]]
    steps = [later - earlier for earlier, later in pairwise(lightness)]
    assert all(step > 6 for step in steps) or all(step < -6 for step in steps), lightness
