"""Compiles the loops if Cython and a C compiler are available. Otherwise the wheel has only Python."""

import glob
import importlib.util
import os
import shutil
import sys
import sysconfig

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel

FLAGS = ["-O3", "-ffp-contract=off"]
LOOPS = "src/gograd_compile/loops"
DIRECTIVES = {
    "annotation_typing": False,
    "boundscheck": False,
    "cdivision": True,
    "initializedcheck": False,
    "language_level": 3,
    "wraparound": False,
}


def loops(declarations):
    """The extension with the C types in that file."""
    module = declarations.removesuffix(".pxd")
    extension = Extension(
        module.removeprefix("src/").replace("/", "."),
        [f"{module}.py"],
        depends=[declarations],
        extra_compile_args=[] if sysconfig.get_platform().startswith("win") else FLAGS,
        optional=True,
    )
    extension.cython_directives = DIRECTIVES
    extension.cython_c_in_temp = True  # beside its source it would outlive the build
    return extension


def extensions():
    if os.environ.get("GOGRAD_NO_EXTENSION", "0") not in ("", "0"):
        return []
    if sys.implementation.name != "cpython":
        return []
    if importlib.util.find_spec("Cython") is None:
        print("gograd-compile: its loops are not compiled, for Cython is missing")
        return []
    return [loops(declarations.replace(os.sep, "/")) for declarations in sorted(glob.glob(f"{LOOPS}/*.pxd"))]


class Wheel(bdist_wheel):
    """Takes nothing from an earlier build, and is one for every platform if this one did not give all libraries."""

    def run(self):
        built = os.path.join(self.get_finalized_command("build").build_lib, "gograd_compile")
        shutil.rmtree(built, ignore_errors=True)
        self.get_finalized_command("build_ext").force = True  # C of an earlier source may lie there as well
        self.run_command("build")
        libraries = glob.glob(f"{built}/loops/*{sysconfig.get_config_var('EXT_SUFFIX')}")
        if not libraries or len(libraries) < len(self.distribution.ext_modules):
            for library in libraries:
                os.remove(library)
            self.distribution.ext_modules = []
            self.root_is_pure = True
        self.skip_build = True
        super().run()


setup(cmdclass={"bdist_wheel": Wheel}, ext_modules=extensions())
