"""Where ceilings are kept."""

import msgspec
import pytest

from annt_prof.errors import UserError
from annt_prof.machine import ceilings
from annt_prof.machine.ceilings import Ceilings
from hand_made import CPU, GPU

FOUND = Ceilings({"float32": 1e12, "bfloat16": 2e12}, 1e10, None, None, 2000.0)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "annt_prof" / "ceilings.json"


def test_each_machine_finds_its_own():
    assert ceilings.recall(CPU) is None
    ceilings.keep(CPU, FOUND)
    assert ceilings.recall(CPU) == FOUND
    assert ceilings.recall(GPU) is None
    ceilings.keep(GPU, Ceilings({"float32": 3e12}, 1e12, 5e10, 1e10, 5000.0))
    assert ceilings.recall(CPU) == FOUND


def test_another_number_of_threads_is_another_machine():
    ceilings.keep(CPU, FOUND)
    assert ceilings.recall(msgspec.structs.replace(CPU, threads=1)) is None


def test_a_damaged_file_is_as_good_as_none(cache):
    ceilings.keep(CPU, FOUND)
    cache.write_text("{")
    assert ceilings.recall(CPU) is None
    ceilings.keep(CPU, FOUND)
    assert ceilings.recall(CPU) == FOUND


def test_a_place_that_cannot_be_written(cache):
    cache.parent.write_text("a file where the folder should be")
    with pytest.raises(UserError, match="cannot be written"):
        ceilings.keep(CPU, FOUND)
