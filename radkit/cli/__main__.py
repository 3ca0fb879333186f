"""python -m radkit.cli: the same as the command radkit."""

import sys

from radkit.cli import main

sys.exit(main())
