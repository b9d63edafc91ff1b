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
# YoWASP's tools compile themselves once; keep that inside the clone.
export SC_NEUROCORE_CACHE ?= $(CURDIR)/build/cache

.DEFAULT_GOAL := help
.PHONY: help demo test lint sim formal coverage synth flash bench study clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "  variables: BOARD=$(BOARD) NETWORK=$(NETWORK) OUT=$(OUT) PYTHON=$(PYTHON)"

demo: $(VENV)/use ## train digits, compare golden = packed = RTL, build an iCEBreaker bitstream, print the table
	@$(PY) tools/demo.py

test: lint sim formal ## lint, unit tests, cocotb, proofs with planted bugs

lint: $(VENV)/dev ## Verilator -Wall and slang on the RTL; ruff and mypy --strict on the Python
	@$(PY) tools/lint_rtl.py
	@$(PY) tools/catalogue.py --check
	@$(PY) tools/pictures.py --check
	@$(VENV)/bin/ruff check .
	@$(PY) -m mypy

sim: $(VENV)/dev ## unit tests, doctests, and every RTL module against the golden model (cocotb)
	@$(PY) -m pytest -n $(JOBS)

formal: $(VENV)/dev ## every proof, cover and planted bug
	@$(PY) formal/run.py
	@$(PY) formal/neurons.py

coverage: $(VENV)/dev ## line and toggle coverage of the benches by module, rtl/coverage.json (slow; can be stopped)
	@$(PY) tools/coverage.py -n $(JOBS)
	@$(PY) tools/catalogue.py

synth: $(VENV)/use ## build NETWORK for BOARD: a bitstream in OUT, with its post-route figures
	@$(SC) build $(NETWORK) --board $(BOARD) --out $(OUT)

flash: $(VENV)/use ## write OUT to the BOARD
	@$(SC) flash $(OUT) --board $(BOARD)

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
