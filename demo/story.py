"""What the run says while it runs and afterwards, and the one way it checks a promise."""

import sys
from dataclasses import dataclass, field
from typing import TextIO

from demo.errors import DemoError

_BAR_WIDTH = 28


@dataclass
class Story:
    """Collects what happened under headings, counts what was checked, and shows how far the run is."""

    steps: int
    out: TextIO = field(default_factory=lambda: sys.stdout)
    done: int = 0
    checked: int = 0
    told: list[str] = field(default_factory=list)

    def step(self, name: str) -> None:
        """One more part of the run begins."""
        self.done += 1
        if self.out.isatty():
            filled = _BAR_WIDTH * self.done // self.steps
            bar = "#" * filled + "-" * (_BAR_WIDTH - filled)
            self.out.write(f"\r\033[K[{bar}] {self.done}/{self.steps} {name}")
        else:
            self.out.write(f"[{self.done:>2}/{self.steps}] {name}\n")
        self.out.flush()

    def progress(self, done: int, total: int, what: str) -> None:
        """How far a long step is: a bar of its own on a terminal, else a line for each tenth."""
        if self.out.isatty():
            filled = _BAR_WIDTH * done // total
            bar = "#" * filled + "-" * (_BAR_WIDTH - filled)
            self.out.write(f"\r\033[K[{bar}] {self.done}/{self.steps} {done} of {total} {what}")
        elif done * 10 // total != (done - 1) * 10 // total:
            self.out.write(f"        {done} of {total} {what}\n")
        self.out.flush()

    def heading(self, text: str) -> None:
        """A heading of the summary."""
        self.told += ["", text]

    def tell(self, text: str) -> None:
        """A line of the summary."""
        self.told.append(f"  {text}")

    def expect(self, holds: bool, promise: str) -> None:
        """Check one promise of the story; the run ends with the promise as its message when it does not hold."""
        self.checked += 1
        if not holds:
            raise DemoError(f"the story promises that {promise}, and this is not so")

    def print_summary(self) -> None:
        """Everything that was told."""
        if self.out.isatty():
            self.out.write("\r\033[K")
        self.out.write("\n".join(self.told) + "\n")
        self.out.flush()
