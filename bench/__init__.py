"""Is it fast, and how much does it take?  Each module is one question; ``README.md`` has the answers."""
