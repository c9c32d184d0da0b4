"""Compiles the loops, and calls in C, if Cython and a C compiler are available. Otherwise the wheel has only Python."""

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
CALL = "src/gograd_compile/call"
DIRECTIVES = {
    "annotation_typing": False,
    "boundscheck": False,
    "cdivision": True,
    "initializedcheck": False,
    "language_level": 3,
    "wraparound": False,
}


def extension(source, depends):
    """The extension of that source."""
    made = Extension(
        os.path.splitext(source)[0].removeprefix("src/").replace("/", "."),
        [source],
        depends=depends,
        include_dirs=[CALL],
        extra_compile_args=[] if sysconfig.get_platform().startswith("win") else FLAGS,
        optional=True,
    )
    made.cython_directives = DIRECTIVES
    made.cython_c_in_temp = True  # beside its source it would outlive the build
    return made


def extensions():
    if os.environ.get("GOGRAD_NO_EXTENSION", "0") not in ("", "0"):
        return []
    if sys.implementation.name != "cpython":
        return []
    if importlib.util.find_spec("Cython") is None:
        print("gograd-compile: it is not compiled, for Cython is missing")
        return []
    declarations = [path.replace(os.sep, "/") for path in sorted(glob.glob(f"{LOOPS}/*.pxd"))]
    loops = [extension(path.removesuffix(".pxd") + ".py", [path]) for path in declarations]
    return [*loops, extension(f"{CALL}/prepared.pyx", sorted(glob.glob(f"{CALL}/*.pxi") + glob.glob(f"{CALL}/*.h")))]


class Wheel(bdist_wheel):
    """Takes nothing from an earlier build, and is one for every platform if this one did not give all libraries."""

    def run(self):
        built = os.path.join(self.get_finalized_command("build").build_lib, "gograd_compile")
        shutil.rmtree(built, ignore_errors=True)
        self.get_finalized_command("build_ext").force = True  # C of an earlier source may lie there as well
        self.run_command("build")
        libraries = glob.glob(f"{built}/*/*{sysconfig.get_config_var('EXT_SUFFIX')}")
        if not libraries or len(libraries) < len(self.distribution.ext_modules):
            for library in libraries:
                os.remove(library)
            self.distribution.ext_modules = []
            self.root_is_pure = True
        self.skip_build = True
        super().run()


setup(cmdclass={"bdist_wheel": Wheel}, ext_modules=extensions())
