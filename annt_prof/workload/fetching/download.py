"""One file over HTTP: goes on where it stopped, and is in its place only once it is whole."""

from __future__ import annotations

import errno
import hashlib
import http.client
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from annt_prof import __version__, units
from annt_prof.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Progress = Callable[[int, int | None], None]
    """Told the bytes there are and, where known, the bytes there will be."""

_CHUNK_BYTES = 1 << 18
_TIMEOUT_S = 30.0
_ATTEMPTS = 4
_AGAIN = "run the same command again to go on from there"


@dataclass(frozen=True)
class Checksum:
    """What a file's digest begins with.

    Attributes:
        algorithm: As ``hashlib`` names it.
        prefix: Hexadecimal digits, all of them or the first few.
    """

    algorithm: str
    prefix: str

    def holds(self, path: Path) -> bool:
        """Whether a file has this digest."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, self._new)
        return digest.hexdigest().startswith(self.prefix)

    def _new(self) -> hashlib._Hash:
        # Not for security: it tells a damaged file from a whole one. FIPS builds need telling.
        return hashlib.new(self.algorithm, usedforsecurity=False)


class _InterruptedError(Exception):
    """The connection ended early, or was never there."""


def download(url: str, target: Path, checksum: Checksum | None, progress: Progress) -> None:
    """Fetch a file, resuming what an earlier attempt left in ``<target>.part``.

    Args:
        url: ``http`` or ``https``; proxies are taken from the environment.
        target: Replaced as a whole at the end.
        checksum: Of the whole file; None where its publisher states none.
        progress: Called as bytes arrive.

    Raises:
        UserError: No connection, a refusal by the server, a wrong checksum or a full disk.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        resumed = part.exists() and part.stat().st_size > 0
        _complete(url, part, progress)
        if checksum is not None and not checksum.holds(part):
            part.unlink()
            if not resumed:
                raise _wrong(url, checksum)
            # The beginning may be of another version of the file.
            _complete(url, part, progress)
            if not checksum.holds(part):
                part.unlink()
                raise _wrong(url, checksum)
        part.replace(target)
    except OSError as error:
        reason = "the disk is full" if error.errno == errno.ENOSPC else str(error)
        raise UserError(f"cannot write the download: {reason}", where=str(target)) from error


def _complete(url: str, part: Path, progress: Progress) -> None:
    """Continue as long as each attempt brings something."""
    for attempt in range(1, _ATTEMPTS + 1):
        before = _size(part)
        try:
            _continue(url, part, progress)
        except _InterruptedError as error:
            if attempt == _ATTEMPTS or _size(part) <= before:
                raise _unreachable(url, str(error), _size(part)) from error
        else:
            return


def _continue(url: str, part: Path, progress: Progress) -> None:
    have = _size(part)
    headers = {"User-Agent": f"annt-prof/{__version__}"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as response:
            goes_on = response.status == http.HTTPStatus.PARTIAL_CONTENT
            _append(response, part, have if goes_on else 0, progress)
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise UserError(
                f"the server answered {error.code} {error.reason}", where=url, hint=_AGAIN
            ) from error
        # Nothing is left to send: the checksum decides whether that is the file.
    except urllib.error.URLError as error:
        raise _InterruptedError(str(error.reason)) from error


def _append(response: http.client.HTTPResponse, part: Path, have: int, progress: Progress) -> None:
    length = response.headers.get("Content-Length")
    total = have + int(length) if length else None
    with part.open("ab") as file:
        file.truncate(have)
        progress(have, total)
        while chunk := _read(response):
            file.write(chunk)
            have += len(chunk)
            progress(have, total)
    if total is not None and have < total:
        raise _InterruptedError("the connection ended early")


def _read(response: http.client.HTTPResponse) -> bytes:
    """Read a piece; an error here is the network's, where one of ``write`` is the disk's."""
    try:
        return response.read(_CHUNK_BYTES)
    except (OSError, http.client.HTTPException) as error:
        raise _InterruptedError(str(error) or type(error).__name__) from error


def _size(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0


def _unreachable(url: str, reason: str, have: int) -> UserError:
    kept = f"; the {units.whole(have)} bytes that came are kept" if have else ""
    hint = _AGAIN if have else "look at the network connection and the proxy settings"
    return UserError(f"cannot download: {reason}{kept}", where=url, hint=hint)


def _wrong(url: str, checksum: Checksum) -> UserError:
    return UserError(
        f"what arrived is not the file: its {checksum.algorithm} does not begin with "
        f"{checksum.prefix}",
        where=url,
        hint="something on the way changed it, such as a proxy's login page; nothing was kept",
    )
