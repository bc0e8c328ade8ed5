import msgspec
import pytest

from annt_prof.runs.record import Run, VariantRecord
from hand_made import cpu_run, gpu_run


def fields(kind: type[msgspec.Struct]) -> set[str]:
    return {field.name for field in msgspec.structs.fields(kind)}


def test_the_fields_of_version_1_stay() -> None:
    """A field that goes or changes its name breaks every stored run: raise SCHEMA_VERSION."""
    assert fields(Run) >= {
        "schema_version",
        "run_id",
        "created",
        "scenario_name",
        "scenario",
        "environment",
        "substitutions",
        "overrides_in_effect",
        "telemetry_note",
        "seed",
        "variants",
        "stop",
        "complete",
    }
    assert fields(VariantRecord) >= {"name", "techniques", "status", "reason", "windows"}


@pytest.mark.parametrize("record", [cpu_run(), gpu_run()])
def test_a_record_survives_json(record: Run) -> None:
    assert msgspec.json.decode(msgspec.json.encode(record), type=Run) == record


def test_an_unknown_status_is_refused() -> None:
    encoded = msgspec.json.encode(cpu_run()).replace(b'"not_applicable"', b'"bored"')
    with pytest.raises(msgspec.ValidationError, match="status"):
        msgspec.json.decode(encoded, type=Run)
