"""What each technique is worth, where in the step, and why."""
