"""Models and data sets from the user's own modules, and what can be wrong with them."""

import itertools
import sys

import pytest
import torch
from on_disk import dataset_choice, model_choice

from annt_prof.errors import UserError
from annt_prof.workload.datasets import make_dataset
from annt_prof.workload.models import make_model

numbers = itertools.count()


@pytest.fixture
def module(tmp_path, monkeypatch):
    """Writes a module of a fresh name into the working directory and returns the name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def write(text):
        name = f"users_own_{next(numbers)}"
        (tmp_path / f"{name}.py").write_text(f"import torch\n{text}\n")
        return name

    return write


def model(name, classes=7, size=16, **fields):
    return make_model(model_choice("python", name, **fields), classes, size).model


def dataset(name, **fields):
    return make_dataset(dataset_choice(name, **fields), train=True, data_dir=None)


def test_a_factory_is_given_classes_and_size_where_it_names_them(module):
    name = module("def make(width, num_classes, image_size):\n"
                  "    return torch.nn.Linear(width * image_size, num_classes)")  # fmt: skip
    made = model(f"{name}:make", arguments={"width": 2})
    assert (made.in_features, made.out_features) == (32, 7)


def test_a_factory_that_takes_nothing_is_called_so(module):
    name = module("def make():\n    return torch.nn.Linear(2, 3)")
    assert model(f"{name}:make").out_features == 3


def test_a_factory_of_any_keywords_is_told_the_classes_alone(module):
    name = module("def make(**given):\n    m = torch.nn.Linear(2, 3)\n    m.given = given\n"
                  "    return m")  # fmt: skip
    assert model(f"{name}:make", arguments={"a": 1}).given == {"a": 1, "num_classes": 7}


def test_the_scenarios_own_arguments_win(module):
    name = module("class Net(torch.nn.Linear):\n    def __init__(self, num_classes):\n"
                  "        super().__init__(2, num_classes)")  # fmt: skip
    assert model(f"{name}:Net", arguments={"num_classes": 5}).out_features == 5


def test_a_folder_on_the_path_comes_before_the_working_directory(module, tmp_path):
    name = module("make = None")
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / f"{name}.py").write_text("import torch\ndef make(): return torch.nn.Linear(2, 9)")
    sys.path.insert(0, str(beside))
    assert model(f"{name}:make").out_features == 9


@pytest.mark.parametrize(
    ("text", "attribute", "wanted"),
    [
        ("def create(): pass", "creat", 'did you mean "create"'),
        ("make = 3", "make", 'has no factory "make"'),
        ("import no_such_thing", "make", 'no module "no_such_thing"'),
        ("1 / 0", "make", "ZeroDivisionError: division by zero"),
        ("def make(:", "make", "SyntaxError"),
        ("def make(): return 3", "make", "returned a int, not a torch.nn.Module"),
        ("def make(): raise KeyError('x')", "make", "KeyError: 'x'"),
        ("def make(width): return torch.nn.Linear(width, 1)", "make", "width"),
    ],
)
def test_what_is_wrong_with_a_model_factory_is_said(module, text, attribute, wanted):
    with pytest.raises(UserError, match=r"model\.name") as caught:
        model(f"{module(text)}:{attribute}")
    assert wanted in str(caught.value)


def test_an_unknown_argument_is_named(module):
    name = module("def make(depth=1): return torch.nn.Linear(2, depth)")
    with pytest.raises(UserError, match="dept"):
        model(f"{name}:make", arguments={"dept": 3})


def test_running_out_of_memory_is_not_taken_for_a_mistake_of_the_users(module):
    name = module("def make(): raise torch.OutOfMemoryError('tried')")
    with pytest.raises(torch.OutOfMemoryError):
        model(f"{name}:make")


def test_a_missing_module_is_named_with_where_it_was_looked_for():
    with pytest.raises(UserError, match="beside the scenario") as caught:
        model("surely_not_there:make")
    assert '"surely_not_there"' in str(caught.value)


PAIRS = "[(torch.zeros(3), i % 4) for i in range(8)]"


def dataset_text(body=PAIRS, attribute=""):
    return f"class Data(list):\n    {attribute or 'pass'}\ndef make(): return Data({body})"


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        (dataset_text(attribute="num_classes = 6"), 6),
        (dataset_text(attribute="classes = ['a', 'b', 'c', 'd']"), 4),
        (dataset_text(attribute="targets = [0, 1, 2, 3, 4]"), 5),
        ("def make(): return torch.utils.data.TensorDataset(torch.zeros(4, 2), torch.arange(4))",
         4),
        ("def make(num_classes):\n    return [(torch.zeros(3), 0)]", 3),
    ],
)  # fmt: skip
def test_the_number_of_classes_is_found(module, text, classes):
    arguments = {"num_classes": 3} if "make(num_classes)" in text else {}
    bundle = dataset(f"{module(text)}:make", arguments=arguments)
    assert bundle.num_classes == classes
    assert bundle.real
    assert bundle.substitutions == ()


def test_a_dataset_factory_is_told_the_split_and_the_size(module):
    name = module("class Data(list):\n    num_classes = 2\n"
                  "def make(train, image_size): return Data([(train, image_size)])")  # fmt: skip
    assert dataset(f"{name}:make", image_size=9).dataset[0] == (True, 9)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("def make(): return 3", "which is no dataset"),
        ("class D(torch.utils.data.IterableDataset):\n    def __iter__(self): pass\n"
         "def make(): return D()", "shuffled"),
        ("def make(): return []", "without samples"),
        ("def make(): return [3]", "not a pair"),
        ("def make(): return [(1, 2, 3)]", "not a pair"),
        (dataset_text(), "how many classes"),
        (dataset_text(attribute="num_classes = 'ten'"), "'ten'"),
        (dataset_text(attribute="num_classes = 0"), "num_classes is 0"),
        ("class D(torch.utils.data.Dataset):\n    def __len__(self): return 3\n"
         "    def __getitem__(self, i): raise OSError('no disk')\ndef make(): return D()",
         "first item failed: OSError: no disk"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_dataset_is_said(module, text, wanted):
    with pytest.raises(UserError, match=r"dataset\.name") as caught:
        dataset(f"{module(text)}:make")
    assert wanted in str(caught.value)
