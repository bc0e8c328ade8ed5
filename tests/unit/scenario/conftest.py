"""Scenario files in the working directory, as a user names them."""

import pytest

from annt_prof.errors import UserError
from annt_prof.scenario.loading import load

MINIMAL = """\
model: {source: timm, name: vit_tiny_patch16_224}
dataset: {name: cifar10, batch_size: 8}
"""


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Write ``scenario.yaml`` into the working directory and return its relative path."""
    from pathlib import Path

    monkeypatch.chdir(tmp_path)

    def to(text, name="scenario.yaml"):
        path = Path(name)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to


@pytest.fixture
def load_text(write):
    """Load a scenario from its text, and overrides."""

    def to(text, *overrides):
        return load(write(text), overrides)

    return to


@pytest.fixture
def complaint(load_text):
    """The message that a scenario earns."""

    def to(text, *overrides):
        with pytest.raises(UserError) as caught:
            load_text(text, *overrides)
        return str(caught.value)

    return to


@pytest.fixture
def minimal():
    """The least a scenario can say."""
    return MINIMAL
