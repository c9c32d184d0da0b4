"""Blocks begin and end in any order, in any thread, task or generator, and an interrupt does not break them."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from gograd_core import Neuron, errstate, grad, no_grad, settings
from gograd_core.derivatives.trace import is_nested, nested
from gograd_core.recording import outside_transforms
from gograd_core.settings import completed, domain_errors_raise, is_recording, now


def held(block):
    """A generator that holds a block open until it is exhausted."""
    with block:
        yield


async def awaits():
    """A coroutine, whose code does not run when it is called."""


async def awaits_and_yields():
    yield


@pytest.mark.parametrize("f", [held, awaits, awaits_and_yields])
@pytest.mark.parametrize("block", [no_grad(), errstate(domain="ignore")])
def test_what_runs_after_it_was_called_cannot_be_decorated(f, block):
    """The block would be left before the code of the function runs."""
    with pytest.raises(TypeError, match=f"{f.__name__} yields or awaits: write a with block inside"):
        block(f)


class TestOrder:
    def test_those_inside_of_one_that_ends_stay_in_their_order(self):
        outer, first, second = no_grad(), errstate(domain="ignore"), errstate(domain="raise")
        for block in (outer, first, second):
            block.__enter__()
        try:
            outer.__exit__(None, None, None)
            assert (is_recording(), domain_errors_raise()) == (True, True)
            second.__exit__(None, None, None)
            assert not domain_errors_raise()
        finally:
            first.__exit__(None, None, None)
        assert domain_errors_raise()

    @pytest.mark.parametrize("first", [no_grad(), errstate(domain="ignore"), nested()])
    def test_a_block_that_a_generator_holds_ends_by_itself(self, first):
        before = is_recording(), domain_errors_raise(), is_nested()
        generator = held(first)
        next(generator)
        inside = is_recording(), domain_errors_raise(), is_nested()
        with no_grad(), errstate(domain="raise"):
            assert list(generator) == []
            assert (is_recording(), domain_errors_raise()) == (False, True)
        assert inside != before
        assert (is_recording(), domain_errors_raise(), is_nested()) == before

    def test_the_outer_one_may_end_first(self):
        ignoring, raising = held(errstate(domain="ignore")), held(errstate(domain="raise"))
        next(ignoring)
        next(raising)
        list(ignoring)
        assert domain_errors_raise()
        list(raising)
        assert domain_errors_raise()

    def test_one_object_may_be_entered_again(self):
        block = no_grad()
        with block:
            with block:
                pass
            assert not is_recording()
        assert is_recording()

    def test_one_that_ends_in_another_context_changes_nothing_there(self):
        generator = held(errstate(domain="ignore"))
        contextvars.copy_context().run(next, generator)
        assert list(generator) == []
        assert domain_errors_raise()


def test_a_task_keeps_the_block_in_which_it_was_made():
    x = Neuron(2.0)

    async def compute(started, go_on):
        started.set()
        await go_on.wait()
        return (x * x).operation

    async def main():
        started, go_on = asyncio.Event(), asyncio.Event()
        with no_grad():
            task = asyncio.create_task(compute(started, go_on))
            await started.wait()
        assert (x * x).operation is not None
        go_on.set()
        return await task

    assert asyncio.run(main()) is None
    assert not settings.pauses


@pytest.mark.parametrize("block", [no_grad(), errstate(domain="ignore"), nested(), settings.recording()])
class TestRun:
    def test_calls_the_function_inside(self, block):
        def inside(*args, **kwargs):
            return args, kwargs, now()

        before = now()
        args, kwargs, settings = block.run(inside, 1, f=2)
        assert (args, kwargs) == ((1,), {"f": 2})
        assert settings is not before
        assert now() is before

    def test_ends_with_an_error_too(self, block):
        before = now()
        with pytest.raises(KeyboardInterrupt):
            block.run(self.interrupt)
        assert now() is before

    def interrupt(self):
        raise KeyboardInterrupt


@pytest.mark.parametrize("wrap", [grad, no_grad(), errstate(domain="ignore"), outside_transforms])
def test_what_a_function_sets_in_its_context_stays_set(wrap):
    variable = contextvars.ContextVar("variable", default=0)

    def f(x):
        variable.set(1)
        return x * x

    wrap(f)(Neuron(2.0) if wrap is not grad else 2.0)
    assert variable.get() == 1


def test_completed_repeats_a_step_that_is_broken_off():
    done = []

    def step():
        done.append("begun")
        if len(done) == 1:
            raise KeyboardInterrupt
        done.append("ended")

    with pytest.raises(KeyboardInterrupt):
        completed(step)
    assert done == ["begun", "begun", "ended"]


class TestCopiesOfContexts:
    """A copy of a context keeps the settings that were in force when it was made, whatever runs before and after."""

    block, other = errstate(domain="ignore"), no_grad()

    def domains(self, *contexts):
        return [context.run(now).domain for context in contexts]

    @pytest.mark.parametrize("before", [None, "ran", "set a variable", "copied"])
    @pytest.mark.parametrize("inside", [None, "ran", "set a variable", "copied"])
    def test_one_made_inside_a_block(self, before, inside):
        variable, copies = contextvars.ContextVar("variable"), []

        def do(what):
            if what == "ran":
                self.other.run(now)
            elif what == "set a variable":
                variable.set(object())
            elif what == "copied":
                copies.append(contextvars.copy_context())

        def f():
            do(inside)
            copy = contextvars.copy_context()
            do(inside)
            seen = self.other.run(lambda: copy.run(now))
            assert (seen.domain, seen.recording) == ("ignore", True)
            assert self.domains(copy) == ["ignore"]
            return copy

        def everything():
            self.other.run(now)
            do(before)
            first = contextvars.copy_context()
            copy = self.block.run(f)
            assert self.domains(first, copy, contextvars.copy_context()) == ["raise", "ignore", "raise"]
            self.block.run(lambda: copies.extend([first, copy]))
            assert self.domains(first, copy) == ["raise", "ignore"]
            assert copy.run(self.other.run, lambda: (now().domain, now().recording)) == ("ignore", False)
            assert copy.run(errstate(domain="python").run, lambda: self.domains(first)) == ["raise"]
            assert (copy.run(now).domain, now().domain, now().recording) == ("ignore", "raise", True)

        contextvars.copy_context().run(everything)

    @pytest.mark.parametrize("ran", [False, True])
    def test_one_that_another_thread_runs_meanwhile(self, ran):
        found = []

        def main():
            if ran:
                self.other.run(now)
            copy = contextvars.copy_context()

            def f():
                thread = threading.Thread(target=lambda: copy.run(lambda: found.append(now().domain)))
                thread.start()
                thread.join()
                found.append(now().domain)

            self.block.run(f)

        contextvars.copy_context().run(main)
        assert found == ["raise", "ignore"]

    def test_a_copy_goes_on_in_a_thread_after_the_block_has_ended(self):
        entered, left, found = threading.Event(), threading.Event(), []

        def work():
            entered.set()
            assert left.wait(10)
            found.append(self.other.run(lambda: (now().domain, now().recording)))
            found.append(now().domain)

        def main():
            copy = contextvars.copy_context()
            thread = threading.Thread(target=copy.run, args=(work,))
            thread.start()
            assert entered.wait(10)
            return thread

        thread = contextvars.copy_context().run(self.block.run, main)
        left.set()
        thread.join()
        assert found == [("ignore", False), "ignore"]

    def test_the_copy_enters_a_block_after_the_original_has_set_a_variable(self):
        def main():
            self.block.run(now)
            copy = contextvars.copy_context()
            contextvars.ContextVar("variable").set(1)
            block = no_grad()
            copy.run(block.__enter__)
            return now().recording, copy.run(now).recording

        assert contextvars.copy_context().run(main) == (True, False)

    def test_the_original_enters_a_block_after_the_copy_has_set_a_variable(self):
        def main():
            self.block.run(now)
            copy = contextvars.copy_context()
            copy.run(contextvars.ContextVar("variable").set, 1)
            return self.other.run(lambda: (now().recording, copy.run(now).recording))

        assert contextvars.copy_context().run(main) == (False, True)
