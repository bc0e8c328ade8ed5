"""A technique of our own, put where annt-prof finds it without being installed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def install(folder: Path, module: str, source: str, techniques: dict[str, str]) -> dict[str, str]:
    """Write a plug-in into a folder and return the environment that finds it.

    Args:
        folder: Which stands first in ``PYTHONPATH``.
        module: Name of the plug-in's module.
        source: Its text.
        techniques: Attribute of the module, by technique.
    """
    (folder / f"{module}.py").write_text(source)
    info = folder / f"{module}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1\n")
    lines = [f"{name} = {module}:{attribute}" for name, attribute in techniques.items()]
    (info / "entry_points.txt").write_text("\n".join(["[annt_prof.techniques]", *lines, ""]))
    paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(paths)}
