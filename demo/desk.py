"""Somebody at a desk: the API with a sign-in of their own, and the same person's browser on the desk's pages."""

import re
import time
from collections.abc import Callable
from typing import Any

import requests

from demo.errors import DemoError

Json = dict[str, Any]
PATIENCE_S = 60.0


class Desk:
    """One signed-in account that works over the API."""

    def __init__(self, base_url: str, login: str, passphrase: str) -> None:
        self.base_url = base_url
        self.http = requests.Session()
        self.http.trust_env = False
        signed_in = self.ask("POST", "/api/v1/sessions", 201, json={"login": login, "passphrase": passphrase}).json()
        self.account: Json = signed_in["account"]
        self.http.headers["Authorization"] = f"Bearer {signed_in['token']}"

    def ask(self, method: str, path: str, status: int, **options: Any) -> requests.Response:
        """One request whose answer must have this status."""
        answer = self.http.request(method, self.base_url + path, timeout=60, **options)
        if answer.status_code != status:
            raise DemoError(f"{method} {path} was answered {answer.status_code}, not {status}: {answer.text[:400]}")
        return answer

    def read(self, path: str, **params: Any) -> Json:
        """The JSON at this address."""
        body: Json = self.ask("GET", path, 200, params=params).json()
        return body

    def refused(self, method: str, path: str, status: int, slug: str, **options: Any) -> Json:
        """The problem a request must be answered with."""
        problem: Json = self.ask(method, path, status, **options).json()
        if problem.get("type") != f"/problems/{slug}":
            raise DemoError(f"{method} {path} was refused as {problem.get('type')}, not as {slug}")
        return problem

    def read_until(self, path: str, holds: Callable[[Json], bool], what: str) -> Json:
        """The JSON at this address, once it says what is waited for: jobs work on it meanwhile."""
        give_up_at = time.monotonic() + PATIENCE_S
        while True:
            answer = self.http.get(self.base_url + path, timeout=60)
            if answer.status_code == 200:
                body: Json = answer.json()
                if holds(body):
                    return body
            if time.monotonic() > give_up_at:
                raise DemoError(f"waited {PATIENCE_S:.0f} s in vain for {what}; {path} says {answer.text[:600]}")
            time.sleep(0.2)


class Browser:
    """The same person in a browser: signs in by the form, holds the cookie, reads pages."""

    def __init__(self, base_url: str, login: str, passphrase: str) -> None:
        self.base_url = base_url
        self.http = requests.Session()
        self.http.trust_env = False
        form = self.page("/desk/sign-in")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        if found is None:
            raise DemoError("the sign-in page has no token against forged forms")
        fields = {"csrf_token": found[1], "login": login, "passphrase": passphrase, "next": "/desk/"}
        answer = self.http.post(
            f"{base_url}/desk/sign-in", data=fields, headers={"Origin": base_url}, allow_redirects=False, timeout=60
        )
        if answer.status_code != 303:
            raise DemoError(f"the sign-in form was answered {answer.status_code}: {answer.text[:300]}")

    def page(self, path: str, *, status: int = 200) -> str:
        """The HTML of a page, which must answer with this status."""
        answer = self.http.get(self.base_url + path, timeout=60)
        if answer.status_code != status or not answer.headers["Content-Type"].startswith("text/html"):
            raise DemoError(f"the page {path} was answered {answer.status_code} ({answer.headers['Content-Type']})")
        return answer.text
