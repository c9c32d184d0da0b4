# Containers, taken apart and put together. Lists, tuples and dicts, the most common ones, are handled here.

cdef object kinds  # a dict: the container for values of each class


def walk(tree, container, list leaves not None, list tokens not None):
    """See `walk` in the room `containers`."""
    take_apart_into(tree, container, leaves, tokens)


cdef int take_apart_into(tree, container, list leaves, list tokens) except -1:
    cdef Py_ssize_t count
    cdef bint is_flat = True
    cls = type(tree)
    rest = None
    if cls is list or cls is tuple:
        children = tuple(tree)  # a copy, since other threads may change a list
    elif cls is dict:
        children = tuple((<dict>tree).values())
        rest = keys_of(<dict>tree, container)
    else:
        children, rest = container.take_apart(tree)
        children = tuple(children)
        if rest is not None:
            rest = containers.exact(rest, container)
    for child in <tuple>children:
        if type(child) is not float and kind_of(child) is not None:
            is_flat = False
            break
    count = len(<tuple>children)
    tokens.append(container.cls)
    tokens.append(~count if is_flat else count)
    tokens.append(rest)
    if is_flat:
        leaves.extend(children)
        return 0
    for child in <tuple>children:
        kind = None if type(child) is float else kind_of(child)
        if kind is None:
            leaves.append(child)
            tokens.append(None)
        else:
            if Py_EnterRecursiveCall(" in a container"):  # which may hold itself
                return -1  # RecursionError is set
            try:
                take_apart_into(child, kind, leaves, tokens)
            finally:
                Py_LeaveRecursiveCall()
    return 0


cdef inline object kind_of(child):
    cdef PyObject *found = PyDict_GetItem(kinds, type(child))
    return containers.container_of(type(child)) if found is NULL else <object>found


cdef object keys_of(dict tree, container):
    keys = tuple(tree)
    for key in <tuple>keys:
        if type(key) is not str:
            return containers.exact(keys, container)
    return keys


def nest(tuple plan not None, list leaves not None):
    """See `nest` in the room `containers`."""
    cdef Py_ssize_t at = 0
    return put_together(plan, leaves, &at)


@cython.boundscheck(True)
cdef object put_together(tuple plan, list leaves, Py_ssize_t *at):
    cdef Py_ssize_t i, count = plan[2]
    cdef list children
    cdef dict made
    cdef tuple keys
    if count >= 0:
        children = leaves[at[0]:at[0] + count]
        at[0] += count
    else:
        children = []
        for child in <tuple?>plan[3]:
            if child is None:
                children.append(leaves[at[0]])
                at[0] += 1
            else:
                children.append(put_together(<tuple?>child, leaves, at))
    cls = plan[0]
    if cls is list:
        return children
    if cls is tuple:
        return tuple(children)
    if cls is dict:
        made, keys = {}, <tuple?>plan[1]
        for i in range(len(children)):
            made[keys[i]] = children[i]
        return made
    return plan[4].put_together(plan[1], children)
