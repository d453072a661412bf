"""Is it fast, and how much does it take?  Each module is one question; ``README.md`` has the answers."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # As wsgi.py has it.
