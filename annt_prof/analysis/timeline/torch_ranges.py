"""How the names of the ranges begin that torch puts around parts of a step by itself.

Source: torch/profiler/profiler.py, torch/utils/data/dataloader.py,
torch/utils/data/datapipes/_hook_iterator.py and torch/optim/optimizer.py.
"""

STEP = "ProfilerStep#"
DATA_LOADER = "enumerate(DataLoader)#"
DATA_PIPE = "enumerate(DataPipe)#"
OPTIMIZER = "Optimizer."
OPTIMIZER_STEP = "Optimizer.step#"
ZERO_GRAD = "Optimizer.zero_grad#"
