"""Which logs are kept, and which variants name theirs."""

from annt_prof.runs.logs import keep, named
from annt_prof.runs.record import VariantRecord


def test_every_variant_that_was_lost_names_the_log_of_its_processes(tmp_path):
    logs, directory = tmp_path / "logs", tmp_path / "run"
    logs.mkdir()
    directory.mkdir()
    (logs / "talks.log").write_text("Traceback ...")
    (logs / "killed.log").touch()
    (logs / "silent.log").touch()
    (logs / "chatty.log").write_text("a warning")
    variants = (
        VariantRecord("talks", (), "crashed", "RuntimeError"),
        VariantRecord("killed", (), "out_of_memory", "killed by SIGKILL"),
        VariantRecord("unborn", (), "crashed", "its obstacle raised"),
        VariantRecord("silent", (), "measured"),
        VariantRecord("chatty", (), "measured"),
    )
    keep(logs, directory, variants)
    assert [each.log for each in named(variants, directory)] == [
        "logs/talks.log",
        "logs/killed.log",
        None,
        None,
        None,
    ]
    kept = {path.name: path.read_text() for path in (directory / "logs").iterdir()}
    assert kept == {
        "talks.log": "Traceback ...",
        "killed.log": "annt-prof: it printed nothing; killed by SIGKILL\n",
        "chatty.log": "a warning",
    }
