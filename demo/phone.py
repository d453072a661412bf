"""A simulated phone that behaves as the phone page does: records first, photos after, everything kept until receipted.

What a person saved is on disk before ``record`` or ``photograph`` returns, so the phone may be killed at any moment
and started again from its folder. Everything is sent with ids made here, so sending twice is harmless.
"""

import base64
import hashlib
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from demo.errors import PhoneError
from media.proof import (
    DeviceKey,
    SealedPackage,
    b64url_text,
    new_device_key,
    open_package,
    read_code,
    record_sha256,
    sign_p256,
)

BATCH_RECORDS = 200
CHUNK_BYTES = 256 * 1024
SMALLEST_CHUNK_BYTES = 16 * 1024
# A phone gives up for the moment, never for good: what is not receipted stays in the folder.
PATIENCE_S = 60.0
TUS = {"Tus-Resumable": "1.0.0"}
LOCAL = ZoneInfo("Asia/Shanghai")

Json = dict[str, Any]
Hook = Callable[[str, int], None]


@dataclass(frozen=True)
class Recorded:
    """A record as it was written to disk: the exact text that was signed."""

    id: str
    seq: int
    kind: str
    text: str
    signature: str
    sha256: str


@dataclass(frozen=True)
class Photographed:
    """A photo as hashed at the shutter, and the record that announces it."""

    record: Recorded
    sha256: str
    size_bytes: int


@dataclass
class Traffic:
    """What went over the air since the phone was started, counted for the summary."""

    record_batches: int = 0
    chunks: int = 0
    bytes_sent: int = 0
    cuts: int = 0
    smallest_chunk_bytes: int = CHUNK_BYTES


def machines_clock() -> datetime:
    """The time of this machine, as a phone in the village has it."""
    return datetime.now(LOCAL)


def uuid7(at: datetime | None = None) -> UUID:
    """A new id that sorts by time (RFC 9562, version 7)."""
    stamp_ms = time.time_ns() // 1_000_000 if at is None else round(at.timestamp() * 1000)
    number = (stamp_ms & (1 << 48) - 1) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


class Phone:
    """One phone: a folder on disk, a key of its own, and a way to the server."""

    def __init__(
        self,
        folder: Path,
        base_url: str,
        *,
        chunk_bytes: int = CHUNK_BYTES,
        clock: Callable[[], datetime] = machines_clock,
        durable: bool = True,
    ) -> None:
        """Take up the folder's state, or begin one. ``clock`` tells the phone's own time, zone included.

        Without ``durable`` the disk is not waited for, for hundreds of phones of which none is ever killed.
        """
        self.folder = folder
        self.base_url = base_url
        self.chunk_bytes = chunk_bytes
        self.clock = clock
        self.durable = durable
        self.traffic = Traffic(smallest_chunk_bytes=chunk_bytes)
        # Told of every offset the server acknowledged, and half way through every chunk with a negative one: the
        # run uses it to kill the server at a chosen moment.
        self.on_progress: Hook = lambda _sha256, _offset_bytes: None
        for name in ("records", "receipts", "photos", "uploads"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        self.key = _load_or_make_key(folder / "key.pem")
        self.http = requests.Session()
        # A proxy named in the environment is not for a server on this machine.
        self.http.trust_env = False

    @property
    def state(self) -> Json:
        """Token, account, visit package: what the server told so far."""
        path = self.folder / "state.json"
        found: Json = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return found

    def sign_in(self, login: str, passphrase: str, *, label: str = "演示手机") -> Json:
        """Sign in with this phone's key; the server registers the phone."""
        device = {"label": label, "public_key": self.key.public_jwk}
        body: Json = {"login": login, "passphrase": passphrase, "device": device}
        answer = self.http.post(f"{self.base_url}/api/v1/sessions", json=body, timeout=30)
        signed_in = _expect(answer, 201)
        self._remember(token=signed_in["token"], account=signed_in["account"])
        return signed_in

    def ask_to_open(self, assignment_id: str, fix: Json | None = None) -> requests.Response:
        """Ask to open a sealed assignment; the package is kept when the server gives it."""
        body: Json = {"device_utc": self.clock().isoformat()}
        if fix is not None:
            body["fix"] = fix
        answer = self._call("POST", f"/api/v1/assignments/{assignment_id}/opening", json=body)
        if answer.status_code == 200:
            package = answer.json()
            self._remember(package=package, visit_id=package["visit_id"], nonce_at=self.clock().timestamp())
        return answer

    def fetch_package(self, assignment_id: str) -> Json:
        """Fetch the sealed package, which can be done days before; it is kept until the code is at hand."""
        body = {"device_utc": self.clock().isoformat()}
        issued: Json = _expect(self._call("POST", f"/api/v1/assignments/{assignment_id}/package", json=body), 200)
        self._remember(sealed=issued, nonce_at=self.clock().timestamp())
        return issued

    def open_with_code(self, code: str) -> Recorded:
        """Open the package with the code of the departure slip, with no network, and record that."""
        issued = self.state["sealed"]
        plaintext = open_package(read_code(code), SealedPackage(**issued["sealed"]), issued["assignment_id"])
        package: Json = {**json.loads(plaintext), "nonce": issued["nonce"]}
        self._remember(package=package, visit_id=package["visit_id"])
        return self.record("open", {"how": "key", "fix": None})

    def with_empty_outbox(self, folder: Path) -> "Phone":
        """The same phone, its key and its sign-in, with nothing recorded yet, in another folder.

        What was delivered stays behind: a phone that looks through everything it ever saved gets slower by the visit.
        """
        folder.mkdir(parents=True)
        for name in ("key.pem", "state.json"):
            shutil.copyfile(self.folder / name, folder / name)
        return Phone(folder, self.base_url, clock=self.clock, durable=self.durable)

    @property
    def package(self) -> Json:
        """The opened assignment: village, sites, postings, nonce."""
        package: Json = self.state["package"]
        return package

    @property
    def visit_id(self) -> str:
        return str(self.state["visit_id"])

    def record(self, kind: str, body: Json) -> Recorded:
        """Write one record, signed and chained to the one before; it is on disk when this returns."""
        before = self.records()
        state = self.state
        made_at = self.clock()
        content = {
            "id": str(uuid7(made_at)),
            "visit_id": state["visit_id"],
            "kind": kind,
            "seq": len(before) + 1,
            "previous": before[-1].sha256 if before else None,
            "made_at": made_at.isoformat(),
            "monotonic_ms": round((made_at.timestamp() - state["nonce_at"]) * 1000),
            "nonce": state["package"]["nonce"],
            "body": body,
        }
        text = json.dumps(content, ensure_ascii=False)
        signature = b64url_text(sign_p256(self.key, text.encode()))
        self._write(
            self.folder / "records" / f"{content['seq']:06d}.json",
            json.dumps({"record": text, "signature": signature}, ensure_ascii=False).encode(),
        )
        return _recorded(text, signature)

    def photograph(
        self, data: bytes, media_type: str, *, fixes: list[Json], of_record: str | None, source: str = "camera"
    ) -> Photographed:
        """Keep the camera's own bytes under their hash, then the record that announces them."""
        sha256 = hashlib.sha256(data).hexdigest()
        self._write(self.folder / "photos" / sha256, data)
        body = {
            "sha256": sha256,
            "size_bytes": len(data),
            "media_type": media_type,
            "taken_at": self.clock().isoformat(),
            "source": source,
            "fixes": fixes,
            "of_record": of_record,
        }
        return Photographed(self.record("photo", body), sha256, len(data))

    def records(self) -> list[Recorded]:
        """Everything this phone ever saved, in order."""
        found = []
        for path in sorted((self.folder / "records").glob("*.json")):
            kept = json.loads(path.read_text(encoding="utf-8"))
            found.append(_recorded(kept["record"], kept["signature"]))
        return found

    def receipts(self) -> dict[str, Json]:
        """The server's answer to each record, by record id."""
        found = [json.loads(p.read_text(encoding="utf-8")) for p in sorted((self.folder / "receipts").glob("*.json"))]
        return {receipt["id"]: receipt for receipt in found}

    def unsent_records(self) -> list[Recorded]:
        """Records the server has not answered yet."""
        answered = {path.stem for path in (self.folder / "receipts").glob("*.json")}
        return [record for record in self.records() if record.id not in answered]

    def unsent_photos(self) -> list[str]:
        """Photos whose record the server took and whose bytes it does not have yet, oldest first."""
        receipts = self.receipts()
        waiting = []
        for record in self.records():
            taken = receipts.get(record.id, {}).get("outcome") in ("accepted", "same")
            if record.kind == "photo" and taken:
                sha256 = json.loads(record.text)["body"]["sha256"]
                if not (self.folder / "uploads" / f"{sha256}.done").exists() and sha256 not in waiting:
                    waiting.append(sha256)
        return waiting

    def delivered_photos(self) -> list[str]:
        """The photos whose bytes the server has."""
        return sorted(path.stem for path in (self.folder / "uploads").glob("*.done"))

    def send_records(self, records: list[Recorded] | None = None) -> list[Json]:
        """Send what was not answered yet (or the given records again); the answers, one for each record.

        A 409 or 422 answers the batch as a whole but lists the outcome of every record in it, so it is no failure.
        """
        waiting = self.unsent_records() if records is None else records
        results: list[Json] = []
        for start in range(0, len(waiting), BATCH_RECORDS):
            batch = waiting[start : start + BATCH_RECORDS]
            answer = self.post_records([{"record": r.text, "signature": r.signature} for r in batch])
            if answer.status_code not in (200, 409, 422) or "results" not in answer.json():
                raise PhoneError(f"the server answered {answer.status_code} to records: {answer.text[:300]}")
            for result in answer.json()["results"]:
                results.append(result)
                path = self.folder / "receipts" / f"{result['id']}.json"
                if result["outcome"] != "conflict" and not path.exists():
                    self._write(path, json.dumps(result, ensure_ascii=False).encode())
        return results

    def post_records(self, records: list[Json]) -> requests.Response:
        """Send these texts as they are, and return the bare answer."""
        self.traffic.record_batches += 1
        return self._call("POST", f"/api/v1/visits/{self.visit_id}/records", json={"records": records})

    def send_photos(self, shas: list[str] | None = None) -> list[str]:
        """Send the photos that wait (or the given ones again), one at a time; the hashes of those complete now."""
        waiting = self.unsent_photos() if shas is None else shas
        for sha256 in waiting:
            self._send_photo(sha256)
            self._write(self.folder / "uploads" / f"{sha256}.done", b"")
        return waiting

    def sync(self) -> None:
        """Send everything that waits: records first, in batches; then photos."""
        self.send_records()
        self.send_photos()

    def get(self, path: str, **options: Any) -> requests.Response:
        """Read something from the server as this phone's account."""
        return self._call("GET", path, **options)

    def _write(self, path: Path, data: bytes) -> None:
        _write(path, data, durable=self.durable)

    def _send_photo(self, sha256: str) -> None:
        data = (self.folder / "photos" / sha256).read_bytes()
        offset_bytes: int | None = None
        location, trouble, furthest_bytes = "", "", -1
        give_up_at = time.monotonic() + PATIENCE_S
        while offset_bytes != len(data):
            try:
                if offset_bytes is None:
                    location = self._upload_location(sha256, len(data))
                    offset_bytes = self._offset(location)
                chunk = data[offset_bytes : offset_bytes + self.chunk_bytes]
                if chunk:
                    offset_bytes = self._send_chunk(location, sha256, offset_bytes, chunk)
            except requests.RequestException as error:
                # The connection was cut: smaller pieces from here on, and ask the server how far it got.
                self.traffic.cuts += 1
                self.chunk_bytes = max(self.chunk_bytes // 2, SMALLEST_CHUNK_BYTES)
                self.traffic.smallest_chunk_bytes = min(self.traffic.smallest_chunk_bytes, self.chunk_bytes)
                offset_bytes, trouble = None, str(error)
            if offset_bytes is not None and offset_bytes > furthest_bytes:
                furthest_bytes, give_up_at = offset_bytes, time.monotonic() + PATIENCE_S
            elif time.monotonic() > give_up_at:
                raise PhoneError(f"photo {sha256[:12]} got no further for {PATIENCE_S:.0f} s: {trouble}")
            else:
                time.sleep(0.3)

    def _upload_location(self, sha256: str, size_bytes: int) -> str:
        """Where this photo's upload lives; the server gives the same place however often it is asked."""
        metadata = {"visit_id": self.visit_id, "sha256": sha256}
        pairs = (f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in metadata.items())
        headers = {**TUS, "Upload-Length": str(size_bytes), "Upload-Metadata": ",".join(pairs)}
        answer = self._once("POST", "/api/v1/uploads", headers=headers)
        if answer.status_code not in (200, 201):
            raise PhoneError(f"the server answered {answer.status_code} to a new upload: {answer.text[:300]}")
        return answer.headers["Location"]

    def _offset(self, location: str) -> int:
        answer = self._once("HEAD", location, headers=TUS)
        if answer.status_code != 200:
            raise PhoneError(f"the server answered {answer.status_code} when asked how far an upload got")
        return int(answer.headers["Upload-Offset"])

    def _send_chunk(self, location: str, sha256: str, offset_bytes: int, chunk: bytes) -> int | None:
        """Send one chunk; the new offset, or None when the server must be asked for it."""
        headers = {**TUS, "Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset_bytes)}
        body = _Chunk(chunk, lambda: self.on_progress(sha256, -1))
        answer = self._once("PATCH", location, headers=headers, data=body)
        if answer.status_code in (404, 409, 410, 423, 503):
            # Another attempt still holds the upload, or the offset moved: the server is asked again in a moment.
            return None
        if answer.status_code != 204:
            raise PhoneError(f"the server answered {answer.status_code} to a chunk: {answer.text[:300]}")
        self.traffic.chunks += 1
        self.traffic.bytes_sent += len(chunk)
        acknowledged_bytes = int(answer.headers["Upload-Offset"])
        self.on_progress(sha256, acknowledged_bytes)
        return acknowledged_bytes

    def _call(self, method: str, path: str, **options: Any) -> requests.Response:
        """One request, tried again while the server cannot be reached."""
        give_up_at = time.monotonic() + PATIENCE_S
        while True:
            try:
                return self._once(method, path, **options)
            except requests.RequestException as error:
                self.traffic.cuts += 1
                if time.monotonic() > give_up_at:
                    raise PhoneError(f"the server could not be reached for {PATIENCE_S:.0f} s: {error}") from error
                time.sleep(0.3)

    def _once(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **options: Any
    ) -> requests.Response:
        url = path if path.startswith("http") else self.base_url + path
        signed = {"Authorization": f"Bearer {self.state['token']}", **(headers or {})}
        return self.http.request(method, url, headers=signed, timeout=30, **options)

    def _remember(self, **facts: Any) -> None:
        self._write(self.folder / "state.json", json.dumps({**self.state, **facts}, ensure_ascii=False).encode())


class _Chunk:
    """A chunk that tells when half of it has left, so that a test can act in the middle of a request."""

    def __init__(self, data: bytes, at_half: Callable[[], None]) -> None:
        self.data, self.position, self.at_half = data, 0, at_half
        self.told = False

    def __len__(self) -> int:
        return len(self.data)

    def read(self, size: int = -1) -> bytes:
        if not self.told and self.position >= len(self.data) // 2:
            self.told = True
            self.at_half()
        end = len(self.data) if size < 0 else self.position + size
        piece = self.data[self.position : end]
        self.position += len(piece)
        return piece


def _recorded(text: str, signature: str) -> Recorded:
    content = json.loads(text)
    return Recorded(content["id"], content["seq"], content["kind"], text, signature, record_sha256(text))


def _expect(answer: requests.Response, status: int) -> Json:
    if answer.status_code != status:
        raise PhoneError(f"the server answered {answer.status_code} instead of {status}: {answer.text[:300]}")
    body: Json = answer.json()
    return body


def _load_or_make_key(path: Path) -> DeviceKey:
    if not path.exists():
        key = new_device_key()
        pem = key.private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(path, json.dumps({"pem": pem.decode(), "public_jwk": key.public_jwk}).encode())
    kept = json.loads(path.read_text(encoding="utf-8"))
    private_key = serialization.load_pem_private_key(kept["pem"].encode(), password=None)
    if not isinstance(private_key, ec.EllipticCurvePrivateKey):
        raise PhoneError(f"{path.name} holds no P-256 key")
    return DeviceKey(private_key, kept["public_jwk"])


def _write(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Put the whole file in place or nothing of it, so that a killed phone never finds half a record."""
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        file.write(data)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    draft.replace(path)
    if not durable:
        return
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
