"""Files of the Hugging Face hub, through its own library: it resumes, checks and keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from huggingface_hub import constants, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HFValidationError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from tqdm.auto import tqdm  # type: ignore[import-untyped]

from annt_prof.errors import UserError

if TYPE_CHECKING:
    from annt_prof.workload.fetching.download import Progress
    from annt_prof.workload.weights import HubFile


def fetch_file(file: HubFile, progress: Progress) -> Path:
    """Download the first of the alternative names that the repository has.

    Raises:
        UserError: No connection, no such repository or file, or none that may be read.
    """
    place = f"{constants.ENDPOINT}/{file.repository}"
    for name in file.names:
        try:
            return Path(_download(file, name, progress))
        except LocalEntryNotFoundError as error:
            cause = error.__cause__ or error
            raise UserError(
                f"the hub cannot be reached: {_first_line(cause)}",
                where=place,
                hint="look at the network connection, the proxy settings and HF_HUB_OFFLINE",
            ) from error
        except EntryNotFoundError:
            continue
        except GatedRepoError as error:
            raise UserError(
                "the repository asks for its licence to be accepted",
                where=place,
                hint="accept it on that page, then log in with: hf auth login",
            ) from error
        except (RepositoryNotFoundError, RevisionNotFoundError, HFValidationError) as error:
            raise UserError(f"there is no such repository: {_first_line(error)}", where=place,
                            hint="look at model.name") from error  # fmt: skip
        except OSError as error:
            raise UserError(f"cannot download: {_first_line(error)}", where=place) from error
    raise UserError(f"the repository has no {' or '.join(file.names)}", where=place)


def _download(file: HubFile, name: str, progress: Progress) -> str:
    class Reporting(_Reporting):
        report = staticmethod(progress)

    return hf_hub_download(
        file.repository,
        name,
        revision=file.revision,
        cache_dir=file.folder,
        tqdm_class=Reporting,
    )


class _Reporting(tqdm):  # type: ignore[misc]
    """Hands the library's progress on instead of drawing a bar of its own."""

    report: Progress

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.pop("name", None)  # the library's own addition
        super().__init__(*args, **{**kwargs, "disable": True})
        self._bytes, self.total = int(kwargs.get("initial") or 0), kwargs.get("total")
        self.report(self._bytes, self.total)

    def update(self, n: float | None = 1) -> bool | None:
        self._bytes += int(n or 0)
        self.report(self._bytes, self.total)
        return None


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
