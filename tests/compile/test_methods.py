"""Compiled methods: each object has its own, also as a copy, from a pickle, and where a class overrides them."""

from __future__ import annotations

import copy
import functools

import pytest

import gograd_compile
from gograd_core import Neuron
from round_trips import again


class Scaled:
    def __init__(self, factor):
        self.factor = Neuron(factor)

    @gograd_compile.compile
    def loss(self, x):
        return self.factor * x * x

    @gograd_compile.compile
    def shifted(self, x):
        return self.factor + x


class Penalised(Scaled):
    @gograd_compile.compile
    def loss(self, x):
        return super().loss(x) + 100.0


class Plain(Scaled):
    """Overrides it by a method that is not compiled."""

    def loss(self, x):
        return super().loss(x) + 100.0


SameName = type("Scaled", (Scaled,), {})


class TestObjects:
    def test_have_one_each(self):
        one, other = Scaled(2.0), Scaled(3.0)
        assert (one.loss(2.0), other.loss(2.0)) == (8.0, 12.0)
        assert one.loss is one.loss
        assert one.loss is not other.loss

    def test_have_one_of_each_method(self):
        found = Scaled(2.0)
        assert (found.loss(3.0), found.shifted(3.0), found.loss(3.0)) == (18.0, 5.0, 18.0)
        assert found.loss.captured == found.shifted.captured == (found.factor,)

    def test_of_a_class_it_is_the_function(self):
        assert Scaled.loss is Scaled.loss
        assert Scaled.loss.__wrapped__ is Scaled.__dict__["loss"].__wrapped__

    def test_need_a_dict(self):
        class Slots:
            __slots__ = ()

            @gograd_compile.compile
            def loss(self, x):
                return x * x

        with pytest.raises(TypeError, match="Slots.* has no __dict__, in which objects could keep compiled methods"):
            _ = Slots().loss

    def test_what_is_no_method_stays_what_it_is(self):
        class Holder:
            square = gograd_compile.compile(functools.partial(pow, exp=2.0))

        assert Holder().square(3.0) == 9.0


class TestCopies:
    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, again])
    def test_compute_with_the_new_object(self, copied):
        one = Scaled(2.0)
        assert (one.loss(1.0), one.shifted(1.0)) == (2.0, 3.0)
        other = copied(one)
        other.factor = Neuron(5.0)
        assert (other.loss(1.0), other.shifted(1.0)) == (5.0, 6.0)
        assert (one.loss(1.0), one.shifted(1.0)) == (2.0, 3.0)

    @pytest.mark.parametrize("copied", [copy.deepcopy, again])
    def test_have_neurons_of_their_own(self, copied):
        one = Scaled(2.0)
        one.loss(1.0)
        other = copied(one)
        other.factor.value = 5.0
        assert (other.loss(1.0), one.loss(1.0)) == (5.0, 2.0)

    @pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, again])
    def test_call_what_they_override(self, copied):
        one = Penalised(2.0)
        assert one.loss(1.0) == 102.0
        assert copied(one).loss(3.0) == 118.0


class TestInheritance:
    @pytest.mark.parametrize("kind", [Penalised, Plain])
    def test_an_overriding_method_may_call_the_one_above(self, kind):
        found = kind(2.0)
        assert [found.loss(x) for x in (1.0, 3.0, 1.0)] == [102.0, 118.0, 102.0]

    def test_derivatives_go_through_both(self):
        assert Penalised(2.0).loss.grad(3.0) == 12.0

    def test_a_class_that_is_called_as_the_one_above(self):
        def loss(self, x):
            return super(SameName, self).loss(x) + 100.0

        loss.__qualname__ = Scaled.loss.__qualname__
        SameName.loss = gograd_compile.compile(loss)
        found = SameName(2.0)
        assert [found.loss(x) for x in (1.0, 3.0)] == [102.0, 118.0]
