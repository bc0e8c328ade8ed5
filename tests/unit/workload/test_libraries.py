"""What is said where a library does not import."""

import pytest

from annt_prof.errors import UserError
from annt_prof.workload.libraries import importing


def failing(library, error, cause=None):
    with pytest.raises(UserError) as caught, importing(library):
        raise error from cause
    return caught.value


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("operator torchvision::nms does not exist"),
        ImportError("undefined symbol: _ZN3c10"),
        OSError("libcudart.so.12: cannot open shared object file"),
    ],
)
def test_a_mismatched_pair_is_mended_together(error):
    said = failing("torchvision", error)
    assert str(error) in said.message
    assert "pip install torch torchvision" in said.hint
    assert "annt-prof doctor" in said.hint


def test_the_cause_beneath_a_wrapper_is_found():
    cause = RuntimeError("operator torchvision::nms does not exist")
    said = failing("transformers", RuntimeError("Failed to import models.vit\nbecause of"), cause)
    assert said.message.endswith("operator torchvision::nms does not exist")


def test_only_the_first_line_of_a_long_error_is_shown():
    said = failing("timm", RuntimeError("first\nsecond"))
    assert said.message == "timm cannot be imported: first"


@pytest.mark.parametrize(
    ("name", "wanted"), [("timm", "pip install timm"), ("PIL.Image", "pip install PIL"),
                         (None, "pip install timm")]
)  # fmt: skip
def test_a_missing_package_is_named(name, wanted):
    assert failing("timm", ModuleNotFoundError("No module", name=name)).hint == wanted


def test_a_users_error_and_a_bug_pass_through():
    with pytest.raises(UserError, match=r"^mine$"), importing("timm"):
        raise UserError("mine")
    with pytest.raises(ZeroDivisionError), importing("timm"):
        raise ZeroDivisionError
