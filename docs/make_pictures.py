"""Draw the pictures of the README anew: `python docs/make_pictures.py`.

They are of a run on an H100 that is kept in `reports/`, and of a trace of one in `tests/fixtures`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from annt_prof.tui.app import Dashboard
from annt_prof.tui.digests import DigestScreen
from annt_prof.tui.settings import Settings
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource, TraceSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from annt_prof.views.screens.source import Source

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "pictures"
RUN = ROOT / "reports" / "h100" / "vit_amp"
TRACE = ROOT / "tests" / "fixtures" / "traces" / "h100_amp.json.gz"
SIZE = (120, 36)


def main() -> None:
    """Draw all of them."""
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)  # what is shown of a path is of no machine
        shutil.copytree(RUN, "vit_amp")
        shutil.copy(TRACE, "amp.json.gz")
        run, trace = RunSource(Path("vit_amp")), TraceSource(Path("amp.json.gz"))
        asyncio.run(draw("overview", run, Screen.OVERVIEW))
        asyncio.run(draw("techniques", run, Screen.TECHNIQUES))
        asyncio.run(draw("timeline", trace, Screen.STEPS, ["enter"]))
        asyncio.run(draw("kernels", trace, Screen.KERNELS))


async def draw(name: str, source: Source, screen: Screen, keys: Sequence[str] = ()) -> None:
    """Draw a screen once all that it works out is there."""
    app = Dashboard(source, Settings(first=screen, read_only=True))
    async with app.run_test(size=SIZE) as pilot:
        for key in (None, *keys):
            if key is not None:
                await pilot.press(key)
            for _ in range(300):
                await pilot.pause(0.1)
                reading = isinstance(app.screen, DigestScreen) and app.screen.awaits
                if not reading and all(worker.is_finished for worker in app.workers):
                    break
            await pilot.pause(0.5)
        (PICTURES / f"{name}.svg").write_text(app.export_screenshot(title="annt-prof dash"))


if __name__ == "__main__":
    main()
