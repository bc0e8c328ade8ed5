"""Waits for the next batch, loader by loader."""

from __future__ import annotations

import threading
import time
import weakref
from typing import TYPE_CHECKING, Any

from annt_prof.inspection.seen import LoaderSeen
from annt_prof.inspection.wrapping import wrap

if TYPE_CHECKING:
    import torch

    from annt_prof.inspection.loop import Loop


class _Account:
    """One loader's batches; only a batch that a backward pass follows counts as trained."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.drawn = 0
        self.trained = 0
        self.timed = 0
        self.waited_s = 0.0
        self.asked_s = 0.0
        self.starting = True
        self.pending: _Draw | None = None


class _Draw:
    """A batch on its way to a backward pass.

    Attributes:
        wait_s: That it took.
        got_s: When it came.
        first: Whether it was its iterator's first: loader processes start then, and a wait for
            them is no sign of how fast they load.
    """

    def __init__(self, wait_s: float, got_s: float, first: bool) -> None:
        self.wait_s = wait_s
        self.got_s = got_s
        self.first = first


class Loading:
    """Accounts for the waits of the main thread, up to the last update of parameters."""

    def __init__(self, loop: Loop) -> None:
        self._accounts: list[_Account] = []
        self._of_loader: dict[int, tuple[weakref.ref[Any], _Account]] = {}
        self._of_iterator: weakref.WeakKeyDictionary[Any, _Account] = weakref.WeakKeyDictionary()
        self._began_s: float | None = None
        self._starting_s = 0.0
        self._training_s = 0.0
        loop.before_backward.append(self._backward)
        loop.after_update.append(self._updated)

    def install(self) -> None:
        """Wrap what tells; a loader's iterator stays the one that torch made."""
        from torch.utils.data.dataloader import _BaseDataLoaderIter

        wrap(_BaseDataLoaderIter, "__init__", before=self._start)
        wrap(_BaseDataLoaderIter, "_reset", before=self._start)
        wrap(_BaseDataLoaderIter, "__next__", before=self._ask, after=self._get)

    def training_s(self) -> float:
        """Return the seconds from the first batch that trained to the last update."""
        return self._training_s

    def loaders(self) -> tuple[LoaderSeen, ...]:
        """Return the loaders most of whose batches trained."""
        return tuple(
            LoaderSeen(account.workers, account.timed, account.waited_s)
            for account in self._accounts
            if account.timed and account.trained >= 0.5 * account.drawn
        )

    def trained_batches(self) -> list[int]:
        """Return how many batches of each loader have trained so far, the oldest loader first."""
        return [account.trained for account in self._accounts]

    def _start(self, iterator: Any, loader: Any = None, *_: Any, **__: Any) -> None:  # noqa: ANN401
        if loader is not None:
            account = self._account(loader)
            account.starting, account.pending = True, None
            self._of_iterator[iterator] = account

    def _account(self, loader: Any) -> _Account:  # noqa: ANN401
        # A user's loader may compare or hash as it likes, and its number may be given anew.
        reference, account = self._of_loader.get(id(loader), (None, None))
        if account is None or reference is None or reference() is not loader:
            account = _Account(loader.num_workers)
            self._of_loader[id(loader)] = weakref.ref(loader), account
            self._accounts.append(account)
        return account

    def _ask(self, iterator: Any) -> None:  # noqa: ANN401
        account = self._of_iterator.get(iterator)
        if account is not None:
            # Of the last epoch's batches none waits for its backward pass any more.
            account.pending = None
            account.asked_s = time.perf_counter()

    def _get(self, _: Any, iterator: Any) -> None:  # noqa: ANN401
        # A thread that loads ahead waits so that the training need not.
        account = self._of_iterator.get(iterator)
        if account is None or threading.current_thread() is not threading.main_thread():
            return
        now_s = time.perf_counter()
        account.drawn += 1
        account.pending = _Draw(now_s - account.asked_s, now_s, account.starting)
        account.starting = False

    def _backward(self) -> None:
        for account in self._accounts:
            if account.pending is not None:
                self._train(account, account.pending)
                account.pending = None

    def _train(self, account: _Account, draw: _Draw) -> None:
        account.trained += 1
        if self._began_s is None:
            self._began_s = draw.got_s
        elif draw.first:
            self._starting_s += draw.wait_s
        if not draw.first:
            account.timed += 1
            account.waited_s += draw.wait_s

    def _updated(self, _: torch.optim.Optimizer) -> None:
        if self._began_s is not None:
            self._training_s = time.perf_counter() - self._began_s - self._starting_s
