"""What ``inspect --json`` says of a mistake."""

import json

from annt_prof.inspection.rules import Mistake, mistakes
from annt_prof.inspection.seen import Seen
from annt_prof.mistakes import MistakeKey
from annt_prof.report.json.mistakes import mistakes_document
from annt_prof.views.mistakes_view import build_mistakes_view

READING = Seen(iterations=10, iterations_reading=9, on_device=True)


def test_a_mistake_is_told_with_its_key():
    view = build_mistakes_view("train.py", READING, 0, mistakes(READING), ())
    document = json.loads(mistakes_document(view))
    assert document["mistakes"] == [
        {
            "key": "item_every_iteration",
            "name": "reading a tensor every iteration",
            "evidence": "a tensor was read in 9 of 10 iterations",
            "remedy": "sum on the device and read every so many iterations: each read waits for "
            "the device",
        }
    ]


def test_every_mistake_that_is_found_has_the_phrase_of_its_key():
    (mistake,) = mistakes(READING)
    assert isinstance(mistake, Mistake)
    assert mistake.key is MistakeKey.ITEM_EVERY_ITERATION
    assert mistake.name == mistake.key.description
