"""Every known mistake has a tiny script that makes it, and a clean twin that does not.

What only an accelerator shows (copies to it) is shown with torch's ``meta`` device in its place:
copying there is a copy to another device, and needs none.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from annt_prof.runner.inspection.rules import mistakes, names
from annt_prof.runner.inspection.seen import Seen

if TYPE_CHECKING:
    from pathlib import Path

HEAD = """\
import time

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(48, 3, 8, 8), torch.randint(0, 2, (48,)))
"""
PLAIN = """\
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for number, (images, labels) in enumerate(DataLoader(data, batch_size=4)):
    loss = cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
"""
SCALED = """\
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=True)
scaler = torch.amp.GradScaler("cpu")
for images, labels in DataLoader(data, batch_size=4):
    scaler.scale(cross_entropy(model(images), labels)).backward()
    scaler.unscale_(optimizer)
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
"""
ELSEWHERE = """\
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(192, 2)
        self.register_buffer("scale", torch.ones(192))

    def forward(self, images):
        return self.linear(images.flatten(1) * self.scale)


model = Net().to("meta")
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for images, labels in DataLoader(data, batch_size=4):
    images, labels = images.to("meta"), labels.to("meta")
    cross_entropy(model(images), labels).backward()
    optimizer.step()
    optimizer.zero_grad()
"""
CONVOLVING = """\
model = torch.nn.Sequential(
    torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Flatten(), torch.nn.Linear(144, 2)
)
model = model.to(memory_format=torch.channels_last)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for number, (images, labels) in enumerate(DataLoader(data, batch_size=4)):
    images = images.to(memory_format=torch.channels_last)
    cross_entropy(model(images), labels).backward()
    optimizer.step()
    optimizer.zero_grad()
"""
COMPILED = """\
torch.set_num_threads(1)


def work(images):
    return torch.relu(images) * 2


compiled = torch.compile(work, backend="aot_eager", dynamic=False)
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for number, (images, labels) in enumerate(DataLoader(data, batch_size=4)):
    cross_entropy(model(compiled(images)), labels).backward()
    optimizer.step()
    optimizer.zero_grad()
"""

# What turns the clean script into the one with the mistake: a line of it, and what stands there.
CASES = {
    "a hidden host-to-device copy in a forward pass": (
        ELSEWHERE, "* self.scale", '* torch.ones(192).to("meta")',
    ),
    "a gradient scaler that synchronises": (SCALED, ", fused=True", ""),
    "empty_cache in the loop": (
        PLAIN, "    optimizer.step()", "    optimizer.step()\n    torch.cuda.empty_cache()",
    ),
    "non-blocking copies from unpinned memory": (
        ELSEWHERE, 'images.to("meta")', 'images.to("meta", non_blocking=True)',
    ),
    "reading a tensor every iteration": (
        PLAIN, "    optimizer.step()", "    optimizer.step()\n    print(loss.item())",
    ),
    "autocast around backward": (
        PLAIN, "    loss.backward()", '    with torch.autocast("cpu"):\n        loss.backward()',
    ),
    "clipping before unscale": (SCALED, "    scaler.unscale_(optimizer)\n", ""),
    "a gradient scaler that is never updated": (SCALED, "    scaler.update()\n", ""),
    "batch-norm statistics under accumulation": (
        CONVOLVING, "    optimizer.step()", "    if number % 2:\n        optimizer.step()",
    ),
    "channels-last inputs with a contiguous model": (
        CONVOLVING, "model = model.to(memory_format=torch.channels_last)\n", "",
    ),
    "too few loader processes for the host's cores": (
        PLAIN, "DataLoader(data, batch_size=4)",
        "DataLoader(data, batch_size=4, collate_fn=lambda items: "
        "(time.sleep(0.02), torch.utils.data.default_collate(items))[1])",
    ),
    "torch.compile that falls back or compiles every step": (
        COMPILED, "compiled(images)", "compiled(torch.cat([images] * 4)[: 4 + number])[:4]",
    ),
    "deterministic mode left on": (
        PLAIN, "model =", "torch.use_deterministic_algorithms(True)\nmodel =",
    ),
    "anomaly detection left on": (
        PLAIN, "model =", "torch.autograd.set_detect_anomaly(True)\nmodel =",
    ),
}  # fmt: skip
# A loop of some microseconds waits for any loader; the one with a slow loader has this twin.
TWINS = {
    "too few loader processes for the host's cores": (
        "    loss = cross", "    time.sleep(0.02)\n    loss = cross",
    ),
}  # fmt: skip


def inspected(folder: Path, text: str) -> tuple[int, set[str]]:
    """Return the exit status and the names of the mistakes found."""
    script = folder / "train.py"
    script.write_text(HEAD + text)
    command = [sys.executable, "-m", "annt_prof", "inspect", "--json", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.stdout, done.stderr
    return done.returncode, {each["name"] for each in json.loads(done.stdout)["mistakes"]}


def test_every_mistake_has_a_case() -> None:
    assert set(CASES) == set(names())


@pytest.mark.parametrize("name", CASES)
def test_the_script_that_makes_it_is_told_so_and_its_twin_is_not(name: str, tmp_path: Path) -> None:
    clean, line, instead = CASES[name]
    assert clean.count(line) == 1
    status, found = inspected(tmp_path, clean.replace(line, instead))
    assert name in found
    # Torch itself refuses the second step of a scaler without an update.
    assert status == (2 if "never updated" in name else 1)
    before, after = TWINS.get(name, ("", ""))
    twin = clean.replace(before, after, 1) if before else clean
    _, found = inspected(tmp_path, twin)
    assert name not in found


def test_a_script_that_fails_keeps_what_was_seen(tmp_path: Path) -> None:
    status, found = inspected(
        tmp_path, PLAIN.replace("    optimizer.step()", "    optimizer.step()\n    loss.item()")
        + "raise SystemExit(5)\n",
    )  # fmt: skip
    assert status == 2
    assert "reading a tensor every iteration" in found


def test_nothing_seen_is_no_mistake() -> None:
    assert mistakes(Seen()) == ()
