"""Mutants of rtl/, and what notices them; `formal/mutate.py` is the command line, docs/mutation.md the result."""
