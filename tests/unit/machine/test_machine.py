import pytest

from annt_prof.machine.machine import has_tf32


@pytest.mark.parametrize(
    ("capability", "expected"),
    [((7, 0), False), ((7, 5), False), ((8, 0), True), ((8, 9), True), ((12, 0), True)],
)
def test_ampere_is_the_first_with_tf32(capability, expected):
    assert has_tf32(capability) is expected
