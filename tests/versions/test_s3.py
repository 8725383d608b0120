"""The same with a server that speaks S3, on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto.server import ThreadedMotoServer

from tests.versions.conftest import Clone, Project, block

KEYS = {"AWS_ACCESS_KEY_ID": "tests-own-key", "AWS_SECRET_ACCESS_KEY": "tests-own-secret"}
REGION = {"AWS_DEFAULT_REGION": "us-east-1"}


@pytest.fixture
def endpoint() -> Iterator[str]:
    """Return the address of a server that holds the bucket of the page."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name=REGION["AWS_DEFAULT_REGION"],
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
    )
    client.create_bucket(Bucket="rodepil")
    yield address
    client.close()
    server.stop()


def test_data_goes_to_s3_and_comes_back_with_credentials_of_the_environment_alone(
    project: Project, clone: Callable[[str], Clone], endpoint: str
) -> None:
    sender = clone("sender")
    sender.run("dvc pull")
    sender.run("dvc remote remove store")
    sender.environment = sender.environment | KEYS | REGION
    sender.follow(block("Keep versions in S3"), {"https://s3.example.org": endpoint})
    assert "tests-own" not in (sender.folder / ".dvc" / "config").read_text()

    receiver = Clone(sender.folder.parent, sender.environment)
    receiver.follow(block("Get the data in a fresh clone"), {"URL": f"'{sender.folder}'"})
    assert receiver.held() == project.clone.held()
    assert "Running stage" not in receiver.said[-1]


def test_credentials_written_with_local_are_never_committed(
    clone: Callable[[str], Clone],
) -> None:
    copy = clone("secrets")
    copy.run("dvc remote add -f store s3://rodepil/versions")
    copy.run("git commit -q -a -m 'Another remote'")
    copy.follow(
        block("Keep versions in S3", 1), {"KEY": "tests-own-key", "SECRET": "tests-own-secret"}
    )
    copy.run("git add -A")
    assert copy.run("git status --short") == ""
    assert "tests-own-secret" in (copy.folder / ".dvc" / "config.local").read_text()
    assert "tests-own" not in (copy.folder / ".dvc" / "config").read_text()
