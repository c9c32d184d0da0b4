"""The commands `gograd train …`: what is learned, and how a training is shown.

A command, such as `digits_command`, imports what takes long to import only when it runs.
"""
