"""The real application and the real commands at the season's clock, on the folder that ``shidi serve`` takes up again.

A season lasts months and the clock of ``shidi serve`` is the machine's, so for the season the application runs in this
process. Its jobs are done when the season says so, as a server does them between two visits.
"""

import io
from contextlib import ExitStack, redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import click
from sqlalchemy import update

from api.app import create_app, open_store
from api.cli import shidi as shidi_command
from api.cli.place import Place
from api.http.house import EXTENSION, House
from api.presence_runs import review_presence
from api.settings import read_settings
from demo.answering import answering
from demo.errors import DemoError
from demo.season.clock import SeasonClock
from demo.server import environment
from visits.store import Job

# These wait for a day of their own, and leave no others out.
OF_THE_CALENDAR = ("review_presence", "blur_visits", "make_checkpoint", "stamp_checkpoints")


class SeasonServer:
    """The application on a free port of this machine while its ``with`` block lasts."""

    def __init__(self, data_dir: Path, clock: SeasonClock) -> None:
        self.data_dir = data_dir
        self.clock = clock
        self.base_url = ""
        self._ends = ExitStack()

    @property
    def port(self) -> int:
        return urlsplit(self.base_url).port or 0

    def __enter__(self) -> Self:
        settings = read_settings(environment(self.data_dir), data_dir=self.data_dir)
        with ExitStack() as begun:
            store = open_store(settings)
            begun.callback(store.close)
            begun.enter_context(store.serving())
            app = create_app(settings, store, clock=self.clock.utc)
            self._house: House = app.extensions[EXTENSION]
            begun.callback(store.checkpoint)
            self._take_up_jobs()
            self.base_url = begun.enter_context(answering(app))
            self._ends = begun.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def _take_up_jobs(self) -> None:
        """Make due what waits for the machine's time: a job that waits keeps the season's of that subject away."""
        now = self.clock.utc()
        later = (Job.state == "waiting", Job.due_utc > now, Job.kind.not_in(OF_THE_CALENDAR))
        with self._house.store.writing() as uow:
            uow.session.execute(update(Job).where(*later).values(due_utc=now))

    def do_jobs(self) -> int:
        """Do what waits; how many jobs that were."""
        done = self._house.jobs.run_waiting()
        self._house.store.checkpoint()
        return done

    def review(self) -> None:
        """The job of the review calendar, which for the server of the story waits for another quarter."""
        review_presence(self._house.store, self.clock.utc)

    def shidi(self, *arguments: str) -> str:
        """One command of ``shidi`` at the season's clock; what it said."""
        place = Place(environ=environment(self.data_dir), data_dir=self.data_dir, clock=self.clock.utc)
        said = io.StringIO()
        try:
            with redirect_stdout(said):
                shidi_command.main(list(arguments), prog_name="shidi", obj=place, standalone_mode=False)
        except click.Abort:
            raise KeyboardInterrupt from None
        except click.ClickException as refused:
            command = " ".join(("shidi", *arguments))
            raise DemoError(
                f"“{command}” was refused: {refused.format_message()}\n{said.getvalue()[:900]}"
            ) from refused
        return said.getvalue()
