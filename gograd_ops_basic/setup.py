"""Builds the operations' kernels if a C compiler is available. Otherwise the wheel has only Python."""

import glob
import os
import shutil
import sysconfig

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel

FLAGS = ["-O2", "-ffp-contract=off", "-fno-math-errno"]
KERNELS = Extension(
    "gograd_ops_basic._kernels",
    ["src/gograd_ops_basic/_kernels.c"],
    extra_compile_args=[] if sysconfig.get_platform().startswith("win") else FLAGS,
    optional=True,
)


class Wheel(bdist_wheel):
    """Takes nothing from an earlier build, and is one for every platform if no library came out of this one."""

    def run(self):
        built = os.path.join(self.get_finalized_command("build").build_lib, "gograd_ops_basic")
        shutil.rmtree(built, ignore_errors=True)
        self.run_command("build")
        if not glob.glob(f"{built}/_kernels.*"):
            self.distribution.ext_modules = []
            self.root_is_pure = True
        self.skip_build = True
        super().run()


wanted = os.environ.get("GOGRAD_NO_EXTENSION", "0") in ("", "0")
setup(cmdclass={"bdist_wheel": Wheel}, ext_modules=[KERNELS] if wanted else [])
