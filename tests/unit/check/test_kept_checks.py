"""The result of a check beside its run."""

import os

import msgspec
import pytest

from annt_prof.check.kept import keep, kept
from annt_prof.check.result import SCHEMA_VERSION
from annt_prof.errors import UserError
from annt_prof.runs.signs import stamp_of
from hand_made_checks import CHECKS


@pytest.mark.parametrize("outcome", CHECKS)
def test_what_is_kept_is_what_was_found(outcome, tmp_path):
    keep(tmp_path, CHECKS[outcome])
    assert kept(tmp_path) == CHECKS[outcome]
    assert [p.name for p in tmp_path.iterdir()] == ["check.json"]


def test_of_a_run_that_was_never_checked_there_is_nothing(tmp_path):
    assert kept(tmp_path) is None


def test_the_last_check_counts_and_is_seen_to_be_another(tmp_path):
    stamps = [stamp_of(tmp_path)]
    for outcome in ("failure", "pass"):
        keep(tmp_path, CHECKS[outcome])
        stamps.append(stamp_of(tmp_path))
    assert kept(tmp_path) == CHECKS["pass"]
    assert len(set(stamps)) == 3


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"[1]", b'{"schema_version": 1}', b'{"schema_version": "1"}', b"\xff\xfe"],
)
def test_a_damaged_one_is_named_with_the_way_out(damaged, tmp_path):
    (tmp_path / "check.json").write_bytes(damaged)
    with pytest.raises(UserError, match=r"check\.json: is not the result of a check") as refused:
        kept(tmp_path)
    assert refused.value.hint == "annt-prof check RUN writes one anew"


def test_one_of_another_version_is_not_guessed_at(tmp_path):
    newer = msgspec.structs.replace(CHECKS["pass"], schema_version=SCHEMA_VERSION + 1)
    keep(tmp_path, newer)
    with pytest.raises(UserError, match=f"reads version {SCHEMA_VERSION}"):
        kept(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is refused to root")
def test_what_cannot_be_written_leaves_what_was_there(tmp_path):
    keep(tmp_path, CHECKS["pass"])
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot be written"):
        keep(tmp_path, CHECKS["failure"])
    tmp_path.chmod(0o700)
    assert kept(tmp_path) == CHECKS["pass"]
