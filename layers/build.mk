# Shared by the Makefiles of layers and functions. `sam build` does not pass the architecture to make:
# `make build ARCH=…` sets it in the environment, and deploy/build_artifacts.py checks the result.
ARCHITECTURE ?= arm64
PYTHON_VERSION ?= 3.13
LAYERS := $(dir $(lastword $(MAKEFILE_LIST)))
UV ?= $(LAYERS)../.venv/bin/uv
PLATFORM_arm64 := aarch64-manylinux_2_28
PLATFORM_x86_64 := x86_64-manylinux_2_28
MACHINE_arm64 := aarch64
MACHINE_x86_64 := x86_64
BYTECODE = python3 $(LAYERS)bytecode.py --version $(PYTHON_VERSION)
