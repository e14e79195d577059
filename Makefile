# Two commands do everything on a fresh machine: `make demo` and `make test`.
.PHONY: setup demo test test-slow lint bench clean
BIN := .venv/bin

setup:
	@installers/setup.sh

demo: setup
	@$(BIN)/pathview demo

test: setup
	@bash tests/run.sh -m 'not slow and not gpu'

test-slow: setup
	@bash tests/run.sh -m 'slow'

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: setup
	@bash benchmarks/run.sh

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist demo-output
