"""Finding techniques: our folder, plug-ins, and what goes wrong with either."""

import subprocess
import sys

import pytest

from annt_prof.errors import UserError
from annt_prof.techniques import registry
from annt_prof.techniques.shipped.amp import TECHNIQUE as AMP


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Install a plug-in distribution: its module's source, and its entry points."""

    def plug_in(module, source, *points):
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / "annt_prof_extra-1.2.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(
            "Metadata-Version: 2.1\nName: annt-prof-extra\nVersion: 1.2\n"
        )
        (info / "entry_points.txt").write_text("[annt_prof.techniques]\n" + "\n".join(points))
        monkeypatch.syspath_prepend(str(tmp_path))
        monkeypatch.delitem(sys.modules, module, raising=False)

    return plug_in


def renamed(name):
    return (
        "from dataclasses import replace\n"
        "from annt_prof.techniques.shipped.amp import TECHNIQUE as AMP\n"
        f"TECHNIQUE = replace(AMP, name={name!r})\n"
    )


def test_ours_are_listed_without_the_structure():
    assert registry.shipped() == (
        "activation_checkpointing", "amp", "channels_last", "compile", "cuda_graphs",
        "cudnn_benchmark", "dataloader_workers", "dataset_on_device", "device_prefetch",
        "fused_optimizer", "gpu_augmentation", "gradient_accumulation", "gradient_clipping",
        "pin_memory", "sdpa", "set_to_none", "tf32",
    )  # fmt: skip
    assert registry.names()[: len(registry.shipped())] == registry.shipped()


def test_loading_gives_the_technique_of_that_name():
    assert registry.load("amp") is AMP
    for name in registry.shipped():
        assert registry.load(name).name == name


@pytest.mark.parametrize("point", ["zebra = extra_zebra", "zebra = extra_zebra:TECHNIQUE"])
def test_plug_ins_follow_ours(install, point):
    install("extra_zebra", renamed("zebra"), point)
    assert registry.names() == (*registry.shipped(), "zebra")
    assert registry.load("zebra").name == "zebra"


def test_a_plug_in_cannot_take_our_names(install):
    install("extra_amp", "raise RuntimeError", "amp = extra_amp:TECHNIQUE")
    assert registry.names() == registry.shipped()
    assert registry.load("amp") is AMP


@pytest.mark.parametrize(
    ("name", "near"), [("apm", "amp"), ("AMP", "amp"), ("pinmemory", "pin_memory")]
)
def test_an_unknown_name_is_met_with_the_nearest(name, near):
    with pytest.raises(UserError, match=f'unknown technique "{name}"; did you mean "{near}"'):
        registry.load(name)


@pytest.mark.parametrize("name", ["technique", "registry", "setup", "bounds", "os", "", "..errors"])
def test_nothing_but_techniques_is_loaded(name):
    with pytest.raises(UserError, match="unknown technique"):
        registry.load(name)


def test_the_whole_list_is_given_where_nothing_is_near():
    with pytest.raises(UserError, match=r"allowed: activation_checkpointing, amp, .*, tf32"):
        registry.load("zzzz")


def test_a_plug_in_that_breaks_is_named_with_its_cause(install):
    install("extra_broken", "import no_such_package_here\n", "broken = extra_broken:TECHNIQUE")
    assert "broken" in registry.names()
    with pytest.raises(UserError) as caught:
        registry.load("broken")
    assert caught.value.message == (
        'technique "broken" of the plug-in annt-prof-extra 1.2 cannot be loaded: '
        "ModuleNotFoundError: No module named 'no_such_package_here'"
    )
    assert caught.value.hint == "update or uninstall the plug-in"


@pytest.mark.parametrize("source", ["TECHNIQUE = 3\n", renamed("other")])
def test_a_plug_in_that_offers_something_else_is_refused(install, source):
    install("extra_wrong", source, "wrong = extra_wrong:TECHNIQUE")
    with pytest.raises(UserError, match="which is not a Technique of that name"):
        registry.load("wrong")


def test_a_plug_ins_options_are_checked_like_ours(install, tmp_path):
    from annt_prof.scenario.loading import load

    install("extra_zebra", renamed("zebra"), "zebra = extra_zebra")
    path = tmp_path / "s.yaml"
    text = "model: {source: timm, name: x}\ndataset: {name: digits, batch_size: 4}\n"
    path.write_text(text + "techniques: {zebra: {dtyp: auto}}\n")
    with pytest.raises(
        UserError, match=r'techniques.zebra.dtyp: unknown key; did you mean "dtype"'
    ):
        load(path)


def test_a_broken_plug_in_in_a_mix_is_reported_in_its_place(install, tmp_path):
    from annt_prof.scenario.loading import load

    install("extra_broken", "1 / 0\n", "broken = extra_broken:TECHNIQUE")
    path = tmp_path / "s.yaml"
    text = "model: {source: timm, name: x}\ndataset: {name: digits, batch_size: 4}\n"
    path.write_text(text + "techniques:\n  broken:\n")
    with pytest.raises(UserError, match=r"s.yaml:4:3: techniques.broken: .*ZeroDivisionError"):
        load(path)


KEYLESS = """
from dataclasses import dataclass, field

from annt_prof.categories import Category
from annt_prof.techniques.technique import Options, Pitfall, Signature, Technique


@dataclass(frozen=True)
class Stripes:
    on: bool = field(default=True, metadata={"description": "Whether there are stripes."})

    def apply(self, setup):
        setup.remarks.append("striped")


def obstacle(options: Options, machine):
    return None if options.on else "no stripes"


TECHNIQUE = Technique(
    name="zebra", summary="stripes", options=Stripes, obstacle=obstacle,
    signature=Signature((Category.FORWARD,), (), (), "it cannot save more than forward"),
    mathematics="nothing", source="this test",
    pitfalls=(Pitfall(name="too many", why="They blur.", check=lambda setup: "blurred"),),
)
"""


def test_a_plug_in_need_not_know_of_keys_or_of_generic_techniques(install):
    install("extra_zebra", KEYLESS, "zebra = extra_zebra")
    zebra = registry.load("zebra")
    assert zebra.obstacle(zebra.options(on=False), None) == "no stripes"
    (pitfall,) = zebra.pitfalls
    assert (pitfall.name, pitfall.key, pitfall.check(None)) == ("too many", None, "blurred")


def test_listing_and_loading_need_nothing_heavy():
    code = (
        "import sys\n"
        "from annt_prof.techniques import registry\n"
        "names = registry.names()\n"
        "print(*[m for m in sys.modules if m == 'annt_prof.techniques.shipped.amp'])\n"
        "[registry.load(name) for name in names]\n"
        "import annt_prof.scenario.effective\n"
        "print(*[m for m in ('torch', 'numpy', 'pydantic', 'ruamel') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_reading_a_scenario_needs_no_torch(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(
        "model: {source: timm, name: x}\ndataset: {name: digits, batch_size: 4}\n"
        "techniques: {amp: , gradient_accumulation: , pin_memory: }\n"
    )
    code = (
        "import sys; from pathlib import Path\n"
        "from annt_prof.scenario.loading import load\n"
        f"load(Path({str(path)!r})).resolve(False)\n"
        "print(*[m for m in ('torch', 'numpy', 'pandas') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_options_that_cannot_be_sent_to_a_worker_are_refused(install):
    source = (
        "from dataclasses import dataclass, replace\n"
        "from annt_prof.techniques.shipped.amp import TECHNIQUE as AMP\n"
        "def made():\n"
        "    @dataclass(frozen=True)\n"
        "    class Options:\n"
        "        def apply(self, setup): pass\n"
        "    return replace(AMP, name='local', options=Options)\n"
        "TECHNIQUE = made()\n"
    )
    install("local_options", source, "local = local_options:TECHNIQUE")
    with pytest.raises(UserError, match="defined inside a function"):
        registry.load("local")


def test_what_a_plug_ins_own_code_raises_names_it(install):
    install("extra_zebra", renamed("zebra"), "zebra = extra_zebra")
    with pytest.raises(UserError) as caught, registry.answering("zebra"):
        raise KeyError("stripes")
    assert caught.value.message == (
        "technique \"zebra\" of the plug-in annt-prof-extra 1.2 fails: KeyError: 'stripes'"
    )
    assert caught.value.hint == "update or uninstall the plug-in"


@pytest.mark.parametrize("name", ["amp", "gone"])
def test_what_our_own_code_raises_is_a_bug(name):
    with pytest.raises(KeyError), registry.answering(name):
        raise KeyError("ours")
