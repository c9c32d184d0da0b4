"""Rules printed as C: the kernels that distributions ship, and those that are compiled on request."""
