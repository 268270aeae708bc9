# Two commands: `make demo` races on this machine, `make test` checks everything.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ARGS ?=
APT := DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes --no-install-recommends
SYSTEM_PACKAGES := python3-venv systemd chromium fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji fonts-roboto-unhinted iproute2 \
  strace libfaketime libreoffice-calc postgresql nginx libnginx-mod-http-brotli-static libnginx-mod-nchan mosquitto \
  avahi-daemon avahi-utils dbus xvfb xdotool systemd-container procps util-linux bsdutils

.PHONY: demo screenshots race-day test api chaos field attack million-day mutants lint types pytest micropython format venv python-venv system-packages constraints fuzz bundle stick deb appliance appliance-small small-bundle appliance-vm readme-check clean

demo: venv
	$(BIN)/pitboard demo $(ARGS)

test: lint types pytest

lint: venv
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: venv
	$(BIN)/mypy

# Ten minutes of trouble for the real processes; ARGS="--seconds 40 --seed 2" for a short one.
chaos: venv
	@$(BIN)/python -m tests.chaos $(ARGS)

# What takes too long for every commit: addresses that move under real programs. Run it before a release.
field: venv
	$(BIN)/python -m pytest -m field $(ARGS)

# Every attack of a stranger at once, on a venue of real programs; run it before a release.
attack: venv
	@$(BIN)/python -m tests.attack $(ARGS)

# An official's whole race day at the touchscreen, with every preset and mistake; ARGS="--seed 2" for another.
race-day: venv
	@$(BIN)/python -m tests.trackside.touch.real_race_day $(ARGS)

# As many at once as there are cores, a file's tests together. WORKERS=3 is some seconds faster on two cores and finds
# more tests that expect a quick machine; WORKERS=0 runs them one after another. What Python compiled is kept in build/,
# whatever the environment says: the tests start hundreds of programs, and each of them would compile all modules anew.
WORKERS ?= $(shell getconf _NPROCESSORS_ONLN)
KEEP_COMPILED := PYTHONDONTWRITEBYTECODE= PYTHONPYCACHEPREFIX=$(CURDIR)/build/compiled
pytest: venv micropython
	$(KEEP_COMPILED) $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# The sensor's firmware is tested under it; without it those tests are left out (in CI they fail).
micropython:
	@command -v micropython >/dev/null || [ -x build/micropython/micropython ] || \
	  sh firmware_bridge/firmware/unpack_micropython.sh build/micropython || \
	  echo "No MicroPython to be had: the firmware's tests are left out." >&2

# A longer run against the decoders; SECONDS says how long.
SECONDS ?= 300
fuzz: venv
	$(BIN)/python -m tests.firmware_bridge.decoders.fuzz_decoders --seconds $(SECONDS)

# Every page of the touchscreen in every state, every page of the phone and the desk, every scene in every theme and
# size, and screens as glasses hang (turned, upright, with a hidden edge), to be looked at.
screenshots: venv
	$(BIN)/python -m tests.trackside.touch.screenshots
	@$(BIN)/python -m tests.sync.central.page_pictures
	@$(BIN)/python -m tests.display.contact_sheet $(ARGS)

# The public API's document held against a running central, by schemathesis in an environment of its own.
api: venv
	@[ -x build/schemathesis/bin/schemathesis ] || { \
	  $(PYTHON) -m venv build/schemathesis && build/schemathesis/bin/pip install --quiet 'schemathesis>=4'; }
	@$(BIN)/python -m tests.api_check build/schemathesis/bin/schemathesis $(ARGS)

format: venv
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

venv: $(VENV)/.ready

# Hash-checked first, then the project itself without looking at any registry.
$(VENV)/.ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Pitboard needs Python 3.11 or newer, this is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.11" >&2; \
	  exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || $(MAKE) --no-print-directory python-venv
	@echo "Setting up $(VENV); the first time takes about a minute."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Debian splits venv from Python: install it where we may, else say what to type.
python-venv:
	@if [ "$$(id -u)" = 0 ]; then $(APT) install python3-venv; \
	else echo "Python's venv is missing. Type: sudo apt install python3-venv" >&2; exit 1; fi

# Real servers, browsers and fonts that some tests use; CI installs them first.
system-packages:
	@if [ "$$(id -u)" = 0 ]; then $(APT) update && $(APT) install $(SYSTEM_PACKAGES); \
	else echo "Type: sudo apt install $(SYSTEM_PACKAGES)" >&2; exit 1; fi

# Written anew when pyproject.toml's bounds change; names, versions and hashes only.
constraints:
	mkdir -p build && cp constraints.txt build/constraints.txt  # what still fits stays as it is
	$(PYTHON) -m venv build/uv && build/uv/bin/pip install --quiet uv
	printf 'setuptools\nwheel\n' > build/build-system.in
	build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --extra dev --extra gpio pyproject.toml build/build-system.in -o build/constraints.txt
	{ echo "# Exact versions and hashes of every package, for repeatable installs; 'make constraints' writes it anew."; \
	  cat build/constraints.txt; } > constraints.txt

# A USB stick for machines without internet: wheels for Debian 12 and 13 on amd64 and arm64, and install.sh; and what a
# screen needs of Debian's packages, of the release that this machine has. DEBS= leaves those out.
DEBS ?= arm64 amd64
bundle: venv
	@$(BIN)/python -m venue.set_up.bundle --project . --out build/bundle $(foreach one,$(DEBS),--debs $(one)) $(ARGS)

# A venue's whole stick by one command: the bundle, and a folder for each machine of VENUE. The keys stay beside the
# file, so that the stick can be made again, and those of two events never meet.
VENUE ?= venue.toml
STICK ?=
NODES = $(basename $(VENUE))-nodes
stick: venv
	@[ -n "$(STICK)" ] && [ -d "$(STICK)" ] || { \
	  echo "No stick there. Type where it is: make stick VENUE=venue.toml STICK=/media/stick" >&2; exit 2; }
	@$(BIN)/pitboard venue check "$(VENUE)"
	@$(MAKE) --no-print-directory bundle
	@$(BIN)/pitboard venue make "$(VENUE)" --out "$(NODES)"
	@rm -rf "$(STICK)/nodes" && mkdir "$(STICK)/nodes" && cp -r "$(NODES)/." "$(STICK)/nodes/"
	@cp -r build/bundle/wheels build/bundle/install.sh $(wildcard build/bundle/debs) "$(STICK)/" && sync
	@echo "The stick is ready. On each machine type: sudo sh $(STICK)/install.sh HOST"

# Boots a venue of five machines from the stick and puts it through a bad day; needs root. docs/appliance.md tells it.
appliance: venv
	@$(BIN)/python -m venue.set_up.bundle --project . --out build/appliance/bundle \
	  --python 3.11 --machine $$(uname -m)
	@$(BIN)/python -m venue.appliance --bundle build/appliance/bundle --out build/appliance

# One machine booted from this one's own system and installed from the stick: one run, its power cut in the middle.
# Where no machine may be booted it says so loudly and goes on. CI does it.
appliance-small: small-bundle
	@$(BIN)/python -m venue.appliance --small --bundle build/appliance/small-bundle --out build/appliance

# For the Python of this machine's own system.
small-bundle: venv
	@$(BIN)/python -m venue.set_up.bundle --project . --out build/appliance/small-bundle \
	  --python $$(/usr/bin/python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])') --machine $$(uname -m)

# A virtual machine with a kernel, a screen, GPIO and a serial port of its own, by QEMU without KVM; needs root and time.
appliance-vm: venv
	@$(BIN)/python -m venue.set_up.bundle --project . --out build/appliance/bundle \
	  --python 3.11 --machine $$(uname -m)
	@$(BIN)/python -m venue.appliance --virtual --bundle build/appliance/bundle --out build/appliance $(ARGS)

# README's shell blocks, typed by a user in a Debian that has nothing yet; needs root and the registries.
readme-check: venv
	@$(BIN)/python -m venue.appliance.readme_check --project . --out build/readme

# The same as packages for Debian 12 and 13, one for each kind of machine.
deb: venv
	@$(MAKE) --no-print-directory bundle DEBS=
	@sh deploy/build_deb.sh build/bundle amd64 build/deb
	@sh deploy/build_deb.sh build/bundle arm64 build/deb

clean:
	rm -rf $(VENV) build out

# A million records through PostgreSQL with a kill and a failover, about a quarter of an hour; ARGS="--records 50000".
million-day: venv
	@$(BIN)/python -m tests.million_day $(ARGS)

mutants: venv
	$(BIN)/python -m tests.mutants
