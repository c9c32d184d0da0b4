"""The namespaces that rules receive as `xp`."""
