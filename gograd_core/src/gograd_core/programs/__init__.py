"""Programs that somebody else wrote: private copies of their modules, in which neurons pass for floats."""
