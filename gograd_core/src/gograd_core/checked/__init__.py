"""The odd cases of both engines: calls, rules, neurons and sweeps, with every check."""
