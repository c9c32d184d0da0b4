"""``python -m mutation_tester [NAME]...`` in ``tests/testing``: the mutants of operations, and what became of them."""

from mutation_tester.trials import main

main()
