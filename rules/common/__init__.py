"""What several rules share: how values cross between invokes, what is lost, how fixes are made.

`crossings` unrolls and simulates each trace once for all rules; `arriving` decides on the one
change that is offered for it, of those that `synchronizing`, `reshaping`, `ordering` and `apart`
make. `changing` builds the changed code, in which a change is tried before it is offered.
"""
