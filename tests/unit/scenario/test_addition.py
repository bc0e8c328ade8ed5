"""One more technique in a scenario: what else stands in the file stays, and the whole is valid."""

from pathlib import Path

import pytest

from annt_prof.errors import UserError
from annt_prof.scenario.addition import lines_to_add, with_technique
from annt_prof.scenario.loading import load, load_text
from annt_prof.techniques import registry

SCENARIOS = sorted(Path("scenarios").glob("*.yaml"))
BARE = """\
# what is to be trained
model: {source: torchvision, name: resnet18}
dataset:
  name: digits  # small
  batch_size: 8
  image_size: 32
optimizer: {name: sgd, lr: 0.1}
schedule: {name: constant}
"""


@pytest.mark.parametrize("name", registry.shipped())
def test_a_scenario_with_the_lines_loads(name: str) -> None:
    document = load_text(BARE + lines_to_add(name), Path("mine.yaml"))
    (chosen,) = document.resolve(accelerator=True).scenario.techniques
    assert chosen.name == name
    assert chosen.options == registry.load(name).options()


def test_the_lines_tell_every_option() -> None:
    assert lines_to_add("amp") == (
        "techniques:\n  amp:\n    dtype: auto\n    grad_scaler: auto\n"
        "    backward_in_autocast: false\n"
    )


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_shipped_scenario_stays_what_it_was(path: Path) -> None:
    before = load(path)
    mix = {chosen.name for chosen in before.resolve(accelerator=True).scenario.techniques}
    name = next(name for name in ("channels_last", "sdpa", "compile") if name not in mix)
    text = with_technique(before.text, name)
    after = load_text(text, path)
    for accelerator in (True, False):
        first, second = (document.resolve(accelerator) for document in (before, after))
        own = f"techniques.{name}."
        kept = {v.path: v.value for v in second.values if not v.path.startswith(own)}
        assert kept == {v.path: v.value for v in first.values}
        assert any(v.path.startswith(own) for v in second.values)
    comments = [line.strip() for line in before.text.splitlines() if line.lstrip().startswith("#")]
    assert [line for line in text.splitlines() if line.lstrip().startswith("#")]
    for comment in comments:
        assert comment in text


@pytest.mark.parametrize("mix", ["", "techniques:\n", "techniques: {}\n", "techniques: {sdpa: }\n"])
def test_any_form_of_the_mix_takes_one_more(mix: str) -> None:
    text = with_technique(BARE + mix, "amp")
    document = load_text(text, Path("mine.yaml"))
    chosen = [each.name for each in document.resolve(accelerator=True).scenario.techniques]
    assert chosen == (["amp", "sdpa"] if "sdpa" in mix else ["amp"])
    assert "# what is to be trained" in text
    assert "# small" in text


def test_what_follows_the_mix_keeps_its_comment() -> None:
    text = with_technique(BARE + "techniques:\n  amp:\n\n# how long\nwindow: {rounds: 3}\n", "sdpa")
    assert "  amp:\n\n# how long\nwindow:" in text


def test_what_is_there_already_is_refused() -> None:
    with pytest.raises(UserError, match="amp is in the scenario's mix already"):
        with_technique(BARE + "techniques: {amp: }\n", "amp")


@pytest.mark.parametrize("text", ["", "- a\n", "a: [\n", "techniques: [amp]\n", "a: 1\na: 2\n"])
def test_what_is_no_scenario_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        with_technique(text, "amp")


def test_an_unknown_technique_is_refused() -> None:
    with pytest.raises(UserError, match="unknown technique"):
        with_technique(BARE, "anp")


def test_what_somebody_wrote_in_quotes_stays_in_them() -> None:
    text = with_technique(BARE + "name: 'mine'\ndescription: \"a: b\"\n", "amp")
    assert "name: 'mine'\n" in text
    assert 'description: "a: b"\n' in text
