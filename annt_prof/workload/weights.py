"""Files of weights in the libraries' own caches: where they lie, never how they come there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlparse

import torch

from annt_prof.errors import UserError

_HASH_IN_NAME = re.compile(r"-([a-f0-9]{8,})\.")  # torch.hub's naming: name-<sha256>.pth


@dataclass(frozen=True)
class CheckpointFile:
    """A file that torch.hub keeps by its address.

    Attributes:
        url: Where its publisher keeps it.
    """

    url: str

    @property
    def folder(self) -> Path:
        """The folder it is looked for in."""
        return Path(torch.hub.get_dir()) / "checkpoints"

    @property
    def path(self) -> Path:
        """Where it lies once fetched."""
        return self.folder / Path(urlparse(self.url).path).name

    @property
    def sha256_prefix(self) -> str | None:
        """The first digits of its SHA-256, where its name tells them."""
        hash_in_name = _HASH_IN_NAME.search(self.path.name)
        return hash_in_name.group(1) if hash_in_name else None

    def cached(self) -> Path | None:
        """The file, or None where it has not been fetched."""
        return self.path if self.path.is_file() else None


@dataclass(frozen=True)
class HubFile:
    """A file of a repository on the Hugging Face hub.

    Attributes:
        repository: Its owner and name.
        names: Alternatives in order of preference; the first that the repository has is used.
        revision: Branch, tag or commit.
    """

    repository: str
    names: tuple[str, ...]
    revision: str = "main"

    @property
    def folder(self) -> Path:
        """The folder it is looked for in."""
        from huggingface_hub import constants

        return Path(constants.HF_HUB_CACHE)

    def cached(self) -> Path | None:
        """The file, or None where it has not been fetched."""
        from huggingface_hub import try_to_load_from_cache
        from huggingface_hub.errors import HFValidationError

        for name in self.names:
            try:
                path = try_to_load_from_cache(
                    self.repository, name, cache_dir=self.folder, revision=self.revision
                )
            except HFValidationError:  # no repository can have that name
                return None
            if isinstance(path, str):
                return Path(path)
        return None


def unreadable(place: object, error: Exception) -> UserError:
    """An error for cached weights that do not load."""
    first_line = (str(error).splitlines() or [type(error).__name__])[0]
    return UserError(
        f"the cached weights cannot be read: {first_line}",
        where=str(place),
        hint="delete the file and run annt-prof fetch, or set model.pretrained to false",
    )
