"""Operations and rounding, on models whose numbers are known."""

import pytest
import torch

from annt_prof.workload.numerics import flops_per_iteration, quantisation_errors


def squared(outputs, _targets):
    return outputs.square().sum()


def test_a_linear_layer_has_two_operations_a_weight_and_pass():
    model = torch.nn.Linear(16, 32, bias=False)
    inputs = torch.ones(8, 16)
    # Forward, and the gradient of the weights; inputs need none.
    assert flops_per_iteration(model, squared, inputs, inputs) == 2 * (2 * 8 * 16 * 32)
    assert model.weight.grad is None


def errors(weight, inputs, dtype):
    model = torch.nn.Sequential(torch.nn.Linear(1, 1, bias=False))
    with torch.no_grad():
        model[0].weight.fill_(weight)
    batch = torch.tensor(inputs).reshape(-1, 1)
    found = quantisation_errors(model, squared, batch, batch, dtype)
    return {each.of: each for each in found}


def test_what_both_precisions_hold_has_no_error():
    for each in errors(0.5, [1.0, 2.0], torch.bfloat16).values():
        assert each.mean_absolute_error == each.underflow == each.overflow == 0
        assert each.dtype == "bfloat16"


def test_the_error_is_the_distance_to_the_rounded_number():
    found = errors(1.001, [1.0], torch.bfloat16)
    assert found["parameters"].mean_absolute_error == pytest.approx(0.001, rel=1e-3)
    assert found["parameters"].mean_absolute_value == pytest.approx(1.001)
    assert found["activations"].mean_absolute_error == pytest.approx(0.001, rel=1e-3)


def test_what_is_too_small_or_too_large_for_float16():
    found = errors(1.0, [1e-9, 1.0, 1e6], torch.float16)
    assert found["activations"].underflow == pytest.approx(1 / 3)
    assert found["activations"].overflow == pytest.approx(1 / 3)
    assert found["activations"].mean_absolute_value == pytest.approx(0.5)
    assert found["gradients"].overflow == 1.0


def test_no_hook_and_no_gradient_stays_behind():
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
    batch = torch.ones(3, 2)
    quantisation_errors(model, squared, batch, batch, torch.bfloat16)
    assert not any(module._forward_hooks for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())
