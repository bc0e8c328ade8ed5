"""No network, empty caches."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch):
    """Fail whoever connects to another machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "localhost", "::1"):
            pytest.fail(f"something connected to {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *_, **__: pytest.fail(f"something looked up {host}")
    )


@pytest.fixture(autouse=True)
def caches(tmp_path, monkeypatch):
    """The folder of all caches, empty."""
    folder = tmp_path / "caches"
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.delenv("ANNT_PROF_DATA", raising=False)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(folder / "torch"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "hub"))
    return folder


@pytest.fixture
def checkpoints(caches):
    """Where torch.hub keeps weights."""
    folder = caches / "torch" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def hub_snapshot(caches):
    """Makes the folder in which the hub's cache keeps a repository's files."""

    def make(repository: str) -> Path:
        folder = caches / "hub" / f"models--{repository.replace('/', '--')}"
        (folder / "refs").mkdir(parents=True)
        (folder / "refs" / "main").write_text("0123abc")
        snapshot = folder / "snapshots" / "0123abc"
        snapshot.mkdir(parents=True)
        return snapshot

    return make


@pytest.fixture
def local_names_resolve(monkeypatch):
    """Let 127.0.0.1 be looked up, which HTTP clients do; no other name is known."""

    def resolve(host, port, *_, **__):
        if host not in ("127.0.0.1", "localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
