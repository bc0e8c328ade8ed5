"""``inspect`` on a script that trains on the device and makes mistakes, and on its clean twin."""

from __future__ import annotations

from benchmarks.gpu_items.commands import annt_prof
from benchmarks.gpu_items.owed import Owed
from benchmarks.gpu_items.reporting import task_of
from benchmarks.gpu_items.values import Item, Reading

ITEMS = (
    Item(
        "inspect", __name__, "inspect on a script and its clean twin", (Owed.INSPECT,),
        estimate_s=40, limit_s=120,
    ),
)  # fmt: skip
_HEAD = """\
import sys

import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

device = torch.device(sys.argv[1])
torch.manual_seed(0)
data = TensorDataset(torch.randn(64, 3, 32, 32), torch.randint(0, 2, (64,)))
model = torch.nn.Sequential(
    torch.nn.Conv2d(3, 16, 3), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(),
    torch.nn.Linear(256, 2),
).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=FUSED)
scaler = torch.amp.GradScaler(device.type)
for images, labels in DataLoader(data, batch_size=4, pin_memory=PINNED and device.type == "cuda"):
    images = images.to(device, non_blocking=True)
    labels = labels.to(device, non_blocking=True)
    with torch.autocast(device.type, dtype=torch.bfloat16):
        loss = cross_entropy(model(images), labels)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
    optimizer.zero_grad()
"""
MISTAKEN = f"""\
FUSED = PINNED = False
{_HEAD}    print(loss.item())
    if device.type == "cuda":
        torch.cuda.empty_cache()
"""
CLEAN = f"""\
FUSED = PINNED = True
{_HEAD}"""
_MADE = (
    "empty_cache in the loop",
    "a gradient scaler that synchronises",
    "non-blocking copies from unpinned memory",
    "reading a tensor every iteration",
)
_FOUND = 1  # exit status of inspect where mistakes were found


def main() -> None:
    """Report what was found in each."""
    task, _ = task_of()
    for name, script, made in (("mistaken", MISTAKEN, _MADE), ("clean", CLEAN, ())):
        path = task.scratch / f"{name}.py"
        path.write_text(script)
        answer = annt_prof("inspect", "--json", path, task.device, folder=task.scratch)
        (task.keep / f"{name}.json").write_bytes(answer.output)
        found = [each["name"] for each in answer.document.get("mistakes", ())]
        wrong = [f"missed: {each}" for each in made if each not in found]
        wrong += [f"made up: {each}" for each in found if each not in made]
        trouble = answer.trouble(0, _FOUND) or ("; ".join(wrong) if task.on_device else "")
        note = "; ".join(found) or "nothing found"
        task.report(Reading(f"{name} script", len(found), "mistakes", note=note, trouble=trouble))


if __name__ == "__main__":
    main()
