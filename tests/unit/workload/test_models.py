"""Models of every source, with random and with pretrained weights, and no network."""

import re
import warnings
from urllib.parse import urlparse

import pytest
import timm
import torch
import torchvision
from on_disk import model_choice
from safetensors.torch import load_file, save_file
from torch.utils.flop_counter import FlopCounterMode
from transformers import ViTConfig, ViTForImageClassification, ViTModel

from annt_prof.errors import UserError
from annt_prof.workload.models import make_model
from annt_prof.workload.models.head import classifier_parameters

IN21K = "google/vit-base-patch16-224-in21k"
TIMM_REPOSITORY = "timm/test_vit.r160_in1k"


def parameters(module):
    return sum(p.numel() for p in module.parameters())


def made(source, name, classes=7, size=32, **fields):
    return make_model(model_choice(source, name, **fields), classes, size)


def shapes(model):
    return [tuple(p.shape) for p in classifier_parameters(model)]


# torchvision


def test_resnet50_with_the_small_stem_costs_1_298_gmac_an_image():
    # Source: the figure for the CIFAR variant of ResNet50, twice that in floating-point operations.
    with torch.device("meta"):
        model = made("torchvision", "resnet50", 10, 32, stem="cifar").model
    with FlopCounterMode(display=False) as counter, torch.device("meta"):
        model(torch.zeros(2, 3, 32, 32))
    assert counter.get_total_flops() / 2 / 2 == pytest.approx(1.298e9, rel=5e-4)


def test_the_small_stem_is_a_convolution_of_three_and_no_pooling():
    stem = made("torchvision", "resnet18", stem="cifar").model
    assert (stem.conv1.kernel_size, stem.conv1.stride) == ((3, 3), (1, 1))
    assert isinstance(stem.maxpool, torch.nn.Identity)
    usual = made("torchvision", "resnet18").model
    assert (usual.conv1.kernel_size, usual.conv1.stride) == ((7, 7), (2, 2))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("resnet18", 32), ("vit_b_32", 64), ("efficientnet_b0", 32), ("squeezenet1_1", 64),
        ("maxvit_t", 224), ("swin_t", 64), ("googlenet", 64), ("inception_v3", 96),
    ],
)  # fmt: skip
def test_training_gives_logits_of_the_classes_at_the_image_size(name, size):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of torchvision's initialisations
        model = made("torchvision", name, 7, size).model
    logits = model.train()(torch.zeros(2, 3, size, size))
    assert logits.shape == (2, 7)
    assert all(shape[0] == 7 for shape in shapes(model))


def save_checkpoint(name, folder, **arguments):
    """Save what torchvision publishes for a model: its state at 1,000 classes."""
    torch.manual_seed(99)
    state = torchvision.models.get_model(name, weights=None, **arguments).state_dict()
    url = torchvision.models.get_model_weights(name).DEFAULT.url
    path = folder / urlparse(url).path.rpartition("/")[2]
    torch.save(state, path)
    return state, path


@pytest.mark.parametrize(
    ("name", "first"),
    [("resnet18", "conv1.weight"), ("squeezenet1_1", "features.0.weight"),
     ("efficientnet_b0", "features.0.0.weight")],
)  # fmt: skip
def test_cached_weights_are_loaded_and_the_classifier_is_fresh(name, first, checkpoints):
    state, _ = save_checkpoint(name, checkpoints)
    result = made("torchvision", name, 7, 64, pretrained=True)
    assert result.substitutions == ()
    assert torch.equal(result.model.state_dict()[first], state[first])
    assert {shape[0] for shape in shapes(result.model)} == {7}
    assert result.model.train()(torch.zeros(2, 3, 64, 64)).shape == (2, 7)


def test_pretrained_googlenet_loses_its_auxiliary_classifiers(checkpoints):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        save_checkpoint("googlenet", checkpoints, aux_logits=True)
    model = made("torchvision", "googlenet", 7, 64, pretrained=True).model
    assert model.train()(torch.zeros(2, 3, 64, 64)).shape == (2, 7)


def test_old_names_in_a_checkpoint_are_translated(checkpoints):
    state, path = save_checkpoint("densenet121", checkpoints)
    old = {}
    for key, value in state.items():
        if not key.endswith("num_batches_tracked"):  # which those files are too old to have
            old[re.sub(r"(denselayer\d+\.(?:norm|conv))(?=[12]\.)", r"\1.", key)] = value
    assert any("denselayer1.norm.1.weight" in key for key in old)
    torch.save(old, path)
    assert made("torchvision", "densenet121", 7, 32, pretrained=True).substitutions == ()


@pytest.mark.parametrize(
    ("source", "name", "size", "published", "place"),
    [
        ("torchvision", "resnet18", 32, True, "checkpoints"),
        ("timm", "resnet18", 32, True, "hub"),
        ("transformers", IN21K, 224, True, "hub"),
    ],
)
def test_absent_weights_become_random_ones_and_that_is_said(
    source, name, size, published, place, caches
):
    result = made(source, name, 7, size, pretrained=published)
    (said,) = result.substitutions
    assert name in said.wanted
    assert "random weights of the same architecture" in said.used
    assert str(caches) in said.used
    assert place in said.used
    assert "annt-prof fetch" in said.consequence
    assert made(source, name, 7, size).substitutions == ()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 half a file", b"<html>log in</html>"])
def test_a_damaged_checkpoint_is_named_with_the_remedy(content, checkpoints):
    _, path = save_checkpoint("resnet18", checkpoints)
    path.write_bytes(content)
    with pytest.raises(UserError, match="annt-prof fetch") as caught:
        made("torchvision", "resnet18", pretrained=True)
    assert str(path) in str(caught.value)


def test_a_checkpoint_of_another_model_is_refused(checkpoints):
    _, path = save_checkpoint("resnet18", checkpoints)
    torch.save(torchvision.models.resnet34().state_dict(), path)
    with pytest.raises(UserError, match="cannot be read"):
        made("torchvision", "resnet18", pretrained=True)


def test_a_pretrained_transformer_of_torchvision_has_one_image_size(checkpoints):
    save_checkpoint("vit_b_32", checkpoints)
    with pytest.raises(UserError, match="224 pixels, not 64"):
        made("torchvision", "vit_b_32", 7, 64, pretrained=True)


# timm


def save_timm(snapshot, name="test_vit"):
    torch.manual_seed(99)
    state = timm.create_model(name).state_dict()
    path = snapshot / "model.safetensors"
    save_file(state, path)
    return state, path


def test_timm_reads_the_hubs_cache(hub_snapshot):
    state, _ = save_timm(hub_snapshot(TIMM_REPOSITORY))
    result = made("timm", "test_vit", 7, 160, pretrained=True)
    assert result.substitutions == ()
    assert torch.equal(result.model.state_dict()["cls_token"], state["cls_token"])
    assert shapes(result.model) == [(7, 64), (7,)]


def test_timm_adapts_a_pretrained_transformer_to_the_image_size(hub_snapshot):
    save_timm(hub_snapshot(TIMM_REPOSITORY))
    model = made("timm", "test_vit", 7, 64, pretrained=True).model
    assert model(torch.zeros(1, 3, 64, 64)).shape == (1, 7)


def test_timm_also_reads_the_older_format(hub_snapshot):
    state, path = save_timm(hub_snapshot(TIMM_REPOSITORY))
    torch.save(load_file(path), path.with_name("pytorch_model.bin"))
    path.unlink()
    model = made("timm", "test_vit", 7, 160, pretrained=True).model
    assert torch.equal(model.state_dict()["cls_token"], state["cls_token"])


@pytest.mark.parametrize("kept", [0, 5, 5000])
def test_damaged_timm_weights_are_named(kept, hub_snapshot):
    _, path = save_timm(hub_snapshot(TIMM_REPOSITORY))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(UserError, match="cannot be read") as caught:
        made("timm", "test_vit", 7, 160, pretrained=True)
    assert str(path) in str(caught.value)


def test_a_model_without_published_weights_says_so():
    without = next(n for n in timm.list_models("resnet*") if not timm.list_pretrained(f"{n}.*"))
    with pytest.raises(UserError, match="no pretrained weights"):
        made("timm", without, pretrained=True)


# transformers


def test_the_in21k_transformer_has_85_8_million_parameters_without_the_hub():
    with torch.device("meta"):
        model = made("transformers", IN21K, 10, 224).model
        logits = model(torch.zeros(2, 3, 224, 224))
    assert logits.shape == (2, 10)
    assert parameters(model.classifier.vit) == pytest.approx(85.8e6, rel=1e-3)
    assert shapes(model) == [(10, 768), (10,)]


SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
         "intermediate_size": 8, "image_size": 32, "patch_size": 8}  # fmt: skip


def save_transformer(snapshot, with_classifier=False, dtype=torch.float32):
    torch.manual_seed(99)
    kind = ViTForImageClassification if with_classifier else ViTModel
    model = kind(ViTConfig(**SMALL, num_labels=5)).to(dtype)
    model.save_pretrained(snapshot)
    return (model.vit if with_classifier else model).embeddings.cls_token


@pytest.mark.parametrize("with_classifier", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_transformers_reads_the_hubs_cache_in_full_precision(with_classifier, dtype, hub_snapshot):
    token = save_transformer(hub_snapshot("someone/small"), with_classifier, dtype)
    result = made("transformers", "someone/small", 7, 32, pretrained=True)
    assert result.substitutions == ()
    assert {p.dtype for p in result.model.parameters()} == {torch.float32}
    assert torch.equal(result.model.classifier.vit.embeddings.cls_token, token.float())
    assert result.model(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


def test_what_the_file_holds_in_another_shape_is_said(hub_snapshot):
    save_transformer(hub_snapshot("someone/small"))
    result = made("transformers", "someone/small", 7, 64, pretrained=True)
    (said,) = result.substitutions
    assert "position_embeddings" in said.used
    assert result.model(torch.zeros(2, 3, 64, 64)).shape == (2, 7)


def test_a_cached_configuration_without_weights_is_enough_for_timing(hub_snapshot):
    snapshot = hub_snapshot("someone/small")
    save_transformer(snapshot)
    (snapshot / "model.safetensors").unlink()
    result = made("transformers", "someone/small", 7, 32, pretrained=True)
    assert "random weights" in result.substitutions[0].used
    assert result.model(torch.zeros(2, 3, 32, 32)).shape == (2, 7)


def test_damaged_weights_of_transformers_are_named(hub_snapshot):
    snapshot = hub_snapshot("someone/small")
    save_transformer(snapshot)
    weights = snapshot / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    with pytest.raises(UserError, match="the cached weights cannot be read"):
        made("transformers", "someone/small", 7, 32, pretrained=True)


@pytest.mark.parametrize("pretrained", [False, True])
@pytest.mark.parametrize("name", ["someone/unknown", "unknown", "no/such/name"])
def test_an_uncached_configuration_is_an_error_with_the_remedy(name, pretrained):
    with pytest.raises(UserError, match="annt-prof fetch"):
        made("transformers", name, pretrained=pretrained)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [("{", "cannot be read"), ('{"model_type": "none_such"}', "none_such")],
)
def test_a_damaged_or_foreign_configuration_is_said(content, wanted, hub_snapshot):
    (hub_snapshot("someone/small") / "config.json").write_text(content)
    with pytest.raises(UserError, match=wanted):
        made("transformers", "someone/small")


# any source


@pytest.mark.parametrize(
    ("source", "name", "wanted"),
    [
        ("torchvision", "resnet5", 'did you mean "resnet50"'),
        ("torchvision", "fasterrcnn_resnet50_fpn", "no classification model"),
        ("timm", "vit_base_patch16_22", 'did you mean "vit_base_patch16_224"'),
        ("timm", "resnet50.a1_in1", 'did you mean "resnet50.a1_in1k"'),
    ],
)
def test_unknown_models_are_refused_with_the_nearest(source, name, wanted):
    with pytest.raises(UserError, match=r"model\.name") as caught:
        made(source, name)
    assert wanted in str(caught.value)


@pytest.mark.parametrize(
    ("source", "name", "argument", "value"),
    [
        ("torchvision", "resnet18", "depth", 3),
        ("timm", "resnet18", "depth", 3),
        ("transformers", IN21K, "hidden_sise", 3),
        ("transformers", IN21K, "hidden_size", "large"),
        ("torchvision", "resnet18", "weights", "DEFAULT"),
        ("timm", "resnet18", "pretrained", True),
    ],
)
def test_refused_arguments_are_the_users_to_mend(source, name, argument, value):
    with pytest.raises(UserError, match=r"model\.arguments") as caught:
        made(source, name, arguments={argument: value})
    assert argument in str(caught.value)


def test_accepted_arguments_take_effect():
    deep = made("torchvision", "resnet18", arguments={"width_per_group": 64}).model
    assert parameters(deep) > 1e7
    thin = made("timm", "resnet18", arguments={"drop_rate": 0.5}).model
    assert thin.drop_rate == 0.5
    with torch.device("meta"):
        one = made("transformers", IN21K, 7, 32, arguments={"num_hidden_layers": 1}).model
    assert len(one.classifier.vit.layers if hasattr(one.classifier.vit, "layers")
               else one.classifier.vit.encoder.layer) == 1  # fmt: skip


def test_an_image_size_that_the_patches_do_not_divide_is_refused():
    with pytest.raises(UserError, match=r"dataset\.image_size"):
        made("torchvision", "vit_b_16", 7, 40)


@pytest.mark.parametrize(
    ("source", "name"),
    [("torchvision", "vgg11"), ("timm", "resnet18"), ("transformers", IN21K), ("python", "a:b")],
)
def test_only_torchvisions_resnets_have_the_small_stem(source, name):
    choice = model_choice(source, name).model_copy(update={"stem": "cifar"})
    with torch.device("meta"), pytest.raises(UserError, match="stem"):
        make_model(choice, 7, 32)
