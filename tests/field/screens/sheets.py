"""A picture of every screen of the phone page in both languages, on one sheet each: docs/pictures/phone-screens-*.webp.

The walk is the one the tests of accessibility take. Make the sheets anew after a screen changed, and look at them.
"""

import argparse
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright

from demo.answering import answering
from tests.components import CHROMIUM_FLAGS, SCREENS, chromium_program
from tests.field.screens.rig import Phone, copy_of, make_county
from tests.field.screens.tour import tour

PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
ACROSS = 6
WIDTH_PX = 300
TALLEST_PX = 900
GAP_PX = 16
CAPTION_PX = 18
QUALITY = 40
# What stands at the thumb would lie across the middle of a picture that is longer than the phone.
UNSTUCK = ".thumb { position: static !important; margin-bottom: 0 !important; }"


def main() -> int:
    """Walk through all screens twice and write the sheets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=PICTURES)
    parser.add_argument("--each", type=Path, help="also write every screen as a file of its own into this folder")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch)
        made = make_county(folder / "county")
        made.world.store.checkpoint()
        made.world.store.close()
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=CHROMIUM_FLAGS)
        for language in ("zh", "en"):
            county = copy_of(folder / "county", folder / language)
            with answering(county.app) as address:
                # The page's own policy would refuse the style by which nothing sticks.
                size = {**SCREENS["phone"], "device_scale_factor": 1.5}
                context = browser.new_context(**size, locale="zh-CN", bypass_csp=True)
                context.add_init_script(f"localStorage.setItem('shidi.language', '{language}')")
                phone = Phone(context, address, language)
                shown = {name: phone.page.screenshot(full_page=True, style=UNSTUCK) for name in tour(county, phone)}
                context.close()
            county.world.store.close()
            if given.each:
                _write_each(shown, given.each, language)
            sheet = given.into / f"phone-screens-{language}.webp"
            _sheet([(name, _shrunk(picture)) for name, picture in shown.items()]).save(sheet, quality=QUALITY, method=6)
            print(f"{sheet}: {len(shown)} screens, {sheet.stat().st_size // 1000} kB")
        browser.close()
    return 0


def _write_each(shown: dict[str, bytes], folder: Path, language: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for at, (name, picture) in enumerate(shown.items()):
        (folder / f"{at:02}-{name}-{language}.png").write_bytes(picture)


def _shrunk(picture: bytes) -> Image.Image:
    """A screen at the sheet's width; what is longer than a sheet bears is cut."""
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    small = whole.resize((WIDTH_PX, round(whole.height * WIDTH_PX / whole.width)), Image.Resampling.LANCZOS)
    return small.crop((0, 0, WIDTH_PX, min(small.height, TALLEST_PX)))


def _sheet(screens: list[tuple[str, Image.Image]]) -> Image.Image:
    """The screens in rows, each under its name."""
    rows = [screens[at : at + ACROSS] for at in range(0, len(screens), ACROSS)]
    heights = [max(picture.height for _, picture in row) + CAPTION_PX + GAP_PX for row in rows]
    sheet = Image.new("RGB", (ACROSS * (WIDTH_PX + GAP_PX) + GAP_PX, sum(heights) + GAP_PX), "#c9d1d0")
    pen = ImageDraw.Draw(sheet)
    top = GAP_PX
    for row, height in zip(rows, heights, strict=True):
        for at, (name, picture) in enumerate(row):
            left = GAP_PX + at * (WIDTH_PX + GAP_PX)
            pen.text((left, top), name, fill="#10191f")
            sheet.paste(picture, (left, top + CAPTION_PX))
        top += height
    return sheet


if __name__ == "__main__":
    sys.exit(main())
