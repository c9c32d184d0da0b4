"""``python -m mutation_tester [NAME]...`` in ``tests/core/testing``: mutants of operations, and what became of them."""

from mutation_tester.trials import main

main()
