"""Machines that times compare on, and those that a file of budgets names."""

import msgspec
import pytest

from annt_prof.check.fingerprint import Fingerprint, differences, fingerprint_of, matches
from annt_prof.scenario.budgets import NamedMachine
from hand_made import CPU, GPU

HERE = msgspec.structs.replace(
    GPU,
    power_limit_w=699.98,
    mig="off",
    packages={"python": "3.12.3", "torch": "2.14.1+cu132", "cuda": "13.2", "annt-prof": "0.1.7"},
)


def test_a_fingerprint_is_what_times_depend_on():
    found = fingerprint_of(HERE)
    assert found == Fingerprint(
        device_type="cuda",
        device_name="NVIDIA H100 80GB HBM3",
        num_devices=2,
        cpu_name="Intel(R) Xeon(R) Platinum 8480C",
        num_cores=26,
        threads=13,
        driver="570.124.06",
        power_limit_w=700,
        mig="off",
        torch="2.14.1+cu132",
        cuda="13.2",
        python="3.12",
        annt_prof="0.1",
    )


def test_its_digest_is_short_and_stays():
    assert fingerprint_of(CPU).digest == "39579cf7"
    assert msgspec.json.decode(
        msgspec.json.encode(fingerprint_of(HERE)), type=Fingerprint
    ) == fingerprint_of(HERE)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"driver": "580.1"}, ("driver: 570.124.06 -> 580.1",)),
        ({"power_limit_w": 400.0}, ("power limit in W: 700 -> 400",)),
        ({"power_limit_w": 700.2}, ()),
        ({"mig": None}, ("MIG: off -> none",)),
        ({"threads": 1, "num_cores": 4}, ("cores: 26 -> 4", "threads: 13 -> 1")),
        ({"packages": HERE.packages | {"python": "3.12.9", "timm": "1.0"}}, ()),
        ({"packages": HERE.packages | {"annt-prof": "0.2.0"}}, ("annt-prof: 0.1 -> 0.2",)),
        ({"memory_bytes": 1, "operating_system": "another"}, ()),
    ],
)
def test_every_difference_is_named_and_changes_the_digest(changes, said):
    before, after = fingerprint_of(HERE), fingerprint_of(msgspec.structs.replace(HERE, **changes))
    assert differences(before, after) == said
    assert (before.digest == after.digest) is (not said)


def test_a_driver_is_no_matter_to_a_cpu():
    with_driver = msgspec.structs.replace(CPU, driver="570.1")
    assert fingerprint_of(with_driver) == fingerprint_of(CPU)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"device": "H100"},
        {"device": "nvidia h100"},
        {"device": "cuda"},
        {"cpu": "Platinum 8480C"},
        {"cores": 26, "threads": 13},
        {"driver": "570"},
        {"driver": "570.124.06"},
        {"power_limit_w": 700},
        {"mig": "off"},
        {"torch": "2.14"},
        {"torch": "2.14.1+cu132"},
        {"cuda": "13"},
        {"python": "3.12"},
    ],
)
def test_what_is_given_of_a_machine_matches(given):
    assert matches(NamedMachine(**given), HERE) == ()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"device": "A100"}, "device: A100 is asked for, NVIDIA H100 80GB HBM3 is here"),
        ({"device": "H10"}, "device: H10 is asked for, NVIDIA H100 80GB HBM3 is here"),
        ({"device": "NVIDIA 80GB"}, "device: NVIDIA 80GB is asked for, "),
        ({"cpu": "EPYC"}, "CPU: EPYC is asked for, Intel(R) Xeon(R) Platinum 8480C is here"),
        ({"threads": 1}, "threads: 1 is asked for, 13 is here"),
        ({"driver": "57"}, "driver: 57 is asked for, 570.124.06 is here"),
        ({"power_limit_w": 400}, "power limit in W: 400 is asked for, 699.98 is here"),
        ({"mig": "1g.5gb"}, "MIG: 1g.5gb is asked for, off is here"),
        ({"torch": "2.140"}, "torch: 2.140 is asked for, 2.14.1+cu132 is here"),
        ({"torch": "2.14.1+cpu"}, "torch: 2.14.1+cpu is asked for, 2.14.1+cu132 is here"),
        ({"cuda": "12.4"}, "CUDA: 12.4 is asked for, 13.2 is here"),
        ({"python": "3.11"}, "Python: 3.11 is asked for, 3.12.3 is here"),
    ],
)
def test_what_does_not_match_is_named_with_both(given, said):
    (found,) = matches(NamedMachine(**given), HERE)
    assert found.startswith(said)


def test_what_a_cpu_does_not_have_is_none_or_off():
    assert matches(NamedMachine(mig="off", device="cpu"), CPU) == ()
    assert matches(NamedMachine(power_limit_w=400, driver="570"), CPU) == (
        "driver: 570 is asked for, none is here",
        "power limit in W: 400 is asked for, none is here",
    )
