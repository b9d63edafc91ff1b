# Everything that the project does, one target each. Each sets up .venv by itself; nothing else is installed.
PYTHON  ?= python3
VENV    ?= .venv
BOARD   ?= icebreaker
NETWORK ?= train/networks/mnist-small
OUT     ?= build/$(BOARD)/$(notdir $(NETWORK))
JOBS    ?= 2

PY  := $(VENV)/bin/python
SC  := $(VENV)/bin/sc-neurocore
PIP := $(PY) -m pip --disable-pip-version-check install --quiet -c constraints.txt
# What `make quick` runs: the arithmetic, the simulators, the artifact, the engine's image and one bench.
QUICK := $(patsubst %,tests/test_%.py,sources golden network packed kernels lookup artifact image) tb/test_lane.py

# YoWASP's tools compile themselves once; keep that inside the clone.
export SC_NEUROCORE_CACHE ?= $(CURDIR)/build/cache

.DEFAULT_GOAL := help
.PHONY: help demo test quick lint sim formal mutate coverage synth flash bench study clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  variables: BOARD=$(BOARD) NETWORK=$(NETWORK) OUT=$(OUT) PYTHON=$(PYTHON)"

demo: $(VENV)/use ## train digits, compare golden = packed = RTL, build an iCEBreaker bitstream, print the table
	@$(PY) tools/demo.py

test: lint sim formal ## lint, unit tests, cocotb, proofs; ALL=1 repeats also what is known of the same files

lint: $(VENV)/dev ## Verilator -Wall and slang on the RTL; ruff and mypy --strict on the Python
	@$(PY) tools/lint_rtl.py
	@$(PY) tools/catalogue.py --check
	@$(PY) tools/pictures.py --check
	@$(PY) formal/mutate.py table --check
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check --quiet . || { echo 'not formatted: run ruff format .'; exit 1; }
	@$(VENV)/bin/vermin --quiet --no-tips --violations -t=3.10- bench examples formal model tb tests tools
	@$(PY) -m mypy

sim: $(VENV)/dev ## unit tests, doctests, and every RTL module against the golden model (cocotb)
	@$(PY) -m pytest -n $(JOBS) --durations=10 $(if $(ALL),--all)

formal: $(VENV)/dev ## proofs, covers and planted bugs that changed, a part of the others, 60 killed mutants
	@$(PY) formal/run.py $(if $(ALL),--all)
	@$(PY) formal/neurons.py
	@$(PY) formal/mutate.py vacuity --jobs $(JOBS)
	@$(PY) formal/mutate.py replay --jobs $(JOBS)

mutate: $(VENV)/dev ## go on with the campaign of mutants (hours; stop it at any time), write docs/mutation.md
	@$(PY) formal/mutate.py netlist --jobs $(JOBS)
	@$(PY) formal/mutate.py run --jobs $(JOBS)
	@$(PY) formal/mutate.py table

coverage: $(VENV)/dev ## line and toggle coverage of the benches by module, rtl/coverage.json (slow; can be stopped)
	@$(PY) tools/bench_coverage.py -n $(JOBS)
	@$(PY) tools/catalogue.py

synth: $(VENV)/use ## build NETWORK for BOARD: a bitstream in OUT, with its post-route figures
	@$(SC) build $(NETWORK) --board $(BOARD) --out $(OUT)

flash: $(VENV)/use ## write OUT to the BOARD
	@$(SC) flash $(OUT) --board $(BOARD)

quick: $(VENV)/dev ## a first answer in three minutes: lint, some unit tests, one bench, one proof
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check --quiet .
	@$(PY) -m mypy
	@$(PY) tools/lint_rtl.py
	@$(PY) tools/catalogue.py --check
	@$(PY) tools/pictures.py --check
	@$(PY) formal/mutate.py table --check
	@$(PY) -m pytest -q -n $(JOBS) $(QUICK)
	@$(PY) formal/run.py --only sc_apc_fv

bench: $(VENV)/dev ## speed and memory of the simulators, docs/speed.md (about 3 minutes)
	@$(PY) bench/speed.py

study: $(VENV)/dev ## measure and plot docs/where_sc_pays.md anew (about 12 minutes)
	@$(PY) bench/where_sc_pays.py all

clean: ## remove everything that was built (not .venv)
	@rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis obj_dir
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

$(VENV)/use: pyproject.toml constraints.txt
	@tools/venv.sh $(PYTHON) $(VENV)
	@echo "installing into $(VENV) (several minutes the first time, most of it PyTorch)"
	@$(PIP) -e '.[train,hardware,nir,equations]'
	@touch $@

$(VENV)/dev: pyproject.toml constraints.txt
	@tools/venv.sh $(PYTHON) $(VENV)
	@echo "installing into $(VENV) (several minutes the first time, most of it PyTorch)"
	@$(PIP) -e '.[dev]'
	@touch $@ $(VENV)/use
