"""Downloads from a server on this machine: whole, resumed, broken off, refused, wrong."""

import errno
import hashlib
import socket
from pathlib import Path

import pytest
from http_here import Files, serving

from annt_prof.errors import UserError
from annt_prof.workload.fetching.download import Checksum, download

CONTENT = bytes(range(256)) * 4000  # about four pieces
SHA = Checksum("sha256", hashlib.sha256(CONTENT).hexdigest()[:8])


pytestmark = pytest.mark.usefixtures("local_names_resolve")


@pytest.fixture
def server():
    with serving(Files({"/file": CONTENT})) as files:
        yield files


class Watch:
    def __init__(self):
        self.seen = []

    def __call__(self, done, total):
        self.seen.append((done, total))


def fetch(server, target, checksum=SHA, watch=None):
    download(f"{server.url}/file", target, checksum, watch or Watch())


def test_a_file_arrives_whole_with_its_progress(server, tmp_path):
    watch, target = Watch(), tmp_path / "new" / "folder" / "file"
    fetch(server, target, watch=watch)
    assert target.read_bytes() == CONTENT
    assert watch.seen[0] == (0, len(CONTENT))
    assert watch.seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in watch.seen] == sorted(done for done, _ in watch.seen)
    assert [path.name for path in target.parent.iterdir()] == ["file"]


def test_a_stopped_download_goes_on_where_it_stopped(server, tmp_path):
    target, watch = tmp_path / "file", Watch()
    (tmp_path / "file.part").write_bytes(CONTENT[:300_000])
    fetch(server, target, watch=watch)
    assert server.ranges == ["bytes=300000-"]
    assert watch.seen[0] == (300_000, len(CONTENT))
    assert target.read_bytes() == CONTENT


def test_a_connection_that_breaks_off_is_taken_up_again(server, tmp_path):
    server.break_after = [100_000, 200_000]
    fetch(server, tmp_path / "file")
    assert server.ranges == [None, "bytes=100000-", "bytes=300000-"]
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_connection_that_brings_nothing_ends_with_what_came_kept(server, tmp_path):
    server.break_after = [100_000, 0, 0, 0, 0]
    with pytest.raises(UserError, match="100,000 bytes") as caught:
        fetch(server, tmp_path / "file")
    assert "run the same command again" in str(caught.value)
    assert not (tmp_path / "file").exists()
    server.break_after = []
    fetch(server, tmp_path / "file")
    assert server.ranges[-1] == "bytes=100000-"
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_server_without_ranges_sends_it_all_again(server, tmp_path):
    server.knows_ranges = False
    (tmp_path / "file.part").write_bytes(b"x" * 500)
    fetch(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize("left", [b"other" * 100, CONTENT[:-1] + b"?", CONTENT + b"longer"])
def test_a_beginning_of_another_file_is_dropped(left, server, tmp_path):
    (tmp_path / "file.part").write_bytes(left)
    fetch(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_download_that_was_complete_but_not_in_place_is_taken(server, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT)
    fetch(server, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == CONTENT
    assert len(server.ranges) == 1


def test_a_wrong_checksum_keeps_nothing_and_leaves_what_was_there(server, tmp_path):
    target = tmp_path / "file"
    target.write_bytes(b"before")
    with pytest.raises(UserError, match="not the file") as caught:
        fetch(server, target, Checksum("md5", "0123"))
    assert "md5" in str(caught.value)
    assert f"{server.url}/file" in str(caught.value)
    assert target.read_bytes() == b"before"
    assert not (tmp_path / "file.part").exists()


def test_a_wrong_checksum_after_going_on_is_tried_once_from_the_beginning(server, tmp_path):
    (tmp_path / "file.part").write_bytes(CONTENT[:1000])
    with pytest.raises(UserError, match="not the file"):
        fetch(server, tmp_path / "file", Checksum("md5", "0123"))
    assert server.ranges == ["bytes=1000-", None]
    assert not (tmp_path / "file.part").exists()


def test_without_a_checksum_a_whole_file_is_taken(server, tmp_path):
    fetch(server, tmp_path / "file", None)
    assert (tmp_path / "file").read_bytes() == CONTENT


def test_a_refused_connection_is_one_message(server, tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server.url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(UserError, match="cannot download") as caught:
            fetch(server, tmp_path / "file")
    assert "proxy" in str(caught.value)
    assert list(tmp_path.glob("file*")) == []


def test_a_missing_file_is_told_with_the_servers_answer(server, tmp_path):
    server.contents.clear()
    with pytest.raises(UserError, match="404 Not Found"):
        fetch(server, tmp_path / "file")


def test_a_full_disk_is_one_message_and_what_came_is_kept(server, tmp_path, monkeypatch):
    target = tmp_path / "file"

    def full(_self, _target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(UserError, match="the disk is full") as caught:
        fetch(server, target)
    assert str(target) in str(caught.value)
    assert (tmp_path / "file.part").exists()


def test_a_folder_that_cannot_be_made_is_one_message(server, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(UserError, match="cannot write"):
        fetch(server, tmp_path / "file" / "below" / "file")


@pytest.mark.parametrize(("prefix", "holds"), [(SHA.prefix, True), ("", True), ("0000", False)])
def test_a_checksum_may_be_the_first_digits(prefix, holds, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT)
    assert Checksum("sha256", prefix).holds(tmp_path / "file") is holds
