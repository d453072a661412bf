"""Step 7 of the story: the visit's evidence leaves the house as one file, checked with no account and no server."""

import zipfile
from pathlib import Path

from demo.server import shidi
from demo.stage import Stage


def take_bundle_out(run: Stage) -> None:
    """The organization department downloads the bundle; it is checked as it came, and a copy with one byte changed."""
    story = run.story
    story.heading("7 证据包 / The visit's evidence as one file that proves itself")
    story.step("the evidence bundle, and a copy with one byte changed")
    bundle = run.data_dir / f"shidi-{run.visit_id}.zip"
    bundle.write_bytes(run.desk("org.a").ask("GET", f"{run.visit_path}/bundle", 200).content)
    run.desk("leader").refused("GET", f"{run.visit_path}/bundle", 403, "not-allowed")
    # An empty folder of its own: a bundle is checked without the installation it came from.
    elsewhere = run.data_dir / "elsewhere"
    elsewhere.mkdir()
    clean = shidi(elsewhere, "verify", str(bundle)).text
    story.expect("nothing is wrong" in clean, "a bundle that came whole has nothing wrong in it")
    for line in clean.strip().splitlines():
        story.tell(line)
    copy, name = _spoiled_copy(bundle)
    said = shidi(elsewhere, "verify", str(copy), expected=1).text
    story.expect(name in said, "the photo with one byte changed is named")
    story.expect(list(elsewhere.iterdir()) == [], "checking a bundle leaves nothing behind")
    story.tell(f"one byte flipped in a copy: refused with exit code 1: {' '.join(said.split())[:160]}")


def _spoiled_copy(bundle: Path) -> tuple[Path, str]:
    """A copy with one byte flipped in the middle of its first photo, and the name of that photo."""
    with zipfile.ZipFile(bundle) as opened:
        name = min(name for name in opened.namelist() if name.startswith("photos/"))
        photo = opened.read(name)
    data = bytearray(bundle.read_bytes())
    data[data.index(photo) + len(photo) // 2] ^= 0xFF
    copy = bundle.with_name(f"changed-{bundle.name}")
    copy.write_bytes(data)
    return copy, name
