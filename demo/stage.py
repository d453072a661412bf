"""What the steps of the story share: the data folder, the server, the offices, and who is signed in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.desk import Desk
from demo.field_day import Place, new_phone
from demo.office_day import Office
from demo.phone import Phone
from demo.server import Server
from demo.story import Story

Json = dict[str, Any]


@dataclass
class Stage:
    """Handed from step to step; the identities are filled in as the story makes them."""

    data_dir: Path
    server: Server
    story: Story
    office: Office
    place: Place
    desks: dict[str, Desk] = field(default_factory=dict)
    assignment_id: str = ""
    visit_id: str = ""
    first_visit_id: str = ""

    def desk(self, login: str) -> Desk:
        """The desk of an account, signed in once."""
        if login not in self.desks:
            self.desks[login] = Desk(self.server.base_url, login, self.office.passphrases[login])
        return self.desks[login]

    def phone(self, login: str) -> Phone:
        """An inspector's phone, signed in."""
        folder = self.data_dir / "phones" / login
        return new_phone(folder, self.server.base_url, login, self.office.passphrases[login])

    @property
    def visit_path(self) -> str:
        """Where the API has the visit."""
        return f"/api/v1/visits/{self.visit_id}"


def all_items(desk: Desk, path: str) -> Iterator[Json]:
    """Every item of a paged list."""
    page = desk.read(path, limit="100")
    yield from page["items"]
    while page["next"] is not None:
        page = desk.read(page["next"])
        yield from page["items"]
