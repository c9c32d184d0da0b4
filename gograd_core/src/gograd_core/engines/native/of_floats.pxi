# The value and the gradient of a function of floats; see the Python engine.

cdef tuple ONE = (1.0,)


cdef object returned(Block block, f, tuple args, dict kwargs):
    """Call `f` inside a block."""
    outer = in_force()
    PyContextVar_Set(settings, changed(outer, block))
    try:
        return f(*args, **kwargs) if kwargs else PyObject_CallObject(f, args)
    finally:
        PyContextVar_Set(settings, outer)


cdef Neuron output_of(Block block, f, tuple args, dict kwargs, neuron_of):
    """Call `f` inside a block, and return the neuron that it returns, or that is made of it."""
    result = returned(block, f, args, kwargs)
    return result if type(result) is Neuron else neuron_of(result)


def value_inside(Block block not None, f, tuple args not None):
    """See `value_inside` of the Python engine."""
    result = returned(block, f, args, None)
    return (<Neuron>result).node.value if type(result) is Neuron else result


def value_and_adjoints(Block block not None, f, tuple args not None, dict kwargs, list inputs not None, neuron_of):
    """See `value_and_adjoints` of the Python engine."""
    cdef int64_t since = clock + 1
    output = output_of(block, f, args, kwargs, neuron_of)
    return output.node.value, adjoints_of((output,), ONE, inputs, since)


def of_floats(Block block not None, f, tuple args not None, dict kwargs, wrt, neuron_of):
    """See `of_floats` of the Python engine."""
    cdef Settings here = in_force()
    cdef Py_ssize_t place = -1
    cdef tuple numbers
    if here.depth if here.recording else here.recorder is not None:
        return None
    kind = tuple
    if type(wrt) is tuple:
        if max(<tuple>wrt) >= len(args):
            return None
        numbers = tuple([args[place] for place in <tuple>wrt])
    else:
        place = wrt
        if place >= len(args):
            return None
        argument = args[place]
        kind = type(argument)
        numbers = tuple(argument) if kind is list or kind is tuple else (argument,)
    inputs = leaves_of_floats(numbers)
    if not inputs:
        return None
    since = clock + 1
    output = output_of(block, f, changed_arguments(args, wrt, kind, inputs), kwargs, neuron_of)
    gradient = adjoints_of((output,), ONE, inputs, since)
    if kind is not list:
        gradient = tuple(gradient) if kind is tuple else gradient[0]
    return output.node.value, gradient


cdef list leaves_of_floats(tuple numbers):
    """Make leaves of floats. It is None if they are not only floats."""
    cdef Py_ssize_t i
    cdef list leaves = []
    for i in range(len(numbers)):
        if not PyFloat_CheckExact(numbers[i]):
            return None
        leaves.append(steal(new_node(NULL, PyFloat_AS_DOUBLE(numbers[i]))))
    return leaves


cdef tuple changed_arguments(tuple args, wrt, kind, list inputs):
    """Put leaves in the places of numbers: those of several arguments, or that of one, or of those in a list or tuple."""
    cdef Py_ssize_t i
    if len(args) == 1 and kind is float:
        return (inputs[0],)
    cdef list changed = list(args)
    if type(wrt) is tuple:
        for i in range(len(inputs)):
            changed[<Py_ssize_t>(<tuple>wrt)[i]] = inputs[i]
    else:
        changed[<Py_ssize_t>wrt] = inputs[0] if kind is float else kind(inputs)
    return tuple(changed)
