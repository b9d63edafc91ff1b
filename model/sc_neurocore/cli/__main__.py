"""Runs the command line as `python -m sc_neurocore.cli`, where the script `sc-neurocore` is not on PATH."""

import sys

from . import main

sys.exit(main())
