"""What a probe tells of the torch that is installed."""

import pytest
import torch

from annt_prof.loop.messages import Probed
from annt_prof.loop.worker import probe


class Heard:
    def __init__(self) -> None:
        self.said: list[Probed] = []

    def send(self, probed: Probed) -> None:
        self.said.append(probed)


@pytest.mark.parametrize(
    ("cuda", "hip", "packages"),
    [(None, None, {}), ("13.2", None, {"cuda": "13.2"}), (None, "7.0", {"hip": "7.0"})],
)
def test_what_torch_was_built_with_is_told(
    cuda: str | None, hip: str | None, packages: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.version, "hip", hip)
    heard = Heard()
    probe(heard, use_accelerator=False)
    assert heard.said[0].packages == packages
    assert heard.said[0].machine.device_type == "cpu"
