"""Every label has a letter of its own in its lane, and words."""

from __future__ import annotations

import pytest

from annt_prof.analysis.lanes.lanes import LABELS, ItemKind
from annt_prof.views.timeline.legend import legend
from annt_prof.views.timeline.looks import NUM_LABELS, look_of, word_of
from annt_prof.views.timeline.picture import Window
from annt_prof.views.timeline.ruler import ticks


def codes(kind: ItemKind) -> list[int]:
    return [kind * NUM_LABELS + label + 1 for label in range(len(LABELS[kind]))]


@pytest.mark.parametrize(
    "kinds",
    [
        (ItemKind.PHASE,),
        (ItemKind.GAP,),
        (ItemKind.PATH,),
        (ItemKind.KERNEL, ItemKind.COPY, ItemKind.MEMSET),
    ],
)
def test_letters_of_a_lane_differ(kinds: tuple[ItemKind, ...]) -> None:
    letters = [look_of(code).glyph for kind in kinds for code in codes(kind)]
    assert len(set(letters)) == len(letters)
    assert all(len(letter) == 1 and letter.isascii() for letter in letters)


def test_every_code_has_a_word_and_labels_fit() -> None:
    for kind in ItemKind:
        assert len(LABELS[kind]) < NUM_LABELS
        for code in [kind * NUM_LABELS, *codes(kind)]:
            assert word_of(code)
            assert look_of(code)


def test_one_look_stands_in_the_legend_once() -> None:
    forward = LABELS[ItemKind.PHASE].index("forward")
    entries = legend(
        [ItemKind.PHASE * NUM_LABELS + forward + 1, ItemKind.OPERATOR * NUM_LABELS + forward + 1]
    )
    assert [(entry.look.glyph, entry.word) for entry in entries] == [("f", "forward")]


def test_the_ruler_has_round_instants_in_their_cells() -> None:
    window = Window(-1_000_000, 9_000_000, 70)
    assert ticks(window) == ((7, "0"), (21, "2"), (35, "4"), (49, "6"), (63, "8"))
    for cell, text in ticks(window):
        assert window.cell_of(int(text) * 1_000_000) == cell
