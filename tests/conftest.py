"""What every test runs under, whatever the shell that starts it says."""

from __future__ import annotations

import os

import hypothesis

# Before torch is imported, here or in a command that a test starts: threads that wait by spinning
# take the cores from those that work, and made steps 60 times slower beside other programs.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

# What is printed is compared with pages of this width, without colours.
os.environ["COLUMNS"] = "100"
os.environ.pop("FORCE_COLOR", None)

# How long an example takes says something of the machine, nothing of the code.
hypothesis.settings.register_profile("annt_prof", deadline=None)
hypothesis.settings.load_profile("annt_prof")
