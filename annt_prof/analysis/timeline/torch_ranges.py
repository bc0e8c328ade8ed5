"""How the names of the ranges begin that torch puts around parts of a step by itself.

Source: torch/profiler/profiler.py, torch/utils/data/dataloader.py,
torch/utils/data/datapipes/_hook_iterator.py and torch/optim/optimizer.py.
"""

from annt_prof.categories import PHASE_PREFIX

STEP = "ProfilerStep#"
DATA_LOADER = "enumerate(DataLoader)#"
DATA_PIPE = "enumerate(DataPipe)#"
OPTIMIZER = "Optimizer."
OPTIMIZER_STEP = "Optimizer.step#"
ZERO_GRAD = "Optimizer.zero_grad#"

NAMING = (STEP, OPTIMIZER, DATA_LOADER, DATA_PIPE, PHASE_PREFIX)
"""Of ranges that only name a stretch of the program and do no work of their own. Before 2022 they
were operators too."""
