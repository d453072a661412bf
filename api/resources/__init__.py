"""How each room of ``visits`` is asked over HTTP: shape, one unit of work, one verb."""
