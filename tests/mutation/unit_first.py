"""Run unit tests before whole pages, so that most mutants fail within their first tests."""

import pytest


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by the file that holds a test; ``tests/unit`` comes after ``tests/snapshots``."""
    items.sort(key=lambda item: item.path, reverse=True)
