"""Builds the native decoder where Rust is at hand, and says so plainly where it is not.

Everything else about the distribution stands in pyproject.toml. The extension is optional: without a Rust toolchain, or
with its registry out of reach, the install succeeds and dnsloupe decodes with its Python reference. With
DNSLOUPE_REQUIRE_NATIVE=1, or CI=true, a missing native decoder is a failure instead.
"""

from __future__ import annotations

import os
import sys

from setuptools import setup
from setuptools_rust import Binding, RustExtension, build_rust

MANIFEST = "analyzer/decode/native/binding/Cargo.toml"
REQUIRED = "1" in os.environ.get("DNSLOUPE_REQUIRE_NATIVE", "") or os.environ.get("CI", "").lower() in {"1", "true"}

NOT_BUILT = """
****************************************************************************
dnsloupe: the native decoder was NOT built (the reason stands above).
The install goes on. Everything works, on the Python reference decoder, about
two hundred times slower. To have the native one, install Rust (rustc, cargo)
and run:  pip install --force-reinstall --no-deps dnsloupe
****************************************************************************
"""


class BuildNative(build_rust):
    """setuptools-rust leaves a failed optional extension at a line in the log; this says what it means."""

    built = False

    def run_for_extension(self, extension: RustExtension) -> None:
        super().run_for_extension(extension)
        self.built = True

    def run(self) -> None:
        super().run()
        if self.extensions and not self.built:
            sys.stdout.flush()
            print(NOT_BUILT, file=sys.stderr, flush=True)


setup(
    rust_extensions=[
        RustExtension(
            "analyzer.decode._native",
            path=MANIFEST,
            binding=Binding.PyO3,
            debug=False,  # editable installs would otherwise build the debug profile, some forty times slower
            optional=not REQUIRED,
            py_limited_api=True,  # built in place it serves every Python from 3.11 on, too
            cargo_manifest_args=["--locked"],
        )
    ],
    cmdclass={"build_rust": BuildNative},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},  # one wheel per platform, for every CPython from 3.11 on
)
