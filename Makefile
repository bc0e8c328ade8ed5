.PHONY: check lint test

check: lint test  ## what CI runs, in the present environment

lint:
	ruff check .
	ruff format --check .
	mypy
	lint-imports

test:
	pytest
