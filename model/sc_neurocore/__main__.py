"""`python -m sc_neurocore`: the same as the command `sc-neurocore`.

This form works where the folder of installed commands is not on PATH.
"""

import sys

from .cli import main

sys.exit(main())
