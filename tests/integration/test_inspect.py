"""Every known mistake has a tiny script that makes it, and a clean twin that does not.

What only an accelerator shows (copies to it, reads of it) is shown with torch's ``meta`` device
in its place: copying there is a copy to another device, and needs none. It holds no values, so a
script attempts to read them and goes on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import torch

from annt_prof.inspection.rules import mistakes, names
from annt_prof.inspection.seen import Seen

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Inspect = Callable[[str], tuple[int, set[str]]]

HEAD = """\
import contextlib
import sys
import time

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(48, 3, 8, 8), torch.randint(0, 2, (48,)))


def attempt(call):
    with contextlib.suppress(RuntimeError, AssertionError):
        return call()


def slow(items):
    time.sleep(0.1)
    return torch.utils.data.default_collate(items)


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
        images = images.flatten(1)
        return self.linear(images * self.scale)


model = Net().to("meta")
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for images, labels in DataLoader(data, batch_size=4):
    images, labels = images.to("meta"), labels.to("meta")
    loss = cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
"""
SCALED_ELSEWHERE = """\
class Scaler(torch.amp.GradScaler):
    def unscale_(self, optimizer):
        flags = {"meta": torch.zeros((), device="meta")}
        self._per_optimizer_states[id(optimizer)]["found_inf_per_device"] = flags

    def _maybe_opt_step(self, optimizer, state):
        attempt(state["found_inf_per_device"]["meta"].item)
        optimizer.step()


model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 2)).to("meta")
optimizer = torch.optim.RMSprop(model.parameters())
scaler = Scaler("cpu")
for images, labels in DataLoader(data, batch_size=4):
    images, labels = images.to("meta"), labels.to("meta")
    scaler.scale(cross_entropy(model(images), labels)).backward()
    scaler.step(optimizer)
    scaler.update(1.0)
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

# Two models and two optimizers under one scaler; the second loss is scaled before the first
# model's gradients, no longer scaled, are clipped.
SCALED_APART = """\
clip = torch.nn.utils.clip_grad_norm_
first, second = torch.nn.Linear(8, 1), torch.nn.Linear(8, 1)
optimizers = [torch.optim.SGD(model.parameters(), fused=True) for model in (first, second)]
scaler = torch.amp.GradScaler("cpu")
for _ in range(8):
    images = torch.randn(4, 8)
    scaler.scale(first(images).mean()).backward()
    scaler.unscale_(optimizers[0])
    loss = scaler.scale(second(images).mean())
    clip(first.parameters(), 1.0)
    scaler.step(optimizers[0])
    loss.backward()
    scaler.unscale_(optimizers[1])
    clip(second.parameters(), 1.0)
    scaler.step(optimizers[1])
    scaler.update()
    for optimizer in optimizers:
        optimizer.zero_grad()
"""
# Parts compiled one by one, in training and in evaluation: seven graphs in twelve iterations.
COMPILED_PARTS = """\
def compiled(module):
    return torch.compile(module, backend="eager")


body = compiled(torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.ReLU()))
neck = compiled(torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.Tanh()))
head = compiled(torch.nn.Linear(4, 2))
criterion = compiled(torch.nn.CrossEntropyLoss())
parameters = [each for part in (body, neck, head) for each in part.parameters()]
optimizer = torch.optim.SGD(parameters, lr=0.1)
for epoch in range(2):
    for _ in range(6):
        logits = head(neck(body(torch.randn(8, 8))))
        criterion(logits, torch.randint(0, 2, (8,))).backward()
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        head(neck(body(torch.randn(8, 8))))
"""
NORMALISED = """\
model = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
images, labels = torch.randn(16, 8), torch.randint(0, 2, (16,))
"""

# What turns the clean script into the one with the mistake: a line of it, and what stands there.
CASES = {
    "a hidden host-to-device copy in a forward pass": (
        ELSEWHERE, "* self.scale", '* torch.ones(192).to("meta")',
    ),
    "a gradient scaler that synchronises": (
        SCALED_ELSEWHERE, "RMSprop(model.parameters())", "SGD(model.parameters())",
    ),
    "empty_cache in the loop": (
        PLAIN, "    optimizer.step()", "    optimizer.step()\n    torch.cuda.empty_cache()",
    ),
    "non-blocking copies from unpinned memory": (
        ELSEWHERE, 'images.to("meta")', 'images.to("meta", non_blocking=True)',
    ),
    "reading a tensor every iteration": (
        ELSEWHERE, "    optimizer.step()", "    optimizer.step()\n    attempt(loss.item)",
    ),
    "autocast around backward": (
        PLAIN, "    loss.backward()", '    with torch.autocast("cpu"):\n        loss.backward()',
    ),
    "clipping before unscale": (SCALED, "    scaler.unscale_(optimizer)\n", ""),
    "a gradient scaler that is never updated": (SCALED, "    scaler.update()\n", ""),
    "batch-norm statistics under accumulation": (
        CONVOLVING,
        "    optimizer.step()\n    optimizer.zero_grad()",
        "    if number % 2:\n        optimizer.step()\n        optimizer.zero_grad()",
    ),
    "channels-last inputs with a contiguous model": (
        CONVOLVING, "model = model.to(memory_format=torch.channels_last)\n", "",
    ),
    "too few loader processes for the host's cores": (
        PLAIN, "DataLoader(data, batch_size=4)", "DataLoader(data, batch_size=4, collate_fn=slow)",
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

# Other ways to make a mistake, each again as a clean script and the change to it.
WAYS = {
    "a constant made in forward": (
        "a hidden host-to-device copy in a forward pass",
        ELSEWHERE, "* self.scale", "* torch.tensor([1.0] * 192, device=images.device)",
    ),
    "an array taken to the device in forward": (
        "a hidden host-to-device copy in a forward pass",
        ELSEWHERE, "* self.scale", "* torch.as_tensor([1.0] * 192, device=images.device)",
    ),
    "a constant like another tensor in forward": (
        "a hidden host-to-device copy in a forward pass",
        ELSEWHERE, "* self.scale", "* images.new_tensor([1.0] * 192)",
    ),
    "a device by its number": (
        "a hidden host-to-device copy in a forward pass",
        ELSEWHERE, "images = images.flatten(1)",
        "attempt(lambda: torch.ones(1).to(0))\n        images = images.flatten(1)",
    ),
    "cuda() in forward": (
        "a hidden host-to-device copy in a forward pass",
        ELSEWHERE, "images = images.flatten(1)",
        "attempt(torch.ones(1).cuda)\n        images = images.flatten(1)",
    ),
    "cuda() without blocking": (
        "non-blocking copies from unpinned memory",
        ELSEWHERE, "    images, labels =",
        "    attempt(lambda: images.cuda(non_blocking=True))\n    images, labels =",
    ),
    "without blocking, by position": (
        "non-blocking copies from unpinned memory",
        ELSEWHERE, 'images.to("meta")', 'images.to("meta", torch.float32, True)',
    ),
    "a loss read without its history": (
        "reading a tensor every iteration",
        ELSEWHERE, "    optimizer.step()",
        "    optimizer.step()\n    attempt(loss.detach().cpu)",
    ),
    "a loss taken to the host": (
        "reading a tensor every iteration",
        ELSEWHERE, "    optimizer.step()",
        "    optimizer.step()\n    attempt(lambda: loss.to('cpu'))",
    ),
    "an accuracy": (
        "reading a tensor every iteration",
        ELSEWHERE, "    optimizer.step()",
        "    optimizer.step()\n    attempt((model(images).argmax(1) == labels).sum().item)",
    ),
    "a read inside forward": (
        "reading a tensor every iteration",
        ELSEWHERE, "images = images.flatten(1)",
        "images = images.flatten(1)\n        attempt(images.max().item)",
    ),
    "anomaly detection around an iteration": (
        "anomaly detection left on",
        PLAIN, "    loss.backward()",
        "    with torch.autograd.detect_anomaly():\n"
        "        cross_entropy(model(images), labels).backward()",
    ),
    "cuDNN's own flag, where there is a device": (
        "deterministic mode left on",
        ELSEWHERE, "model =", "torch.backends.cudnn.deterministic = True\nmodel =",
    ),
    "clip_grad_norm_ by its other name": (
        "clipping before unscale",
        SCALED, "    scaler.unscale_(optimizer)\n    torch.nn.utils.clip_grad_norm_",
        "    from torch.nn.utils.clip_grad import clip_grad_norm_\n    clip_grad_norm_",
    ),
    "one of two optimizers not unscaled": (
        "clipping before unscale", SCALED_APART, "    scaler.unscale_(optimizers[1])\n", "",
    ),
    "batches of no loader accumulated": (
        "batch-norm statistics under accumulation",
        NORMALISED + """\
for number in range(12):
    cross_entropy(model(images), labels).backward()
    optimizer.step()
    optimizer.zero_grad()
""",
        "    optimizer.step()\n    optimizer.zero_grad()",
        "    if number % 3 == 2:\n        optimizer.step()\n        optimizer.zero_grad()",
    ),
}  # fmt: skip

# Scripts that come near a mistake and make none.
CLEAN = {
    "a discriminator with a real and a generated batch": """\
makes = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 4))
tells = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.BatchNorm1d(8), torch.nn.Linear(8, 1))
makers, tellers = torch.optim.Adam(makes.parameters()), torch.optim.Adam(tells.parameters())
for _ in range(10):
    tellers.zero_grad()
    tells(torch.randn(16, 4)).mean().backward()
    made = makes(torch.randn(16, 8))
    tells(made.detach()).mean().neg().backward()
    tellers.step()
    makers.zero_grad()
    tells(made).mean().backward()
    makers.step()
""",
    "one batch that goes through the model several times": NORMALISED
    + """\
for images, labels in DataLoader(TensorDataset(images.repeat(12, 1), labels.repeat(12)), 16):
    for scale in (1, 2):
        cross_entropy(model(images * scale), labels).backward()
    optimizer.step()
    optimizer.zero_grad()
""",
    "roots of any kind, and a disabled scaler of any optimizer": NORMALISED
    + """\
class Steps:
    def step(self):
        optimizer.step()


scaler = torch.amp.GradScaler("cpu", enabled=False)
for _ in range(10):
    loss = cross_entropy(model(images), labels)
    torch.autograd.backward(torch.autograd.graph.get_gradient_edge(loss), torch.ones(()))
    torch.autograd.backward(each for each in (model(images).mean(),))
    scaler.step(Steps())
    scaler.update()
    optimizer.zero_grad()
""",
    "two losses of one forward pass": NORMALISED + """\
for _ in range(10):
    optimizer.zero_grad()
    logits = model(images)
    logits[:, 0].mean().backward(retain_graph=True)
    logits[:, 1].pow(2).mean().backward()
    optimizer.step()
""",
    "a closure that an optimizer calls again": NORMALISED + """\
optimizer = torch.optim.LBFGS(model.parameters(), max_iter=5)


def closure():
    optimizer.zero_grad()
    loss = cross_entropy(model(images), labels)
    loss.backward()
    return loss


for _ in range(6):
    optimizer.step(closure)
""",
    "reentrant checkpointing": NORMALISED + """\
images.requires_grad_()
for _ in range(10):
    optimizer.zero_grad()
    with torch.autocast("cpu"):
        logits = torch.utils.checkpoint.checkpoint(model, images, use_reentrant=True)
    cross_entropy(logits.float(), labels).backward()
    optimizer.step()
""",
    "steps that a scaler skips": NORMALISED + """\
scaler = torch.amp.GradScaler("cpu")
for number in range(12):
    overflow = float("inf") if number < 10 else 1.0
    scaler.scale(cross_entropy(model(images), labels) * overflow).backward()
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
""",
    "a batch given up": NORMALISED + """\
for number in range(12):
    cross_entropy(model(images), labels).backward()
    if number % 2:
        optimizer.step()
    optimizer.zero_grad()
""",
    "a slow test loader after training": PLAIN + """\
for images, labels in DataLoader(data, batch_size=4, collate_fn=slow):
    model(images)
""",
    "a slow validation loader between epochs":
        PLAIN.replace("for number", "for epoch in range(2):\n  for number")
        .replace("\n    ", "\n      ")
        + """\
  for images, labels in DataLoader(data, batch_size=4, collate_fn=slow):
      model(images)
""",
    "a length asked of a loader's iterator": PLAIN.replace(
        "enumerate(DataLoader(data, batch_size=4))", "enumerate(batches)"
    ).replace("for number", "batches = iter(DataLoader(data, batch_size=4))\n"
                            "assert len(batches) == 12\nfor number"),
    "parts compiled one by one": COMPILED_PARTS,
    "an optimizer's step compiled": PLAIN.replace(
        "optimizer.step()", "step()"
    ).replace("for number", 'step = torch.compile(optimizer.step, backend="eager")\nfor number'),
    "what torch.jit compiles": PLAIN.replace("optimizer =", """\
@torch.jit.script
def scaled(images):
    return images * torch.tensor(2.0).to(images.device)


optimizer =""").replace("model(images)", "model(scaled(images))"),
    "a function compiled again for another size and for evaluation": """\
@torch.compile(backend="eager")
def work(images, weight):
    return (images @ weight).relu().sum()


weight = torch.randn(8, 8, requires_grad=True)
optimizer = torch.optim.SGD([weight], lr=0.1)
for number in range(4):
    work(torch.randn(4 if number < 3 else 2, 8), weight).backward()
    optimizer.step()
    optimizer.zero_grad()
with torch.no_grad():
    work(torch.randn(4, 8), weight)
""",
    "a constant copied once and kept": ELSEWHERE.replace(
        "        images = images.flatten(1)",
        "        if self.kept is None:\n"
        '            self.kept = torch.ones(192).to("meta")\n'
        "        images = images.flatten(1) * self.kept",
    ).replace("        self.linear =", "        self.kept = None\n        self.linear ="),
    "a batch that the model takes to its device": ELSEWHERE.replace(
        "images, labels = images.to(", "images, labels = images, labels.to("
    ).replace('images, labels = images, labels.to("meta"), labels.to("meta")',
              'labels = labels.to("meta")')
     .replace("images.flatten(1)", 'images.to("meta").flatten(1)'),
    "two optimizers, each unscaled in time": SCALED_APART,
    "an optimizer that cannot be fused": SCALED_ELSEWHERE,
    "an optimizer that is not fused, on the CPU": SCALED.replace(", fused=True", ""),
    "a read where no device is": PLAIN.replace(
        "    optimizer.step()", "    optimizer.step()\n    print(loss.item())"
    ),
    "cuDNN's own flag, where no device is": PLAIN.replace(
        "model =", "torch.backends.cudnn.deterministic = True\nmodel ="
    ),
    "all that is read, copied or normalised, compiled as one graph": """\
class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution, self.norm = torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)

    def forward(self, images):
        scale = torch.tensor([2.0, 1.0], device=images.device).to(images.dtype)
        return self.norm(self.convolution(images)).mean((2, 3))[:, :2] * scale


import warnings

warnings.simplefilter("error")
model = torch.compile(Net(), backend="aot_eager", fullgraph=True)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for images, labels in DataLoader(data, batch_size=4):
    cross_entropy(model(images), labels).backward()
    optimizer.step()
    optimizer.zero_grad()
assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
""",
}  # fmt: skip


@pytest.fixture(scope="module")
def inspected(tmp_path_factory: pytest.TempPathFactory) -> Inspect:
    """Return what inspects a script, once: its exit status and the names of its mistakes."""
    known: dict[str, tuple[int, set[str]]] = {}

    def inspect(text: str) -> tuple[int, set[str]]:
        if text not in known:
            done = run(tmp_path_factory.mktemp("script"), text, "--json")
            assert done.stdout, done.stderr
            found = {each["name"] for each in json.loads(done.stdout)["mistakes"]}
            known[text] = done.returncode, found
        return known[text]

    return inspect


def run(
    folder: Path, text: str, *options: str, arguments: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    script = folder / "train.py"
    script.write_text(HEAD + text)
    command = [sys.executable, "-m", "annt_prof", "inspect", *options, str(script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_every_mistake_has_a_case() -> None:
    assert set(CASES) == set(names())


@pytest.mark.parametrize("name", CASES)
def test_the_script_that_makes_it_is_told_so_and_its_twin_is_not(
    name: str, inspected: Inspect
) -> None:
    clean, line, instead = CASES[name]
    assert clean.count(line) == 1
    status, found = inspected(clean.replace(line, instead))
    assert found == {name}
    # Torch itself refuses the second step of a scaler without an update.
    assert status == (2 if "never updated" in name else 1)
    assert inspected(clean) == (0, set())


@pytest.mark.parametrize("way", WAYS)
def test_a_mistake_is_told_however_it_is_made(way: str, inspected: Inspect) -> None:
    name, clean, line, instead = WAYS[way]
    assert clean.count(line) == 1
    assert inspected(clean.replace(line, instead)) == (1, {name})


@pytest.mark.parametrize("script", CLEAN)
def test_what_comes_near_a_mistake_is_none(script: str, inspected: Inspect) -> None:
    assert inspected(CLEAN[script]) == (0, set())


def test_a_compiled_model_that_is_never_called_is_told_apart(tmp_path: Path) -> None:
    text = PLAIN.replace("optimizer =", "compiled = torch.compile(model)\noptimizer =")
    found = json.loads(run(tmp_path, text, "--json").stdout)["mistakes"]
    assert [each["name"] for each in found] == [
        "torch.compile that falls back or compiles every step"
    ]
    assert "never called" in found[0]["evidence"]
    assert "call what torch.compile returns" in found[0]["remedy"]


def test_a_remedy_undoes_the_flag_that_was_set(tmp_path: Path) -> None:
    text = ELSEWHERE.replace("model =", "torch.backends.cudnn.deterministic = True\nmodel =")
    (found,) = json.loads(run(tmp_path, text, "--json").stdout)["mistakes"]
    assert "cudnn.deterministic = False" in found["remedy"]
    assert "use_deterministic_algorithms" not in found["remedy"]


def test_a_script_that_fails_keeps_what_was_seen(
    inspected: Inspect,
) -> None:
    line = "    optimizer.step()"
    text = ELSEWHERE.replace(line, f"{line}\n    attempt(loss.item)") + "raise SystemExit(5)\n"
    assert inspected(text) == (2, {"reading a tensor every iteration"})


def test_a_script_that_raises_is_told_where_it_stopped(tmp_path: Path) -> None:
    text = PLAIN + 'raise ValueError("no")\n'
    done = run(tmp_path, text)
    assert done.returncode == 2
    line = (HEAD + text).count("\n")
    assert f"it ended with ValueError at line {line}, after 12 iterations" in done.stdout
    assert "none of the known mistakes that could show here, up to there" in done.stdout


def test_a_script_that_trains_nothing_is_not_called_clean(tmp_path: Path) -> None:
    done = run(tmp_path, "")
    assert done.returncode == 2
    assert "no backward pass was seen" in done.stdout
    assert "none of the known mistakes" not in done.stdout


def test_what_stands_after_the_script_belongs_to_it(tmp_path: Path) -> None:
    given = ("--json", "--help", "-h", "--", "data")
    done = run(tmp_path, PLAIN + f"assert sys.argv[1:] == {list(given)}\n", arguments=given)
    assert done.returncode == 0, done.stderr
    assert "none of the known mistakes" in done.stdout


WITHOUT_A_DEVICE = [
    "a hidden host-to-device copy in a forward pass",
    "a gradient scaler that synchronises",
    "non-blocking copies from unpinned memory",
    "reading a tensor every iteration",
]
FOR_A_DEVICE = """\
model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cuda")
for images, labels in DataLoader(data, batch_size=4):
    optimizer.zero_grad()
    with torch.autocast("cuda", dtype=torch.bfloat16):
        loss = cross_entropy(model(images), labels)
        scaler.scale(loss).backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler.step(optimizer)
"""


@pytest.mark.skipif(torch.cuda.is_available(), reason="here the rules can be judged")
@pytest.mark.parametrize(
    ("text", "unseen"),
    [
        (PLAIN, WITHOUT_A_DEVICE),
        (
            FOR_A_DEVICE,
            [
                *WITHOUT_A_DEVICE,
                "autocast around backward",
                "clipping before unscale",
                "a gradient scaler that is never updated",
            ],
        ),
    ],
    ids=["plain", "for a device"],
)
def test_without_an_accelerator_it_says_what_could_not_show(
    tmp_path: Path, text: str, unseen: list[str]
) -> None:
    done = run(tmp_path, text)
    assert done.returncode == 0, done.stderr
    told = " ".join(done.stdout.split())
    assert "none of the known mistakes that could show here" in told
    assert f"not judged here, as they need an accelerator: {', '.join(unseen)}" in told
    document = json.loads(run(tmp_path, text, "--json").stdout)
    assert document["not_judged"] == unseen


def test_nothing_seen_is_no_mistake() -> None:
    assert mistakes(Seen()) == ()
