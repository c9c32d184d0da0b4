"""The numbers of the page: those of the engine as they were recorded, and those of Python after leaves were edited."""

from __future__ import annotations

import math
import random
from functools import cache

import pytest

from explored import explored, numbering
from gograd_core import DomainError, Neuron, Op, Registry, RuleError, current, errstate, ops, register, sweep_steps
from gograd_draw.explorer.decisions import watch
from gograd_draw.javascript import rules_script
from gograd_draw.reading import read
from javascript import needs_node
from rule_accuracy import assert_agrees, of_python

OPERATIONS = [op for op in current.registry.operations() if op.samples]
PRINTED = set(rules_script(OPERATIONS).keys)
ODD = [0.0, -0.0, math.inf, -math.inf, math.nan, 1e200, -1e-200, 5e-324]
GRAPHS, LEAVES, NODES = 120, 4, 12
TOLERANCE = 1e-10
"""Of the largest number met: each operation may enlarge the differences of those before."""


def random_graph(seed, *, odd=False):
    """Apply random operations to leaves and constants. Numbers of an `odd` graph overflow, vanish, or are NaN."""
    chance = random.Random(seed)
    numbers = [
        chance.choice(ODD) if odd and chance.random() < 0.3 else chance.uniform(-2.0, 2.0) for _ in range(LEAVES)
    ]
    pool = [*map(Neuron, numbers), 0.5, 2.0]
    while len(pool) < LEAVES + 2 + NODES:
        op = chance.choice(OPERATIONS)

        def entry(number, pool=tuple(pool)):
            return chance.choice([*pool[-4:], *pool, number])

        sample = chance.choice(op.samples)
        inputs = [[*map(entry, column)] if op.variadic else entry(column) for column in sample]
        try:
            with errstate(domain="ignore" if odd else "raise"):
                made = op(*inputs)
        except (DomainError, RuleError, TypeError):
            continue  # not in the domain of the operation
        if type(made) is Neuron:
            pool.append(made)
    neurons = [entry for entry in pool if type(entry) is Neuron]
    chance.shuffle(neurons)  # so that they are not read in the order in which they were made
    with errstate(domain="ignore"):
        return ops.sum(neurons)


def bits(numbers):
    return ["nan" if math.isnan(number) else number.hex() for number in numbers]


def steps_of(output):
    number = numbering([output])
    steps = []
    try:
        steps.extend(sweep_steps(output))
    except DomainError:
        pass  # after the last step
    pairs = [[number[id(step.neuron)] for step in steps], [number[id(step.constituent)] for step in steps]]
    return pairs, [bits(getattr(step, name) for step in steps) for name in ("local", "adjoint", "share", "total")]


@needs_node
@pytest.mark.parametrize("odd", [False, True])
def test_recorded_steps_are_those_of_the_engine_bit_for_bit(odd):
    outputs = [random_graph(seed, odd=odd) for seed in range(GRAPHS)]
    for output, (found,) in zip(outputs, explored([((output,), [{}]) for output in outputs]), strict=True):
        nodes, figures = steps_of(output)
        assert found["steps"] == nodes
        assert list(map(bits, found["figures"])) == figures


def again(graph, values, *, judged):
    """The values and steps of a recorded graph at other values of its leaves, in Python: by the rules, node by node."""
    made = []
    for node, sources in enumerate(graph.inputs):
        op = graph.operation(node)
        if op is None:
            made.append(
                graph.nodes[node] if graph.is_constant(node) else Neuron(values.get(node, graph.nodes[node].value))
            )
        else:
            entries = [made[source] for source in sources]
            with errstate(domain="raise" if judged else "ignore"):
                made.append(op(*op.columns(entries)) if op.variadic else op(*entries))
    return made


@cache
def edited_graphs():
    """Graphs whose leaves can be edited, with one edit, and what Python computes there."""
    found = []
    for seed in range(GRAPHS):
        output = random_graph(seed)
        graph = read([output])
        leaves = [n for n in range(len(graph.nodes)) if graph.operation(n) is None and not graph.is_constant(n)]
        chance = random.Random(seed)
        edit = {leaf: graph.nodes[leaf].value + chance.uniform(-0.01, 0.01) for leaf in leaves}
        try:
            made = again(graph, edit, judged=True)
            steps = list(sweep_steps(made[graph.outputs[0]]))
        except (DomainError, RuleError, TypeError):
            continue
        if {type(entry) for entry in made} <= {Neuron, float}:
            found.append((output, edit, made, steps))
    return found


def test_edited_graphs_are_those_of_python(run):
    graphs = edited_graphs()
    assert len(graphs) > GRAPHS / 2
    used = set()
    for (_, _, made, steps), (found,) in zip(
        graphs, explored([((output,), [edit]) for output, edit, *_ in graphs], run), strict=True
    ):
        values = [entry.value if type(entry) is Neuron else entry for entry in made]
        met = [*values, *(n for step in steps for n in (step.local, step.adjoint, step.share, step.total))]
        if not all(map(math.isfinite, met)):
            continue
        largest = max(map(abs, met))
        used |= {entry.operation for entry in made if type(entry) is Neuron and entry.operation}
        assert found["text"] == ""
        assert found["values"] == pytest.approx(values, rel=0.0, abs=TOLERANCE * largest)
        adjoints = [0.0] * len(made)
        number = {id(neuron): node for node, neuron in enumerate(made)}
        adjoints[-1] = 1.0  # the output is read last
        for step in steps:
            adjoints[number[id(step.constituent)]] = step.total
        assert found["adjoints"] == pytest.approx(adjoints, rel=0.0, abs=TOLERANCE * largest)
    assert len(used) > 60


def test_exact_operations_give_the_same_bits(run):
    def f(x, y):
        z = (x * y - x / y) * (x + 2.0)
        return ops.sqrt(abs(z)) + ops.where(x > y, x * z, y) + ops.maximum(x, z) - ops.minimum(y, z)

    chance = random.Random(1)
    points = [(chance.uniform(0.1, 3.0), chance.uniform(0.1, 3.0)) for _ in range(40)]
    output, decisions = watch(f, [1.3, 0.7], lines=False)
    number = numbering([output, *decisions.seen])
    leaves = {node.label: number[id(node)] for node in read([output]).nodes if isinstance(node, Neuron) and node.label}
    edits = [{leaves["x"]: x, leaves["y"]: y} for x, y in points]
    (found,) = explored([((output, decisions), edits)], run)
    for (x, y), page in zip(points, found, strict=True):
        again, _ = watch(f, [x, y], lines=False)
        totals = {step.constituent.label: step.total for step in sweep_steps(again)}
        assert page["text"] == ""
        assert page["values"][number[id(output)]] == again.value
        assert page["adjoints"][leaves["x"]] == totals["x"]
        assert page["adjoints"][leaves["y"]] == totals["y"]


def pages_of(f, at, edits):
    """What the page computes for a function after each edit: values of its arguments, by name."""
    output, decisions = watch(f, at, lines=False)
    graph = read([output, *decisions.seen])
    number = {neuron.label: n for n, neuron in enumerate(graph.nodes) if isinstance(neuron, Neuron) and neuron.label}
    (found,) = explored([((output, decisions), [{number[name]: v for name, v in edit.items()} for edit in edits])])
    return [(each["text"], each["values"][graph.outputs[0]]) for each in found]


def branching(x):
    return x * 2.0 if x > 1.0 else x * 3.0


def rounding(x):
    return x * (3.0 if round(x) == 2 else 1.0)


def truthy(x):
    return x * 2.0 if x else x


def looping(x):
    total = x
    while total < 10.0:
        total = total * 2.0
    return total


@needs_node
@pytest.mark.parametrize(
    ("f", "at", "stays", "turns"),
    [
        (branching, 1.5, 1.1, 0.9),
        (branching, 0.5, 0.9, 1.1),
        (rounding, 2.2, 2.5, 2.6),
        (truthy, 1.0, 0.25, 0.0),
        (looping, 1.0, 1.2, 1.4),
    ],
)
def test_decisions_are_judged(f, at, stays, turns):
    (same, value), (other, _) = pages_of(f, [at], [{"x": stays}, {"x": turns}])
    assert same == ""
    assert value == f(Neuron(stays)).value
    assert other.startswith("Python would take another path here")


@needs_node
def test_a_domain_error_is_named():
    (fine, _), (error, _) = pages_of(ops.log, [1.0], [{"x": 0.5}, {"x": -1.0}])
    assert fine == ""
    assert error == "Python would raise a DomainError, unless errors are ignored: log(-1) is nan."


@needs_node
def test_a_decision_before_an_error_comes_first():
    def f(x):
        return ops.log(x) if x > 0.0 else -x

    ((text, _),) = pages_of(f, [1.0], [{"x": -1.0}])
    assert text.startswith("Python would take another path here")


def reading(x, y):
    return x * x.value + y


def catching(x, y):
    try:
        math.sqrt(x)
    except TypeError:
        y = y * 2.0
    return x + y


@needs_node
@pytest.mark.parametrize(
    ("f", "leaf", "word"), [(reading, "x", "uses a number outside"), (catching, "y", "met an error")]
)
def test_nobody_knows_what_depends_on_a_number_that_left_the_graph(f, leaf, word):
    unchanged, changed = pages_of(f, [3.0, 4.0], [{leaf: {"x": 3.0, "y": 4.0}[leaf]}, {leaf: 5.0}])
    assert unchanged == ("", f(Neuron(3.0), Neuron(4.0)).value)
    assert changed[0].startswith("Nobody knows what Python does here")
    assert word in changed[0]


@needs_node
def test_what_does_not_depend_on_a_number_that_left_the_graph_is_known():
    ((text, value),) = pages_of(reading, [3.0, 4.0], [{"y": 5.0}])
    assert (text, value) == ("", 14.0)


@needs_node
def test_unused_operations_may_raise_too():
    def f(x):
        ops.log(x)
        return x * 2.0

    ((text, _),) = pages_of(f, [1.0], [{"x": -1.0}])
    assert text == "Python would raise a DomainError, unless errors are ignored: log(-1) is nan."


@needs_node
def test_an_adjoint_that_is_not_finite_is_named():
    ((text, _),) = pages_of(ops.sqrt, [1.0], [{"x": 0.0}])
    assert text == "Python would raise a DomainError, unless errors are ignored: the adjoint of x is inf."
    with pytest.raises(DomainError):
        ops.sqrt(x := Neuron(0.0)).backward()
    assert x.grad == 0.0


@needs_node
def test_what_the_page_cannot_know_about_an_adjoint_it_says():
    ((text, _),) = pages_of(lambda x: ops.sqrt(ops.relu(x)), [4.0], [{"x": -1.0}])
    assert text.startswith("An adjoint is not finite here, and the page does not know")


@needs_node
def test_the_sign_of_zero_beside_numbers_that_are_not_finite():
    with errstate(domain="ignore"):
        output = Neuron(1.0) * -0.0 + Neuron(1.0) * math.inf
    ((found,),) = explored([((output,), [{}])])
    nodes, figures = steps_of(output)
    assert "-0x0.0p+0" in figures[3]
    assert (found["steps"], list(map(bits, found["figures"]))) == (nodes, figures)


@needs_node
def test_an_arm_that_is_not_taken_poisons_nothing():
    ((text, value),) = pages_of(lambda x: ops.where(x > 1.0, x, ops.sqrt(x - 1.0 + 1.0)), [2.0], [{"x": 1.5}])
    assert (text, value) == ("", 1.5)


@needs_node
def test_what_has_no_rules_in_the_page_cannot_be_edited():
    with Registry():
        table = register(Op("table", partials=(lambda xp, out, x: 1.0,), implementations={"scalar": lambda x: x + 1.0}))
        x, y = Neuron(1.0, "x"), Neuron(2.0, "y")
        output = table(x) * y
        number = numbering([output])
        ((by_x, by_y),) = explored([((output,), [{number[id(x)]: 5.0}, {number[id(y)]: 5.0}])])
    assert by_x["values"][number[id(output)]] == 4.0  # as recorded
    assert by_y["values"][number[id(output)]] == 10.0


@needs_node
def test_a_rule_that_does_not_give_what_python_gave_stops_the_page():
    factor = [2.0]
    with Registry():
        op = register(Op("changing", forward=lambda xp, x: x * factor[0], partials=(lambda xp, out, x: factor[0],)))
        output = op(x := Neuron(1.0, "x")) + 1.0
        factor[0] = 2.0001
        ((found,),) = explored([((output,), [{numbering([output])[id(x)]: 5.0}])])
    assert found["text"].startswith("The page does not compute changing #1 as Python does")


@needs_node
def test_a_partial_that_does_not_give_what_python_gave_stops_the_page():
    def partial(xp, out, x):
        return 2.0 if isinstance(x, float) else 2.0001  # when it is printed

    with Registry():
        op = register(Op("turning", forward=lambda xp, x: x * 2.0, partials=(partial,)))
        output = op(x := Neuron(1.0, "x")) + 1.0
        ((found,),) = explored([((output,), [{numbering([output])[id(x)]: 5.0}])])
    assert found["text"] == "The page does not compute the derivative of turning #1 as Python does."


EDITED = """(
    argument.forEach((edit) => state.settings.set(...edit)), state.compute(),
    state.count = state.steps.nodes.length, state.locate(),
    [[...state.numbers.values], [...state.adjoints], state.stop?.why ?? ""]
)"""
"""What a page shows after leaves got other values, all at once."""


def set_up(op, sample):
    """An operation of its own leaves, which hold a sample, and these leaves: an entry, or a column, for each input."""
    inputs = [[*map(Neuron, column)] if op.variadic else Neuron(column) for column in floats(op, sample)]
    with errstate(domain="ignore"):
        return op(*inputs), inputs


def point_like(inputs, op, turn):
    """One of the samples with as many numbers as these inputs: the first, the next, and so on, again and again."""
    fitting = [point for sample in op.samples if len(flat(point := floats(op, sample))) == len(flat(inputs))]
    return fitting[turn % len(fitting)]


def floats(op, sample):
    return [[*map(float, column)] if op.variadic else float(column) for column in sample]


def flat(inputs):
    return [entry for each in inputs for entry in (each if isinstance(each, list) else [each])]


@pytest.mark.parametrize("part", range(4))
def test_each_operation_agrees_with_python_after_an_edit_in_the_browser(show, part):
    """One page for many operations, each at one sample; then all leaves move to the next samples. The page adds up."""
    made = [set_up(op, op.samples[0]) for op in sorted(PRINTED, key=lambda op: op.name)[part::4]]
    made = [(result, inputs) for result, inputs in made if type(result) is Neuron]
    output = ops.sum([result for result, _ in made])
    number, shown = numbering([output]), show(output)
    for turn in range(1, max(len(result.operation.samples) for result, _ in made)):
        points = [point_like(inputs, result.operation, turn) for result, inputs in made]
        leaves = [number[id(leaf)] for _, inputs in made for leaf in flat(inputs)]
        edits = list(zip(leaves, [entry for point in points for entry in flat(point)], strict=True))
        *numbers, why = shown.run(EDITED, edits)
        values, adjoints = ([*map(float, each)] for each in numbers)
        assert why == ""
        for (result, inputs), point in zip(made, points, strict=True):
            op, value = result.operation, values[number[id(result)]]
            expected = of_python(op, point, value)
            assert_agrees(op, 0, point, expected[0], value, expected[0])
            for which, (entries, wanted) in enumerate(zip(inputs, expected[1:], strict=True), 1):
                if wanted is not None:
                    column = [adjoints[number[id(leaf)]] for leaf in flat([entries])]
                    assert_agrees(op, which, point, value, column, flat([wanted]))
