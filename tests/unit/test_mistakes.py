"""The keys of known mistakes: stable, each with its phrase, the same wherever one is found."""

import copy
import pickle

import msgspec
import pytest

from annt_prof.inspection import rules
from annt_prof.mistakes import MistakeKey
from annt_prof.techniques import registry

KEYS = {
    "accumulation_group_cut", "anomaly_detection_left_on", "augmentation_drawn_once",
    "autocast_around_backward", "batch_norm_under_accumulation", "batch_norm_under_checkpointing",
    "channels_last_inputs_alone", "channels_last_without_convolutions", "clipping_before_unscale",
    "clipping_unscales_apart", "compile_falls_back", "compiled_model_captured",
    "copies_from_unpinned_memory", "copies_in_passes", "cuda_graphs_captured_twice",
    "deterministic_mode_left_on", "flash_attention_on_float32", "float16_without_scaler",
    "gradients_filled_with_zeros", "gradients_in_static_buffers", "item_every_iteration",
    "loader_processes_with_little_work", "loader_processes_without_work",
    "memory_freed_every_iteration", "operator_waits_every_iteration", "prefetch_without_copies",
    "scaler_never_updated", "scaler_waits_each_step", "tf32_under_autocast",
    "too_few_loader_processes",
}  # fmt: skip
"""What budgets and JSON may hold already: a key is never renamed."""

ONLY_IN_A_TRACE = {MistakeKey.OPERATOR_WAITS_EVERY_ITERATION}


def test_keys_are_stable():
    assert {str(key) for key in MistakeKey} == KEYS
    assert all(key.value == key.name.lower() for key in MistakeKey)


def test_each_has_a_phrase_of_its_own():
    phrases = [key.description for key in MistakeKey]
    assert all(len(phrase) > 10 and "\n" not in phrase for phrase in phrases)
    assert len(set(phrases)) == len(phrases)


@pytest.mark.parametrize("key", MistakeKey)
def test_a_key_stays_itself_where_it_is_stored_or_sent(key):
    written = msgspec.json.encode(key)
    assert written == f'"{key.value}"'.encode()
    assert msgspec.json.decode(written, type=MistakeKey) is key
    assert pickle.loads(pickle.dumps(key)) is copy.copy(key) is key


def test_what_stands_in_two_places_goes_by_one_key():
    in_scripts = {key for key in MistakeKey if key.description in set(rules.names())}
    in_setups = {p.key for name in registry.shipped() for p in registry.load(name).pitfalls}
    assert in_scripts & in_setups == {
        MistakeKey.AUTOCAST_AROUND_BACKWARD,
        MistakeKey.BATCH_NORM_UNDER_ACCUMULATION,
        MistakeKey.COPIES_FROM_UNPINNED_MEMORY,
        MistakeKey.DETERMINISTIC_MODE_LEFT_ON,
        MistakeKey.SCALER_WAITS_EACH_STEP,
    }
    assert in_scripts | in_setups | ONLY_IN_A_TRACE == set(MistakeKey)
