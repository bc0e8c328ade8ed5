.PHONY: check lint test mutants

check: lint test  ## what CI runs, in the present environment

lint:
	ruff check .
	ruff format --check .
	mypy
	lint-imports

test:
	pytest

only ?= annt_prof/compare annt_prof/explain annt_prof/views annt_prof/report
jobs ?= $(shell nproc)

# Mutants whose code stands as it did are kept, since making them takes a minute; all are tried anew.
mutants:  ## which changes of a line no test notices, not in CI; `make mutants only=annt_prof/views`
	rm -rf mutants/tests mutants/mutmut-stats.json
	mutmut run --max-children $(jobs) $(foreach part,$(subst /,.,$(only:.py=)),'$(part).*')
	mutmut results --all true | python tests/mutation/by_folder.py
