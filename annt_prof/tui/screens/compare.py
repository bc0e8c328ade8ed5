"""What grew and what shrank between two variants, of this run or of any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from textual.binding import Binding
from textual.containers import Container, VerticalScroll

from annt_prof.errors import UserError
from annt_prof.runs.layout import RUN_FILE
from annt_prof.runs.listing import Listed, ListedRun, ListedVariant
from annt_prof.tui.digests import DigestScreen
from annt_prof.tui.findings import Finding
from annt_prof.tui.widgets.block_stack import BlockStack
from annt_prof.views.pair import Pair, Side, first_choice, offered
from annt_prof.views.screens.compare import TIMES, build_compare_page
from annt_prof.views.screens.names import Screen
from annt_prof.views.screens.source import RunSource

if TYPE_CHECKING:
    from pathlib import Path

    from textual.app import ComposeResult
    from textual.binding import BindingType

    from annt_prof.compare.between import Between
    from annt_prof.views.named_times import NamedTimes, Unnamed
    from annt_prof.views.page import Block, Page
    from annt_prof.views.screens.choice import Choice

_LINES = 4  # scrolled by one key
_BROAD, _BROAD_FROM = "-broad", 160  # columns: two tables beside each other

Place = Literal["first", "second"]


class CompareScreen(DigestScreen):
    """Shows two variants beside each other."""

    SCREEN: ClassVar[Screen] = Screen.COMPARE
    OWN_KEYS: ClassVar[dict[str, str]] = {
        **DigestScreen.OWN_KEYS,
        "b": "choose the first: what is compared with",
        "v": "choose the second: what is looked at",
        "w": "swap the two",
        "j and k": "scroll down and up; in very wide windows the right side",
        "J and K": "in very wide windows: scroll the left side",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("b", "choose('first')", "First"),
        Binding("v", "choose('second')", "Second"),
        Binding("w", "swap", "Swap"),
        Binding("j", "scroll('.times', 1)", "Down", tooltip="Scroll down; k scrolls up"),
        Binding("k", "scroll('.times', -1)", "Up", show=False),
        Binding("J", "scroll('#blocks', 1)", "Left down", show=False),
        Binding("K", "scroll('#blocks', -1)", "Left up", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.HORIZONTAL_BREAKPOINTS = [*(self.HORIZONTAL_BREAKPOINTS or ()), (_BROAD_FROM, _BROAD)]
        self._chosen: dict[Place, tuple[Path, str]] = {}
        self._swapped = False
        self._others: dict[Path, tuple[int | None, RunSource]] = {}
        self._between: Finding[Pair, Between] | None = None

    def build_page(self) -> Page:
        """Return the difference of what is chosen."""
        source = self.dashboard.run_source
        pair = self._pair(source)
        between = self._speedup(pair) if pair.of_one_run else None
        return build_compare_page(source.title, pair, between, self._named(pair))

    def action_choose(self, place: Place) -> None:
        """Ask for the first or the second variant."""
        from annt_prof.tui.screens.variant_choice import VariantChoiceScreen

        try:
            here = _listed(self.dashboard.run_source)
        except UserError as error:
            self.notify(str(error), severity="warning", markup=False)
            return

        def chosen(choice: Choice | None) -> None:
            if choice is not None and choice.variant is not None:
                self._take(place, choice.directory, choice.variant)

        title = f"The {place} variant: Enter chooses, / filters, Escape leaves"
        self.app.push_screen(
            VariantChoiceScreen(title, here, self.dashboard.settings.runs_dir), chosen
        )

    def action_swap(self) -> None:
        """Turn the comparison round."""
        self._swapped = not self._swapped
        self.show_again()

    def action_scroll(self, what: str, way: int) -> None:
        """Scroll a side, or where they lie below each other both, by a few lines."""
        beside = self.has_class(_BROAD)
        scrolled = self.query_one(what if beside else ".sides")
        scrolled.scroll_relative(y=way * _LINES, animate=False)

    def compose_body(self) -> ComposeResult:
        """Yield what differs, and beside it where the room is, where the steps do."""
        with Container(classes="sides"):
            yield VerticalScroll(id="blocks", can_focus=False)
            yield BlockStack(classes="times")

    def lay_out_blocks(self, blocks: tuple[Block, ...]) -> None:
        """Show each block on its side."""
        super().lay_out_blocks(tuple(b for b in blocks if b.key not in TIMES))
        self.query_one(BlockStack).show_blocks(tuple(b for b in blocks if b.key in TIMES))

    def _take(self, place: Place, directory: Path, variant: str) -> None:
        """Choose a variant, whose run is read in a thread, as it may be a large one."""
        shown: Place = place
        if self._swapped:
            shown = "second" if place == "first" else "first"

        def read() -> None:
            try:
                _ = self._source(directory).run
            except UserError as error:
                self.app.call_from_thread(self.notify, str(error), severity="error", markup=False)
                return
            self.app.call_from_thread(use)

        def use() -> None:
            self._chosen[shown] = directory, variant
            self.show_again()

        self.run_worker(read, group="other run", thread=True, exclusive=True)

    def _source(self, directory: Path) -> RunSource:
        here = self.dashboard.run_source
        if directory == here.directory:
            return here
        written = _written_ns(directory)
        kept = self._others.get(directory)
        if kept is None or kept[0] != written:  # that run may go on
            kept = self._others[directory] = written, RunSource(directory)
        return kept[1]

    def _pair(self, source: RunSource) -> Pair:
        """Return what is chosen; what is not is as it is at first."""
        sides = {
            place: Side(self._source(directory), variant)
            for place, (directory, variant) in self._chosen.items()
        }
        others = offered(source)
        if len(sides) < 2 and not (sides and others):
            pair = first_choice(source)
        else:
            first = sides.get("first") or others[0]
            pair = Pair(first, sides.get("second") or others[-1])
        return pair.swapped if self._swapped else pair

    def _speedup(self, pair: Pair) -> Between | None:
        if self._between is None:
            self._between = Finding(self.dashboard, "between", _between)
        return self._between.get(pair)

    def _named(self, pair: Pair) -> tuple[NamedTimes | Unnamed, NamedTimes | Unnamed] | None:
        """Return what both traces show by name; None where one is not read yet."""
        first, second = (self._named_of(side) for side in (pair.first, pair.second))
        if first is None or second is None:
            return None
        return first, second

    def _named_of(self, side: Side) -> NamedTimes | Unnamed | None:
        from annt_prof.views.named_times import named_times, unread

        here = side.source is self.dashboard.source
        digest = self.digest(side.name, None if here else side.source)
        if digest is not None:
            return named_times(digest)
        named = side.name if here else f"{side.name} of {side.source.title}"
        error = self.why_none(named)
        return None if error is None else unread(named, error)


def _written_ns(directory: Path) -> int | None:
    """Return when a run's record was written; None where it is gone."""
    try:
        return (directory / RUN_FILE).stat().st_mtime_ns
    except OSError:
        return None


def _between(pair: Pair) -> Between:
    from annt_prof.compare.between import between

    return between(pair.first.run, pair.first.variant, pair.second.variant)


def _listed(source: RunSource) -> Listed:
    run = source.run
    variants = tuple(ListedVariant(variant.name, variant.status) for variant in run.variants)
    listed = ListedRun(run.schema_version, run.created, run.scenario_name, variants)
    return Listed(source.directory, listed)
