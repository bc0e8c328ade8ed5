"""``annt-prof explain --help`` says how two scenarios are compared."""

from annt_prof.cli.explain import command
from annt_prof.plan import MOST_PAIRED


def test_the_help_says_when_all_sets_are_measured():
    said = " ".join((command.help or "").split())
    assert f"Of up to {MOST_PAIRED} factors all sets are measured" in said
