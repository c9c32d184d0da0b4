"""What both engines hand the odd case to: calls, rules, neurons and sweeps, with every check."""
