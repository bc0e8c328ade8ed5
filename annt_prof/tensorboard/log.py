"""A run's TensorBoard log: one directory per variant, and one for the answer."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from annt_prof.errors import UserError
from annt_prof.runs import layout
from annt_prof.tensorboard import bars, card
from annt_prof.tensorboard.events import EVENT_FILES, Image, Text, replace_events
from annt_prof.tensorboard.normalise import normalise
from annt_prof.tensorboard.scalars import scalars
from annt_prof.views.curves import build_curves, created_s
from annt_prof.views.run_view import build_run_view

if TYPE_CHECKING:
    from annt_prof.runs.record import Run, VariantRecord
    from annt_prof.tensorboard.events import Entry

ANSWER = "answer"


def write(run: Run, directory: Path) -> None:
    """Write scalars, the answer as text and as an image, and the traces for the plugin.

    What an earlier call wrote is replaced; the original traces are left as they are. A trace that
    cannot be read costs only its own copy, and the answer says so.

    Args:
        run: Finished or not.
        directory: Its run directory.

    Raises:
        UserError: The directory cannot be written, or the disk is full.
    """
    log = layout.tensorboard_folder(directory)
    try:
        _remove_former(run, directory)
        problems = tuple(p for v in run.variants if (p := _copy_trace(run, v, directory)))
        entries: dict[Path, list[Entry]] = {
            layout.variant_folder(directory, variant.name): list(
                scalars(build_curves(run, variant))
            )
            for variant in run.variants
        }
        entries.setdefault(log / ANSWER, []).extend(_answer(run, problems))
        for folder, content in entries.items():
            with tempfile.TemporaryDirectory(prefix=".events-", dir=directory) as staging:
                replace_events(folder, content, Path(staging))
    except OSError as error:
        raise UserError(
            f"the TensorBoard log cannot be written: {error.strerror or error}",
            where=str(log),
            hint="check its permissions and the space on the disk",
        ) from error


def is_current(directory: Path) -> bool:
    """Whether the log is there and no older than the record it was written from."""
    written_ns = [
        f.stat().st_mtime_ns
        for f in (layout.tensorboard_folder(directory) / ANSWER).glob(EVENT_FILES)
    ]
    return max(written_ns, default=-1) >= (directory / layout.RUN_FILE).stat().st_mtime_ns


def _remove_former(run: Run, directory: Path) -> None:
    """Remove what an earlier version wrote of these variants to other folders than now."""
    now = {layout.variant_folder(directory, variant.name) for variant in run.variants}
    former = {layout.former_variant_folder(directory, variant.name) for variant in run.variants}
    for folder in former - now:
        for pattern in (EVENT_FILES, layout.PLUGIN_TRACES):
            for file in folder.glob(pattern):
                file.unlink(missing_ok=True)
        with suppress(OSError):  # absent, or somebody else's files are there too
            folder.rmdir()


def _copy_trace(run: Run, variant: VariantRecord, directory: Path) -> str | None:
    """Write the plugin's copy beside the log's events; return what went wrong, if it did."""
    copy = layout.plugin_trace_path(directory, variant.name, round(created_s(run) * 1000))
    for outdated in copy.parent.glob(layout.PLUGIN_TRACES):
        if outdated != copy or variant.trace is None:
            outdated.unlink(missing_ok=True)
    if variant.trace is None:
        return None
    original = directory / variant.trace
    try:
        if not original.resolve().is_relative_to(directory.resolve()):
            raise UserError("the trace is not in the run directory", where=str(original))
        copy.parent.mkdir(parents=True, exist_ok=True)
        normalise(original, copy)
    except UserError as error:
        copy.unlink(missing_ok=True)
        return f"{variant.name} is missing from the PyTorch Profiler tab: {error.message}"
    return None


def _answer(run: Run, problems: tuple[str, ...]) -> list[Entry]:
    view, at_s = build_run_view(run), created_s(run)
    text = Text(ANSWER, card.markdown(view, problems), 0, at_s, "What each variant is worth.")
    picture = bars.draw(view.breakdown)
    if picture is None:
        return [text]
    about = "Mean wall time of a traced step by category, every variant on one scale."
    return [
        text,
        Image("breakdown", picture.png, picture.width, picture.height, 0, at_s, about),
    ]
