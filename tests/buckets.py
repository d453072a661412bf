"""An S3-compatible object store on this machine, and buckets in it, for the tests of the store in a bucket."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from moto.server import ThreadedMotoServer


@contextmanager
def object_store() -> Iterator[str]:
    """Run one on a free port; yields its address."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def administrator(endpoint: str) -> Any:
    """A client of another make, that looks and changes behind the store's back."""
    options = {"aws_access_key_id": "admin", "aws_secret_access_key": "secret", "region_name": "us-east-1"}
    return boto3.session.Session().client("s3", endpoint_url=endpoint, **options)


def new_bucket(endpoint: str) -> str:
    """Make an empty bucket; returns its name."""
    name = f"evidence-{uuid.uuid4().hex[:12]}"
    administrator(endpoint).create_bucket(Bucket=name)
    return name


def bucket_url(endpoint: str, bucket: str) -> str:
    """The address of a bucket as the setting has it."""
    return f"s3://{bucket}/county/photos?endpoint={endpoint}&region=us-east-1"
