from hypothesis import given
from hypothesis import strategies as st

from annt_prof.text import printable


def test_control_characters_become_visible() -> None:
    assert printable("a\x1b[31mred\x07") == "a\\x1b[31mred\\x07"


def test_line_breaks_become_spaces_unless_kept() -> None:
    assert printable("a\nb\tc") == "a b c"
    assert printable("a\nb", keep="\n") == "a\nb"


def test_direction_marks_become_visible() -> None:
    assert printable("abc\u202edef") == "abc\\u202edef"


def test_other_scripts_stay() -> None:
    assert printable("Größe 模型 ± 4 %") == "Größe 模型 ± 4 %"


@given(st.text())
def test_the_result_is_printable(text: str) -> None:
    assert printable(text).isprintable()
