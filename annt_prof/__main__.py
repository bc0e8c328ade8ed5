"""``python -m annt_prof``."""

import sys

from annt_prof.cli import main

sys.exit(main())
