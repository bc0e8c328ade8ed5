"""What is shown of techniques: each fact under its own name, and broken plug-ins."""

from __future__ import annotations  # as in technique files, where types are text

import json
from dataclasses import dataclass, field

import pytest

from annt_prof.categories import Category, KernelClass
from annt_prof.errors import UserError
from annt_prof.report.json.catalogue import catalogue_document
from annt_prof.report.text.catalogue import catalogue, entry
from annt_prof.techniques import registry
from annt_prof.techniques.technique import Pitfall, Signature, Technique
from annt_prof.views.catalogue_view import (
    BrokenEntry,
    OptionEntry,
    PitfallEntry,
    TechniqueEntry,
    build_catalogue,
    build_entry,
)
from printed import printed


@dataclass(frozen=True)
class Options:
    depth: int = field(default=3, metadata={"description": "Layers to change."})
    quietly: bool = True

    def apply(self, setup):
        """Change nothing."""


MADE = Technique(
    name="made",
    summary="changes layers",
    options=Options,
    obstacle=lambda options, machine: f"depth {options.depth} on {machine.device_name}",
    signature=Signature(
        (Category.FORWARD,), (KernelClass.CAST,), (Category.SYNC, Category.OPTIMIZER), "its part"
    ),
    mathematics="none",
    source="a paper",
    pitfalls=(Pitfall("too deep", "it overflows", lambda _setup: None, "depth"),),
)
ENTRY = TechniqueEntry(
    name="made",
    summary="changes layers",
    explanation=(("What it does", "It changes."), ("When it helps", "Always.")),
    obstacle_on_cpu="depth 3 on a CPU",
    falls=(Category.FORWARD,),
    may_rise=(KernelClass.CAST,),
    stays_flat=(Category.SYNC, Category.OPTIMIZER),
    bound="its part",
    mathematics="none",
    options=(
        OptionEntry("depth", "int", 3, "Layers to change."),
        OptionEntry("quietly", "bool", True, ""),
    ),
    pitfalls=(PitfallEntry("depth", "too deep", "it overflows"),),
    source="a paper",
)
BROKEN = BrokenEntry("gone", "no such file")


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    def load(name):
        if name == "gone":
            raise UserError("no such file")
        return MADE

    parts = {"What it does": "It changes.", "When it helps": "Always."}
    monkeypatch.setattr(registry, "load", load)
    monkeypatch.setattr(registry, "explanation", lambda _technique: parts)


def test_every_fact_of_a_technique():
    assert build_entry("made") == ENTRY
    assert build_catalogue(["made", "gone"]) == (ENTRY, BROKEN)


def test_one_that_cannot_be_loaded_has_no_entry():
    with pytest.raises(UserError):
        build_entry("gone")


def test_text():
    assert printed(lambda console: console.print(entry(ENTRY))) == [
        "made changes layers",
        "",
        "What it does: It changes.",
        "",
        "When it helps: Always.",
        "",
        "Facts",
        "applies with an accelerator; on a CPU not: depth 3 on a CPU",
        "falls forward",
        "may rise cast",
        "stays flat sync, optimizer",
        "bound its part",
        "mathematics none",
        "source a paper",
        "",
        "Options",
        "- depth: Layers to change. Default: 3.",
        "- quietly: Default: True.",
        "",
        "Pitfalls, looked for in every run",
        "- too deep (depth): it overflows",
    ]


def test_text_of_all():
    lines = printed(lambda console: console.print(catalogue((ENTRY, BROKEN))))
    assert lines[:3] == [
        "made",
        "changes changes layers",
        "applies with an accelerator; on a CPU not: depth 3 on a CPU",
    ]
    assert "gone broken no such file" in " ".join(lines)


def test_json():
    document = json.loads(catalogue_document((ENTRY, BROKEN)))
    assert document == {
        "schema_version": 1,
        "techniques": [
            {
                "name": "made",
                "summary": "changes layers",
                "explanation": {"What it does": "It changes.", "When it helps": "Always."},
                "obstacle_on_cpu": "depth 3 on a CPU",
                "signature": {
                    "falls": ["forward"],
                    "may_fall": [],
                    "may_rise": ["cast"],
                    "stays_flat": ["sync", "optimizer"],
                    "bound": "its part",
                },
                "mathematics": "none",
                "options": [
                    {
                        "name": "depth",
                        "type": "int",
                        "default": 3,
                        "description": "Layers to change.",
                    },
                    {"name": "quietly", "type": "bool", "default": True, "description": ""},
                ],
                "pitfalls": [{"key": "depth", "name": "too deep", "why": "it overflows"}],
                "source": "a paper",
            },
            {"name": "gone", "error": "no such file"},
        ],
    }
