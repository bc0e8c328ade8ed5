"""TensorBoard event files, with tensorboard's own writer and neither torch nor tensorflow."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tensorboard.compat.proto import (  # type: ignore[import-untyped]
    event_pb2,
    summary_pb2,
    tensor_pb2,
    tensor_shape_pb2,
    types_pb2,
)
from tensorboard.plugins.image.metadata import (  # type: ignore[import-untyped]
    create_summary_metadata as image_metadata,
)
from tensorboard.plugins.scalar.metadata import (  # type: ignore[import-untyped]
    create_summary_metadata as scalar_metadata,
)
from tensorboard.plugins.text.metadata import (  # type: ignore[import-untyped]
    create_summary_metadata as text_metadata,
)
from tensorboard.summary.writer.record_writer import (  # type: ignore[import-untyped]
    RecordWriter,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_FILE_VERSION = "brain.Event:2"  # what TensorBoard's own writer begins a file with
EVENT_FILES = "events.out.tfevents.*"


@dataclass(frozen=True)
class Scalar:
    """One point of a curve; TensorBoard keeps it in single precision.

    Attributes:
        tag: ``group/name``; the groups become TensorBoard's sections.
        value: In the unit that the tag's name ends with.
        step: The round, or 0 for a figure of the whole run.
        wall_time_s: Seconds since 1970.
        description: Markdown, shown beside the curve.
    """

    tag: str
    value: float
    step: int
    wall_time_s: float
    description: str

    def value_proto(self) -> summary_pb2.Summary.Value:
        """Return it as a summary holds it: torch's own writer stores scalars this way too."""
        metadata = scalar_metadata(display_name=self.tag, description=self.description)
        return summary_pb2.Summary.Value(tag=self.tag, simple_value=self.value, metadata=metadata)


@dataclass(frozen=True)
class Text:
    """A card of Markdown."""

    tag: str
    markdown: str
    step: int
    wall_time_s: float
    description: str

    def value_proto(self) -> summary_pb2.Summary.Value:
        """Return it as a summary holds it: a string tensor that names the text plugin."""
        tensor = tensor_pb2.TensorProto(
            dtype=types_pb2.DT_STRING,
            string_val=[self.markdown.encode()],
            tensor_shape=tensor_shape_pb2.TensorShapeProto(
                dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)]
            ),
        )
        metadata = text_metadata(display_name=self.tag, description=self.description)
        return summary_pb2.Summary.Value(tag=self.tag, tensor=tensor, metadata=metadata)


@dataclass(frozen=True)
class Image:
    """A picture.

    Attributes:
        png: The encoded picture.
        width: Pixels.
        height: Pixels.
    """

    tag: str
    png: bytes
    width: int
    height: int
    step: int
    wall_time_s: float
    description: str

    def value_proto(self) -> summary_pb2.Summary.Value:
        """Return it as a summary holds it."""
        image = summary_pb2.Summary.Image(
            height=self.height,
            width=self.width,
            colorspace=3,  # RGB
            encoded_image_string=self.png,
        )
        metadata = image_metadata(display_name=self.tag, description=self.description)
        return summary_pb2.Summary.Value(tag=self.tag, image=image, metadata=metadata)


Entry = Scalar | Text | Image


def replace_events(folder: Path, entries: Iterable[Entry], staging: Path) -> None:
    """Make these the only events of a folder, in one new event file, or none for no events.

    Args:
        folder: A TensorBoard run; made if it is needed.
        entries: In order of step for each tag.
        staging: An empty folder on the same disk; TensorBoard never sees a half-written file.
    """
    outdated = list(folder.glob(EVENT_FILES))
    written = _write(entries, staging)
    if written is not None:
        folder.mkdir(parents=True, exist_ok=True)
        written.replace(folder / written.name)
    for file in outdated:
        file.unlink(missing_ok=True)  # another process may write the same log


def _write(entries: Iterable[Entry], staging: Path) -> Path | None:
    events = [
        event_pb2.Event(
            wall_time=entry.wall_time_s,
            step=entry.step,
            summary=summary_pb2.Summary(value=[entry.value_proto()]),
        )
        for entry in entries
    ]
    if not events:
        return None
    version = event_pb2.Event(wall_time=events[0].wall_time, file_version=_FILE_VERSION)
    written = staging / _file_name()
    # TensorBoard's own EventFileWriter writes from a thread, where a full disk raises in vain.
    with written.open("wb") as file:
        writer = RecordWriter(file)
        for event in (version, *events):
            writer.write(event.SerializeToString())
        writer.flush()
    return written


def _file_name() -> str:
    """Return a name that TensorBoard takes for events, never used before on this machine."""
    now_s, unique = divmod(time.time_ns(), 1_000_000_000)
    return f"events.out.tfevents.{now_s}.{socket.gethostname()}.{os.getpid()}.{unique}"
