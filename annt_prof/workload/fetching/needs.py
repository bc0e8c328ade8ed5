"""What a scenario needs from the network, each with the way to get it."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from annt_prof.machine.folders import data_folders
from annt_prof.workload.datasets.cifar_files import CIFAR, extract, find, read
from annt_prof.workload.fetching.download import Checksum, download
from annt_prof.workload.libraries import importing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from annt_prof.scenario.schema import ModelChoice, Scenario
    from annt_prof.workload.fetching.download import Progress
    from annt_prof.workload.weights import CheckpointFile, HubFile


class Need(Protocol):
    """Something to fetch."""

    @property
    def what(self) -> str:
        """Its name, for the user."""

    def present(self) -> Path | None:
        """Where it lies already, checked as far as its publisher allows; None where it does not.

        Raises:
            UserError: It lies there damaged, and is the user's to remove.
        """

    def fetch(self, progress: Progress) -> Path:
        """Download it, and return where it lies.

        Raises:
            UserError: No connection, a refusal, a wrong checksum or a full disk.
        """


@dataclass(frozen=True)
class DatasetNeed:
    """CIFAR-10 or CIFAR-100.

    Attributes:
        name: ``cifar10`` or ``cifar100``.
        folders: Looked in, in this order; fetched to the first.
    """

    name: str
    folders: tuple[Path, ...]

    @property
    def what(self) -> str:
        """Its name, for the user."""
        return f"data set {self.name}"

    def present(self) -> Path | None:
        """The extracted folder or a whole archive, in any of the folders."""
        place = next(filter(None, (find(self.name, folder) for folder in self.folders)), None)
        if place is None:
            return None
        if place.is_dir():
            for train in (True, False):
                read(self.name, place, train=train)
            return place
        return place if self._checksum.holds(place) else None

    def fetch(self, progress: Progress) -> Path:
        """Download the archive and extract it beside itself: a run then starts sooner."""
        described = CIFAR[self.name]
        archive = self.folders[0] / described.archive
        download(described.url, archive, self._checksum, progress)
        return extract(self.name, archive)

    @property
    def _checksum(self) -> Checksum:
        return Checksum("md5", CIFAR[self.name].md5)


@dataclass(frozen=True)
class CheckpointNeed:
    """Weights that torch.hub keeps."""

    model: str
    file: CheckpointFile

    @property
    def what(self) -> str:
        """Its name, for the user."""
        return f"weights of {self.model}"

    def present(self) -> Path | None:
        """The cached file, if it is whole."""
        path, checksum = self.file.cached(), self._checksum
        whole = path is not None and (checksum is None or checksum.holds(path))
        return path if whole else None

    def fetch(self, progress: Progress) -> Path:
        """Download it to where torch.hub looks."""
        download(self.file.url, self.file.path, self._checksum, progress)
        return self.file.path

    @property
    def _checksum(self) -> Checksum | None:
        prefix = self.file.sha256_prefix
        return Checksum("sha256", prefix) if prefix else None


@dataclass(frozen=True)
class HubNeed:
    """A file of the Hugging Face hub, whose own library resumes and checks."""

    model: str
    file: HubFile

    @property
    def what(self) -> str:
        """Its name, for the user."""
        part = "configuration" if self.file.names == ("config.json",) else "weights"
        return f"{part} of {self.model}"

    def present(self) -> Path | None:
        """The cached file; the hub's library puts it there only when it is whole."""
        return self.file.cached()

    def fetch(self, progress: Progress) -> Path:
        """Download the first of the alternative names that the repository has."""
        from annt_prof.workload.fetching.hub import fetch_file

        return fetch_file(self.file, progress)


def needs(scenarios: Iterable[Scenario], data_dir: Path | None) -> tuple[Need, ...]:
    """Return what the scenarios need from the network, each thing once.

    Args:
        scenarios: One scenario as it takes effect on several kinds of machine.
        data_dir: Where data sets go; None is ``$ANNT_PROF_DATA`` or the user's cache.

    Raises:
        UserError: A model's name is unknown.
    """
    wanted: list[Need] = []
    for scenario in scenarios:
        if scenario.dataset.name in CIFAR:
            wanted.append(DatasetNeed(scenario.dataset.name, data_folders(data_dir)))
        wanted += _of_model(scenario.model)
    return tuple(dict.fromkeys(wanted))


def _of_model(choice: ModelChoice) -> list[Need]:
    # The libraries take seconds to import; only transformers keeps an architecture on the hub.
    if choice.source == "python" or not (choice.pretrained or choice.source == "transformers"):
        return []
    with importing(choice.source):
        source: Any = importlib.import_module(f"annt_prof.workload.models.from_{choice.source}")
    from annt_prof.workload.weights import HubFile

    return [
        HubNeed(choice.name, file) if isinstance(file, HubFile)
        else CheckpointNeed(choice.name, file)
        for file in source.files(choice)
    ]  # fmt: skip
