# `make demo` and `make test` do everything on a fresh machine, the environment included.
PYTHON ?= python3
BIN := .venv/bin
# One thread per process: the work is spread over processes.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1

.PHONY: env demo test lint stress perf perf-gpu wheel-smoke clean

env: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[all]" --group dev --group perf
	touch $@

demo: env
	$(BIN)/mn demo --out out/demo

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not stress"

lint: env
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

stress: env
	$(BIN)/python -m pytest -m stress

perf: env
	$(BIN)/python perf/mixing.py
	$(BIN)/python perf/checking.py
	$(BIN)/python perf/curating.py
	$(BIN)/python perf/near_duplicates.py
	$(BIN)/python perf/sdr.py
	$(BIN)/python perf/forward.py
	$(BIN)/python perf/training.py

perf-gpu: env
	$(BIN)/python perf/forward.py --device cuda

clean:
	rm -rf .venv out
