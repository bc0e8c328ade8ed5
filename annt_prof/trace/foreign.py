"""Files that other profilers and other exports write, named for what they are."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import NamedTuple

from annt_prof.errors import UserError
from annt_prof.trace.document import WHITESPACE

FOREIGN_BYTES = 2**16
"""How many of the first bytes are looked at for what tells a format."""


class NotATraceError(UserError):
    """The file is whole and something else than a PyTorch trace."""


class Foreign(NamedTuple):
    """Another kind of file.

    Attributes:
        what: Such as "a SQLite database".
        hint: What to do instead.
    """

    what: str
    hint: str

    def refused(self, where: str) -> NotATraceError:
        """Return what to raise."""
        return NotATraceError(
            f"not a PyTorch trace: this is {self.what}", where=where, hint=self.hint
        )


_RECORD = "analyze reads what torch.profiler.profile(...).export_chrome_trace() writes"
_FETCH = "fetch the file itself: what was saved is a page or a pointer in its place"
_UNPACK = "unpack it and give the trace that is in it"
_OF_NSIGHT = "Nsight Systems' own tools read it (nsys stats); " + _RECORD
_OF_XLA = "it is of a JAX, TensorFlow or PyTorch/XLA program, and XProf reads it; " + _RECORD
_MEMORY_TIMELINE = Foreign(
    "a memory timeline (export_memory_timeline)",
    "the times are in the trace of the same profiler; " + _RECORD,
)
_XLA_TRACE = Foreign("a trace of the XLA profiler", _OF_XLA)
_LEGACY = Foreign(
    "an export of the legacy autograd profiler",
    "it tells nothing of the device's kernels; record with torch.profiler.profile instead of "
    "torch.autograd.profiler",
)

# Magic bytes: place and bytes. Sources: the SQLite file format, section 1.3; APPNOTE.TXT 4.3.7;
# RFC 8878, 3.1.1; the xz file format, 2.1.1.1; POSIX.1-2017 pax; ExecuTorch's
# etdump_schema_flatcc.fbs (a flatbuffer's identifier follows the root's offset); RFC 3629 and
# RFC 2781 for byte order marks.
_MAGIC: tuple[tuple[int, bytes, Foreign], ...] = (
    (0, b"PK\x03\x04", Foreign("a zip archive", _UNPACK)),
    (0, b"\x28\xb5\x2f\xfd", Foreign("compressed with Zstandard", "zstd -d decompresses it")),
    (0, b"\xfd7zXZ\x00", Foreign("compressed with xz", "xz -d decompresses it")),
    (0, b"BZh", Foreign("compressed with bzip2", "bzip2 -d decompresses it")),
    (257, b"ustar", Foreign("a tar archive", _UNPACK)),
    (
        4,
        b"ED00",
        Foreign("an ETDump, a profile of ExecuTorch", "its Inspector reads it; " + _RECORD),
    ),
    (0, b"\xff\xfe", Foreign("text in UTF-16", "iconv -f UTF-16 -t UTF-8 makes it JSON")),
    (0, b"\xfe\xff", Foreign("text in UTF-16", "iconv -f UTF-16 -t UTF-8 makes it JSON")),
)
_SQLITE = b"SQLite format 3\x00"
# CUPTI's activities are tables of an export of nsys, and of nvprof. Source: the exporter's schema.
_OF_CUPTI = b"CUPTI_ACTIVITY_KIND_"
_PICKLE = re.compile(rb"\x80[\x02-\x05]")
_OF_SNAPSHOT = (b"device_traces", b"segments")  # torch.cuda.memory._snapshot's keys
# A record's length in 8 bytes, its check sum in 4, then the event's first field, a double.
_EVENT_FILE = re.compile(rb".{3}\x00{5}.{4}\x09.{8}\x1a.brain\.Event:", re.DOTALL)
_XPLANE_NAMES = (b"/host:CPU", b"/device:", b"/host:metadata", b"Task Environment")
_HTML = re.compile(rb"\s*<(?:!doctype\s+html|html|head)", re.IGNORECASE)
_LFS = b"version https://git-lfs.github.com/spec/"
_STACKS = re.compile(rb"[^\s{\[<\"][^\n\"]*;[^\n\"]* \d+(?:\n|\Z)")
_TABLE = re.compile(rb"\s*-{4,}[ -]*\n[^\n]*\bName\b[^\n]*\bSelf CPU\b")
_NSIGHT_LINE = re.compile(
    rb'\s*\{\s*"(?:Type"\s*:\s*\d+\s*,\s*"\w+Event"|\w+Event"|data"\s*:\s*\["\[Unknown\]")'
)
_PROTOBUF = re.compile(rb"\n[^\s{\[\"]")

# Whole JSON: its first list or key tells. Sources: torch/profiler/_memory_profiler.py,
# torch/csrc/profiler/standalone/execution_trace_observer.cpp, speedscope's file-format-schema.
_JSON: tuple[tuple[re.Pattern[bytes], Foreign], ...] = (
    (re.compile(rb"\s*\[\s*\[\s*-?\d+(?:\.\d+)?\s*,"), _MEMORY_TIMELINE),
    (re.compile(rb"\s*\[\s*\[\s*\]\s*,\s*\[\s*\]\s*\]"), _MEMORY_TIMELINE),
    (
        re.compile(rb'\s*\{\s*"schema"\s*:\s*"\d[^"]*"\s*,.{0,400}?"nodes"\s*:', re.DOTALL),
        Foreign(
            "an execution trace (ExecutionTraceObserver), which has no times of the device",
            "give the Kineto trace that was recorded with it",
        ),
    ),
    (
        re.compile(rb'.{0,4000}"\$schema"\s*:\s*"https://www\.speedscope\.app/', re.DOTALL),
        Foreign("a profile for speedscope", _RECORD),
    ),
    (_NSIGHT_LINE, Foreign("a JSON export of Nsight Systems", _OF_NSIGHT)),
)

# Lists of events without any that PyTorch writes. Sources: xprof's trace_events_to_json.cc;
# tensorflow/python/client/timeline.py; viztracer's report_builder.py; ONNX Runtime's profiler.cc;
# torch/autograd/profiler_util.py and, until 1.7, torch/csrc/autograd/profiler_legacy.cpp.
_EVENTS: tuple[tuple[re.Pattern[bytes], Foreign], ...] = (
    (re.compile(rb'"pid"\s*:\s*"(?:CPU|CUDA) [fF]unctions"'), _LEGACY),
    (re.compile(rb'"name"\s*:\s*"(?:[\w.-]+ )?/(?:device|host):\w'), _XLA_TRACE),
    (
        re.compile(rb'"name"\s*:\s*"/job:[^"]*(?:Compute|Tensors)"'),
        Foreign("a timeline of TensorFlow", _RECORD),
    ),
    (
        re.compile(rb'"viztracer_metadata"|"cat"\s*:\s*"FEE"'),
        Foreign("a trace of VizTracer, which has Python's functions and no operators", _RECORD),
    ),
    (
        re.compile(rb'"cat"\s*:\s*"Session"|"op_name"\s*:.*"provider"\s*:'),
        Foreign("a profile of ONNX Runtime", _RECORD),
    ),
)


def foreign_text(text: bytes | bytearray, where: str) -> Foreign | None:
    """Name a file that is no JSON; None where it is nothing that is known.

    Args:
        text: Its content, decompressed.
        where: Its path: some formats have no mark but their suffix.
    """
    beginning = bytes(text[:FOREIGN_BYTES])
    for place, magic, foreign in _MAGIC:
        if beginning.startswith(magic, place):
            return foreign
    if beginning.startswith(_SQLITE):
        return _database(text)
    if _PICKLE.match(beginning):
        return _pickle(text)
    if _EVENT_FILE.match(beginning):
        return Foreign("an event file of TensorBoard", "it has scalars and no trace; " + _RECORD)
    if _HTML.match(beginning):
        return Foreign("an HTML page", _FETCH + ", or a plot of a memory timeline")
    if beginning.startswith(_LFS):
        return Foreign("a pointer of Git LFS", "git lfs pull fetches the file itself")
    if _NSIGHT_LINE.match(beginning):
        return Foreign("a JSON export of Nsight Systems", _OF_NSIGHT)
    if _STACKS.match(beginning):
        return Foreign(
            "a list of stacks for a flame graph (export_stacks), which has sums and no times",
            _RECORD,
        )
    if _TABLE.match(beginning):
        return Foreign("a printed table (key_averages().table())", _RECORD)
    return _unmarked(beginning, where)


def foreign_json(text: bytes | bytearray) -> Foreign | None:
    """Name a file that is whole JSON without ``traceEvents``; None where it is not known."""
    beginning = bytes(text[:FOREIGN_BYTES])
    return next((foreign for told, foreign in _JSON if told.match(beginning)), None)


def foreign_events(beginning: bytes) -> Foreign | None:
    """Name who wrote a list of events that has none of PyTorch's categories.

    Args:
        beginning: As much of the file as its first events take.
    """
    return next((foreign for told, foreign in _EVENTS if told.search(beginning)), None)


def _database(text: bytes | bytearray) -> Foreign:
    if _OF_CUPTI in text or b"NVTX_EVENTS" in text:
        return Foreign("a SQLite export of Nsight Systems", _OF_NSIGHT)
    return Foreign("a SQLite database", _RECORD)


def _pickle(text: bytes | bytearray) -> Foreign:
    if all(key in text for key in _OF_SNAPSHOT):
        return Foreign(
            "a snapshot of CUDA's memory (torch.cuda.memory._dump_snapshot)",
            "pytorch.org/memory_viz shows it; " + _RECORD,
        )
    return Foreign("a pickle of Python", "it is not opened, as that would run it; " + _RECORD)


def _unmarked(beginning: bytes, where: str) -> Foreign | None:
    suffixes = PurePath(where).suffixes
    if suffixes and suffixes[-1] in (".nsys-rep", ".qdrep", ".qdstrm"):
        return Foreign("a report of Nsight Systems", _OF_NSIGHT)
    if suffixes and suffixes[-1] in (".ncu-rep", ".nsight-cuprof-report"):
        return Foreign("a report of Nsight Compute", "Nsight Compute reads it; " + _RECORD)
    if _PROTOBUF.match(beginning) and beginning.lstrip(WHITESPACE)[:1] not in (b"{", b"["):
        if any(name in beginning for name in _XPLANE_NAMES):
            return Foreign("an XSpace of the XLA profiler (.xplane.pb)", _OF_XLA)
        if suffixes and suffixes[-1] in (".pftrace", ".perfetto-trace"):
            return Foreign("a trace of Perfetto's own format", _RECORD)
        return Foreign("a binary protocol buffer, such as Perfetto's traces", _RECORD)
    return None
