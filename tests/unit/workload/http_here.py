"""A file server on this machine that can break off, refuse, or ignore ranges."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Files:
    """What the server serves and has been asked.

    Attributes:
        contents: By path.
        headers: Further response headers, by path.
        not_found: Further headers of a response that refuses.
        break_after: Bytes after which each of the next responses breaks off.
        knows_ranges: Whether a range is answered with its part.
    """

    contents: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    not_found: dict[str, str] = field(default_factory=dict)
    break_after: list[int] = field(default_factory=list)
    knows_ranges: bool = True
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)
    url: str = ""

    @property
    def ranges(self) -> list[str | None]:
        """The Range header of each GET so far."""
        return [given for method, _, given in self.requests if method == "GET"]


class _Handler(BaseHTTPRequestHandler):
    files: Files

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, *, body):
        asked = self.headers.get("Range")
        self.files.requests.append((self.command, self.path, asked))
        content = self.files.contents.get(self.path)
        if content is None:
            self.send_response(404, "Not Found")
            for key, value in {"Content-Length": "0", **self.files.not_found}.items():
                self.send_header(key, value)
            self.end_headers()
            return
        start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
        if not self.files.knows_ranges:
            start = 0
        if start and start >= len(content):
            self.send_error(416, "Range Not Satisfiable")
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        for key, value in self.files.headers.get(self.path, {}).items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            limit = self.files.break_after.pop(0) if self.files.break_after else None
            self.wfile.write(content[start:][:limit])
            self.close_connection = True

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def serving(files: Files):
    """Serve on a free port of this machine; ``files.url`` is set to the address."""
    handler = type("Handler", (_Handler,), {"files": files})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    files.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield files
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
