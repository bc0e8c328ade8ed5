"""Names from a scenario to torch objects: models, datasets, optimizers, schedules."""
