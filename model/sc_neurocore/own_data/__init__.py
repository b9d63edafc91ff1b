"""Data of the user's own: reading an `.npz` file, labels, the scale of the samples, and splitting into parts.

`data` puts these modules together; docs/data.md describes which files are accepted.
"""
