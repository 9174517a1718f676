# make demo   set up .venv, analyse the sample, print the report
# make test   set up .venv, run everything that holds the code to its word; goes on through failures, fails at the end
# make check  the quick part of it: format, lint, types, house rules
# Also: native bench docs fuzz notebook clean. Another interpreter: make test PYTHON=python3.13 VENV=.venv313

PYTHON ?= python3
VENV ?= .venv
# cargo's settings for builds and tests alike, so that nothing is compiled twice
CRATE := analyzer/decode/native
CARGO ?= cargo

BIN := $(VENV)/bin
DNSLOUPE := $(BIN)/dnsloupe
STAMPS := $(VENV)/stamps
SKIPPED := $(abspath $(VENV))/skipped.txt
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUST := $(shell find $(CRATE) -name target -prune -o \( -name '*.rs' -o -name 'Cargo.*' \) -print 2>/dev/null)
HAVE_CARGO := $(shell command -v $(CARGO) 2>/dev/null)
REQUIRE_NATIVE := $(filter 1 true,$(CI) $(DNSLOUPE_REQUIRE_NATIVE))

.DEFAULT_GOAL := help
.PHONY: help demo test check native bench docs fuzz notebook clean
.PHONY: lint ruff-check ruff-format types stubs unit rust rust-format rust-clippy rust-test

help:
	@sed -n 's/^# \{0,1\}//p;/^$$/q' Makefile

# ---- installing -------------------------------------------------------------------------------------------------------

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "make: no $(PYTHON) on the PATH (PYTHON=... names another)" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "make: $(PYTHON) is older than 3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Installed in place, so that what runs is what stands here; the native decoder is built again only when its sources change.
define install
@mkdir -p $(STAMPS)
@echo "installing dnsloupe$(1) into $(VENV) ..."
@$(PIP) -e '.$(1)'
@touch $(STAMPS)/core $@
@$(BIN)/python -c 'import analyzer.decode._native' 2>/dev/null || \
	echo "note: the native decoder was not built ($(if $(HAVE_CARGO),see pip install -v .,no cargo on the PATH)); the Python reference decoder is used"
endef

$(STAMPS)/core: pyproject.toml setup.py $(RUST) | $(BIN)/python
	$(call install,)

$(STAMPS)/dev: pyproject.toml setup.py $(RUST) | $(BIN)/python
	$(call install,[dev])

$(STAMPS)/notebook: pyproject.toml setup.py $(RUST) | $(BIN)/python
	$(call install,[notebook])

native: | $(BIN)/python
	@mkdir -p $(STAMPS)
	DNSLOUPE_REQUIRE_NATIVE=1 $(PIP) -e .
	@touch $(STAMPS)/core
	@$(BIN)/python -c 'import analyzer.decode._native as n; print("native decoder:", n.__file__)'

# ---- the two commands -------------------------------------------------------------------------------------------------

demo: $(STAMPS)/core
	@$(DNSLOUPE) analyze samples/nodelocaldns-incident.pcap
	@$(DNSLOUPE) doctor --line

test: $(STAMPS)/dev
	@rm -f $(SKIPPED)
	@$(MAKE) --no-print-directory --keep-going lint types stubs unit rust; status=$$?; \
	echo; echo "skipped:"; if [ -s $(SKIPPED) ]; then sort -u $(SKIPPED) | sed 's/^/  /'; else echo "  nothing"; fi; \
	if [ $$status -eq 0 ]; then echo "make test: all passed"; else echo "make test: FAILED (see above)"; fi; exit $$status

check: $(STAMPS)/dev
	@$(MAKE) --no-print-directory --keep-going lint types
	@$(BIN)/python -m pytest -q tests/test_house.py

# ---- its parts --------------------------------------------------------------------------------------------------------

lint: ruff-check ruff-format

ruff-check: $(STAMPS)/dev
	$(BIN)/ruff check --quiet .

ruff-format: $(STAMPS)/dev
	$(BIN)/ruff format --quiet --check .

types: $(STAMPS)/dev
	$(BIN)/mypy --strict analyzer

# stubtest imports what it checks, so it needs the extension
stubs: $(STAMPS)/dev
	@if $(BIN)/python -c 'import analyzer.decode._native' 2>/dev/null; then \
		echo "$(BIN)/stubtest --mypy-config-file pyproject.toml analyzer.decode._native"; \
		$(BIN)/stubtest --mypy-config-file pyproject.toml analyzer.decode._native; \
	elif [ -n "$(REQUIRE_NATIVE)" ]; then echo "stubtest: the native decoder is not there, and it is required" >&2; exit 1; \
	else echo "stubtest of analyzer.decode._native: the native decoder is not built" >>$(SKIPPED); fi

unit: $(STAMPS)/dev
	DNSLOUPE_SKIPPED=$(SKIPPED) $(BIN)/python -m pytest -n 2 --dist loadfile -q

# The release profile, as the installed extension: its dependencies are compiled once.
ifdef HAVE_CARGO
rust: rust-format rust-clippy rust-test

rust-format:
	$(CARGO) fmt --manifest-path $(CRATE)/Cargo.toml --all --check

rust-clippy:
	$(CARGO) clippy --quiet --locked --manifest-path $(CRATE)/Cargo.toml --workspace --all-targets --release -- -D warnings

rust-test: $(STAMPS)/dev
	PYO3_PYTHON=$(abspath $(BIN))/python $(CARGO) test --quiet --locked --manifest-path $(CRATE)/Cargo.toml --workspace --release
else
rust:
	@if [ -n "$(REQUIRE_NATIVE)" ]; then echo "rust: no cargo on the PATH, and it is required" >&2; exit 1; fi
	@echo "cargo fmt, clippy, test: no cargo on the PATH" >>$(SKIPPED)
endif

# ---- the rest ---------------------------------------------------------------------------------------------------------

bench: $(STAMPS)/core
	$(BIN)/python benchmarks/bench.py

docs: $(STAMPS)/dev
	$(BIN)/python docs/build.py
	$(BIN)/python docs/notebooks.py

# Coverage-guided, so it needs a nightly Rust and cargo-fuzz; cargo test mutates the corpus on any toolchain.
# What a target has found so far stays in its corpus folder, which begins with the cases of tests/corpus.
FUZZ_SECONDS ?= 60
FUZZ_OPTIONS ?=
fuzz:
	@$(CARGO) +nightly fuzz --version >/dev/null 2>&1 || { echo "make fuzz: needs a nightly Rust and cargo-fuzz (cargo install cargo-fuzz)" >&2; exit 1; }
	@for target in $$($(CARGO) +nightly fuzz list --fuzz-dir $(CRATE)/fuzz); do \
		mkdir -p $(CRATE)/fuzz/corpus/$$target; \
		for case in tests/corpus/*.hex; do \
			grep -v '^#' $$case | xxd -r -p >$(CRATE)/fuzz/corpus/$$target/$$(basename $$case .hex); done; \
		$(CARGO) +nightly fuzz run --fuzz-dir $(CRATE)/fuzz $$target -- -max_total_time=$(FUZZ_SECONDS) $(FUZZ_OPTIONS) || exit 1; done

# JupyterLab refuses to run as root unless told; who types make as root (in a container, say) means it. It listens on loopback.
NOTEBOOK_OPTIONS ?=
notebook: $(STAMPS)/notebook
	$(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(NOTEBOOK_OPTIONS) notebooks

clean:
	rm -rf $(VENV) build dist *.egg-info $(CRATE)/target benchmarks/data .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find analyzer tests -name __pycache__ -prune -exec rm -rf {} +
	rm -f analyzer/decode/_native*.so
