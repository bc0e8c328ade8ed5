import dataclasses
import json

import jsonschema
import pytest

from annt_prof.cli import main
from annt_prof.techniques import registry
from annt_prof.techniques.technique import Pitfall


def test_every_technique_is_listed_with_what_to_expect(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["techniques"]) == 0
    shown = capsys.readouterr().out
    for name in registry.names():
        assert f"\n{name}\n" in f"\n{shown}"
    for label in ("changes", "applies", "falls", "bound", "mathematics", "source"):
        assert shown.count(f"\n  {label} ") == len(registry.names())
    assert "on a CPU not: no accelerator to copy to" in shown


@pytest.mark.parametrize("name", registry.shipped())
def test_one_technique_is_told_in_full(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["techniques", name]) == 0
    shown = capsys.readouterr().out
    for part in registry.SECTIONS:
        assert f"{part}: " in shown
    told = " ".join(shown.split())
    for pitfall in registry.load(name).pitfalls:
        assert f"- {pitfall.name} ({pitfall.key}): {pitfall.why}" in told


def test_json_tells_the_same(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["techniques", "--json"]) == 0
    answer = json.loads(capfdbinary.readouterr().out)
    assert answer["schema_version"] == 1
    assert [t["name"] for t in answer["techniques"]] == list(registry.names())
    pin_memory = next(t for t in answer["techniques"] if t["name"] == "pin_memory")
    assert pin_memory["obstacle_on_cpu"] == "no accelerator to copy to"
    assert pin_memory["signature"]["falls"] == ["h2d_copy"]
    assert [o["name"] for o in pin_memory["options"]] == ["pin", "non_blocking"]
    assert pin_memory["pitfalls"] == [
        {
            "key": "copies_from_unpinned_memory",
            "name": "non-blocking copies from unpinned memory",
            "why": "Without pinning the driver stages the copy through its own buffer and waits.",
        }
    ]


def test_a_pitfall_without_a_key_is_told_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    keyless = (Pitfall("too many stripes", "They blur.", lambda _: None),)
    zebra = dataclasses.replace(registry.load("amp"), pitfalls=keyless)
    monkeypatch.setattr(registry, "load", lambda _: zebra)
    assert main(["techniques", "amp"]) == 0
    assert "  - too many stripes: They blur.\n" in capsys.readouterr().out


def test_json_of_one(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["techniques", "amp", "--json"]) == 0
    assert [t["name"] for t in json.loads(capfdbinary.readouterr().out)["techniques"]] == ["amp"]


def test_an_unknown_name_gets_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["techniques", "apm"]) == 2
    assert 'did you mean "amp"' in capsys.readouterr().err


def test_schema_prints_a_valid_draft_7_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    jsonschema.Draft7Validator.check_schema(json.loads(capsys.readouterr().out))
