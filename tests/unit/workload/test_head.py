"""Which parameters are the classifier's."""

import pytest
import timm
import torch

from annt_prof.errors import UserError
from annt_prof.workload.models.head import classifier_parameters, replace_classifier


def of(model):
    named = {id(p): name for name, p in model.named_parameters()}
    return {named[id(p)] for p in classifier_parameters(model)}


def test_the_last_linear_layer_in_order_of_registration():
    model = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.Linear(3, 4), torch.nn.ReLU())
    assert of(model) == {"1.weight", "1.bias"}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("resnet18", {"fc.weight", "fc.bias"}),
        ("vgg11", {"head.fc.weight", "head.fc.bias"}),
        ("deit_tiny_distilled_patch16_224",
         {"head.weight", "head.bias", "head_dist.weight", "head_dist.bias"}),
    ],
)  # fmt: skip
def test_timm_says_it_itself_also_where_there_are_two(name, wanted):
    with torch.device("meta"):
        assert of(timm.create_model(name)) == wanted


def test_a_timm_backbone_under_a_head_of_the_users_own():
    with torch.device("meta"):
        backbone = timm.create_model("resnet18", num_classes=0)
        model = torch.nn.Sequential(backbone, torch.nn.Linear(512, 3))
    assert of(model) == {"1.weight", "1.bias"}


def test_a_convolution_serves_where_there_is_no_linear_layer():
    model = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Conv2d(4, 5, 1))
    assert of(model) == {"1.weight", "1.bias"}
    replace_classifier(model, 9)
    assert model[1].out_channels == 9


@pytest.mark.parametrize("bias", [False, True])
def test_the_fresh_classifier_is_like_the_old_but_for_its_classes(bias):
    model = torch.nn.Sequential(torch.nn.Sequential(torch.nn.Linear(6, 4, bias=bias)))
    replace_classifier(model, 9)
    fresh = model[0][0]
    assert (fresh.in_features, fresh.out_features) == (6, 9)
    assert (fresh.bias is not None) is bias


def test_a_model_without_one_is_refused():
    with pytest.raises(UserError, match="no linear layer"):
        classifier_parameters(torch.nn.ReLU())
