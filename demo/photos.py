"""Photos for the simulated phones: real JPEG and HEIC files of drawn scenes, with EXIF as phones write it.

The scenes are drawn from a seed and say so in the picture. They have enough texture for the fingerprints that find
re-used photos, and two seeds never look alike.
"""

import io
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from PIL.ExifTags import GPS, IFD, Base

SIZE_3_MP = (2000, 1500)
SIZE_12_MP = (4032, 3024)
JPEG = "image/jpeg"
HEIC = "image/heic"
MAKE = "SHIDI DEMO"

_DRAWN_PX = (1008, 756)
_ORIENTATION_UPRIGHT = 1


@dataclass(frozen=True)
class ExifPlace:
    """What the camera wrote as its position; (0, 0) is what browsers leave of a stripped one."""

    lon_deg: float
    lat_deg: float


@dataclass(frozen=True)
class Picture:
    """The bytes a camera hands over."""

    data: bytes
    media_type: str


def picture(
    seed: int,
    *,
    taken_at: datetime,
    place: ExifPlace | None,
    size_px: tuple[int, int] = SIZE_3_MP,
    media_type: str = JPEG,
    model: str = "Phone A",
) -> Picture:
    """A photo of the scene that ``seed`` draws."""
    image = _grain(_scene(seed).resize(size_px, Image.Resampling.BICUBIC), seed)
    exif = _exif(taken_at, place, model)
    file = io.BytesIO()
    if media_type == HEIC:
        pillow_heif.from_pillow(image).save(file, quality=50, exif=exif.tobytes(), enc_params={"preset": "ultrafast"})
    else:
        image.save(file, "JPEG", quality=88, exif=exif)
    return Picture(file.getvalue(), media_type)


def _scene(seed: int) -> Image.Image:
    """Sky, ridges, ground, a few houses, a board: a village that does not exist."""
    random = np.random.default_rng(seed)
    width, height = _DRAWN_PX
    image = Image.fromarray(_sky(random))
    draw = ImageDraw.Draw(image)
    for depth in range(int(random.integers(2, 5))):
        base = height * (0.25 + 0.1 * depth + 0.05 * random.random())
        ridge = base - height * 0.3 * _noise_line(random, width) / (1 + 0.4 * depth)
        shade = tuple(int(c) for c in random.integers((30, 70, 40), (110, 150, 110)) - 8 * depth)
        draw.polygon([(0, height), *enumerate(ridge.tolist()), (width, height)], fill=shade)
    ground = tuple(int(c) for c in random.integers((90, 80, 50), (180, 160, 120)))
    draw.rectangle((0, int(height * random.uniform(0.62, 0.78)), width, height), fill=ground)
    for _ in range(int(random.integers(3, 8))):
        _house(draw, random)
    _board(draw, random, seed)
    for _ in range(160):
        x, y, r = random.uniform(0, width), random.uniform(height * 0.6, height), random.uniform(2, 14)
        draw.ellipse((x - r, y - r / 2, x + r, y + r / 2), fill=tuple(int(c) for c in random.integers(20, 140, 3)))
    return image.filter(ImageFilter.GaussianBlur(0.6))


def _sky(random: np.random.Generator) -> NDArray[np.uint8]:
    width, height = _DRAWN_PX
    top, bottom = random.integers((90, 130, 170), (190, 210, 255)), random.integers((180, 180, 170), (250, 245, 240))
    fall = np.linspace(0.0, 1.0, height)[:, None, None]
    clouds = Image.fromarray(random.integers(0, 255, (6, 9), dtype=np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    sky = top * (1 - fall) + bottom * fall + (np.asarray(clouds, dtype=np.float64)[:, :, None] - 128) * 0.25
    return np.clip(sky, 0, 255).astype(np.uint8)


def _noise_line(random: np.random.Generator, width: int) -> NDArray[np.float64]:
    """A mountain's outline between 0 and 1: waves of random height over one another."""
    x = np.linspace(0, 1, width)
    waves = sum(np.sin((k * x + random.random()) * 2 * np.pi) * random.uniform(0.3, 1.0) / k for k in range(1, 9))
    line = np.asarray(waves, dtype=np.float64)
    return np.asarray((line - line.min()) / (line.max() - line.min()))


def _house(draw: ImageDraw.ImageDraw, random: np.random.Generator) -> None:
    width, height = _DRAWN_PX
    w, h = random.uniform(70, 220), random.uniform(60, 180)
    x, y = random.uniform(-30, width - 60), random.uniform(height * 0.4, height * 0.75)
    wall, roof, pane = (tuple(int(c) for c in random.integers(low, high, 3)) for low, high in _HOUSE_COLOURS)
    draw.rectangle((x, y, x + w, y + h), fill=wall, outline=(40, 40, 40))
    draw.polygon([(x - 10, y), (x + w / 2, y - h * random.uniform(0.2, 0.6)), (x + w + 10, y)], fill=roof)
    rows, columns = int(random.integers(1, 4)), int(random.integers(2, 5))
    for row in range(rows):
        for column in range(columns):
            left, top = x + w * (column + 0.2) / columns, y + h * (row + 0.2) / rows
            draw.rectangle((left, top, left + w * 0.5 / columns, top + h * 0.5 / rows), fill=pane)


_HOUSE_COLOURS = ((150, 245), (60, 160), (30, 110))


def _board(draw: ImageDraw.ImageDraw, random: np.random.Generator, seed: int) -> None:
    """A notice board that says the picture is drawn, in letters the default font has."""
    width, height = _DRAWN_PX
    x, y = random.uniform(0, width - 260), random.uniform(height * 0.3, height * 0.55)
    draw.rectangle((x, y, x + 250, y + 120), fill=(245, 240, 225), outline=(90, 20, 20), width=5)
    draw.text((x + 14, y + 12), f"DEMO  drawn, seed {seed}", fill=(150, 20, 20), font_size=20)
    for line in range(5):
        draw.line((x + 14, y + 48 + 13 * line, x + random.uniform(120, 236), y + 48 + 13 * line), fill=(60, 60, 60))


def _grain(image: Image.Image, seed: int) -> Image.Image:
    """The image with a little sensor noise, as one repeated tile of it: 12 MP of fresh noise would take seconds."""
    random = np.random.default_rng(seed + 1)
    width, height = image.size
    tile = random.normal(0.0, 3.0, (256, 256, 1)).astype(np.int16)
    noise = np.tile(tile, (height // 256 + 1, width // 256 + 1, 1))[:height, :width]
    return Image.fromarray(np.clip(np.asarray(image, dtype=np.int16) + noise, 0, 255).astype(np.uint8))


def _exif(taken_at: datetime, place: ExifPlace | None, model: str) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make] = MAKE
    exif[Base.Model] = model
    exif[Base.Orientation] = _ORIENTATION_UPRIGHT
    details = exif.get_ifd(IFD.Exif)
    details[Base.DateTimeOriginal] = taken_at.strftime("%Y:%m:%d %H:%M:%S")
    details[Base.OffsetTimeOriginal] = taken_at.strftime("%z")[:3] + ":" + taken_at.strftime("%z")[3:]
    if place is not None:
        position = exif.get_ifd(IFD.GPSInfo)
        position[GPS.GPSLatitudeRef] = "N"
        position[GPS.GPSLatitude] = _degrees_minutes_seconds(place.lat_deg)
        position[GPS.GPSLongitudeRef] = "E"
        position[GPS.GPSLongitude] = _degrees_minutes_seconds(place.lon_deg)
    return exif


def _degrees_minutes_seconds(angle_deg: float) -> tuple[float, float, Fraction]:
    """North and east only: the demo never leaves China."""
    whole_seconds = Fraction(round(angle_deg * 3_600_000), 1000)
    minutes, seconds = divmod(whole_seconds, 60)
    degrees, minutes = divmod(minutes, 60)
    return float(degrees), float(minutes), seconds
