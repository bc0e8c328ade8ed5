"""What this machine is: its hardware, its fingerprint and its calibrated ceilings."""
