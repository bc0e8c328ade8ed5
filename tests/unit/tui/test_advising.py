"""Advice on a trace from another process is the advice that this one would give."""

import threading
from pathlib import Path

import pytest

from annt_prof.errors import UserError
from annt_prof.testing import TraceBuilder
from annt_prof.tui.advising import AdvisingProcess
from annt_prof.views.advising import advice_of_trace


def test_it_is_the_same(tmp_path: Path) -> None:
    builder = TraceBuilder().step(0, 1000).kernel("gemm", 100, 900, launch_ns=50)
    path = builder.write(tmp_path / "trace.json")
    assert AdvisingProcess().advice_of_trace(path) == advice_of_trace(path)


def test_what_can_be_mended_is_told_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "trace.json").write_text("[]")
    with pytest.raises(UserError) as here:
        advice_of_trace(tmp_path / "trace.json")
    with pytest.raises(UserError) as there:
        AdvisingProcess().advice_of_trace(tmp_path / "trace.json")
    assert str(there.value) == str(here.value)


def test_once_closed_nothing_more_is_read(tmp_path: Path) -> None:
    process = AdvisingProcess()
    process.close()
    with pytest.raises(UserError, match="was ended"):
        process.advice_of_trace(tmp_path / "trace.json")


def test_what_is_being_read_ends_when_it_is_closed() -> None:
    process = AdvisingProcess()
    said: list[str] = []

    def read() -> None:
        try:
            process.advice_of_trace(Path("tests/fixtures/traces/h100_baseline.json.gz"))
        except UserError as error:
            said.append(str(error))

    reading = threading.Thread(target=read)
    reading.start()
    while not process.is_reading:
        pass
    process.close()
    reading.join()
    assert "was ended by signal 9" in said[0]
