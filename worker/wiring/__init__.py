"""Builds everything from the settings. Nothing is built at import, and each thing once in a process.

`ground` is what every process stands on; `flow` adds the ends and is what only those that sync need.
"""
