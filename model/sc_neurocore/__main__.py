"""`python -m sc_neurocore` is `sc-neurocore`."""

import sys

from .cli import main

sys.exit(main())
