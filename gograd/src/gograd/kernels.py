"""The command `gograd kernels`: generates native code for the operations of a plugin from their rules."""

from __future__ import annotations

import warnings
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from gograd.console import cannot_write, console, fail
from gograd_core import PluginWarning
from gograd_core.extend import Extension, current, plugin_modules, print_extension

__all__ = ["write_kernels"]


def write_kernels(
    module: Annotated[str, typer.Argument(metavar="PLUGIN", help="A distribution, or its entry point's module.")],
    output: Annotated[Path | None, typer.Option(help="The file. The default is _kernels.c beside the module.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if the file is not current.")] = False,
) -> None:
    """Write C for the operations of a plugin, to be compiled into an extension. See `with_kernels`."""
    module = _module(module)
    plugin = _plugin(module)
    path = output or Path(plugin.__file__).with_name("_kernels.c")
    extension = print_extension(plugin.gograd_ops(), module, path.stem)
    console().print(_table(extension))
    if check:
        if not path.is_file() or path.read_text(encoding="utf-8") != extension.text:
            raise fail(f"{path} is not current: run gograd kernels {module}")
        console().print(f"{path} is current", soft_wrap=True)
        return
    try:
        path.write_text(extension.text, encoding="utf-8")
    except OSError as error:
        raise fail(cannot_write(error)) from None
    count = len(extension.kernels)
    console().print(f"{path}: kernels of {count} operation{'s' * (count != 1)}", soft_wrap=True)


def _module(plugin: str) -> str:
    """Find the module of a distribution's plugin. Any other name is taken for the name of a module."""
    modules = plugin_modules(plugin)
    if len(modules) > 1:
        raise fail(f"{plugin} has several plugins: name the module of one, {' or '.join(modules)}")
    return modules[0] if modules else plugin


def _plugin(module: str) -> Any:
    """Import a module, which must provide operations."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PluginWarning)  # the warning that kernels are not current
            plugin = import_module(module)
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name == module.partition(".")[0]:
            raise fail(f"{module!r} is {_reason(module)}") from None
        raise fail(error) from None
    except Exception as error:
        raise fail(f"module {module!r} cannot be imported: {type(error).__name__}: {error}") from None
    if not hasattr(plugin, "gograd_ops"):
        raise fail(f"module {module!r} is not a plugin: it has no function gograd_ops")
    return plugin


def _reason(name: str) -> str:
    """Say what a name is that is not the name of a plugin."""
    if name not in current.registry:
        return "neither an installed distribution with a plugin nor a module"
    provider = current.registry[name].provider
    plugin = f": {provider.distribution}" if provider and provider.entry_point else ""
    return (
        f"an operation; kernels are written for all operations of a plugin{plugin}. "
        f"To see the operation, run gograd ops show {name}"
    )


def _table(extension: Extension) -> Table:
    table = Table()
    for column in ("operation", "native code", "why not"):
        table.add_column(column, overflow="fold")
    for kernel in extension.kernels:
        table.add_row(kernel.name, "generated", "")
    for name, reason in extension.left_out.items():
        table.add_row(name, "none", reason)
    return table
