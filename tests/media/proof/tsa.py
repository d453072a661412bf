"""A timestamp authority of our own, by openssl, for tests: in a folder, and behind a loopback HTTP server."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

CONFIG = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = Test Root
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[stamping]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = one
[one]
serial = serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Authority:
    """A root, a certificate for stamping under it, and the tool that answers."""

    folder: Path

    @property
    def root_pem(self) -> bytes:
        return (self.folder / "ca.pem").read_bytes()

    def answer(self, request_der: bytes, *, whole_chain: bool = False) -> bytes:
        (self.folder / "query.tsq").write_bytes(request_der)
        chain = ("-chain", "ca.pem") if whole_chain else ()
        self._openssl(
            *("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq", "-out", "answer.tsr"),
            *("-signer", "tsa.pem", "-inkey", "tsa.key", *chain),
        )
        return (self.folder / "answer.tsr").read_bytes()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)


def make_authority(folder: Path) -> Authority:
    """A new authority with a root of its own."""
    folder.mkdir()
    (folder / "tsa.cnf").write_text(CONFIG)
    (folder / "serial").write_text("01")
    made = Authority(folder)
    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-config", "tsa.cnf")
    made._openssl("req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-extensions", "ca")
    made._openssl("req", "-new", *new_key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Test Authority")
    made._openssl(
        *("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
        *("-out", "tsa.pem", "-days", "3650", "-extfile", "tsa.cnf", "-extensions", "stamping"),
    )
    return made


@contextmanager
def served(authority: Authority, *, whole_chain: bool = False, says: bytes | None = None) -> Iterator[str]:
    """The address of the authority on the loopback; ``says`` answers that, whatever is asked."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            said = authority.answer(asked, whole_chain=whole_chain) if says is None else says
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_args: object) -> None:
            """Keep the test's output clean."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
