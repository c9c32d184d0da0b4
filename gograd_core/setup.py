"""Build the native engine if Cython and a C compiler are available, else a pure Python wheel for every platform."""

import glob
import importlib.util
import os
import shutil
import sys
import sysconfig

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel

FLAGS = ["-O3", "-ffp-contract=off"]
NATIVE = Extension(
    "gograd_core._native",
    ["src/gograd_core/engines/native/native.pyx"],
    depends=sorted(glob.glob("src/gograd_core/engines/native/*.pxi")),
    extra_compile_args=[] if sysconfig.get_platform().startswith("win") else FLAGS,
    optional=True,
)
NATIVE.cython_c_in_temp = True  # beside its source it would outlive the build


def extensions():
    if os.environ.get("GOGRAD_NO_EXTENSION", "0") not in ("", "0"):
        return []
    if sys.implementation.name != "cpython":
        return []  # the native engine counts references as CPython does
    if importlib.util.find_spec("Cython") is None:
        print("gograd-core: the native engine is left out, for Cython is missing")
        return []
    return [NATIVE]


class Wheel(bdist_wheel):
    """Takes nothing from an earlier build, and is one for every platform if no library came out of this one."""

    def run(self):
        built = os.path.join(self.get_finalized_command("build").build_lib, "gograd_core")
        shutil.rmtree(built, ignore_errors=True)
        self.get_finalized_command("build_ext").force = True  # C of an earlier source may lie there as well
        self.run_command("build")
        if not glob.glob(f"{built}/_native*{sysconfig.get_config_var('EXT_SUFFIX')}"):
            self.distribution.ext_modules = []
            self.root_is_pure = True
        self.skip_build = True
        super().run()


setup(cmdclass={"bdist_wheel": Wheel}, ext_modules=extensions())
