"""How Shidi is asked and told, over HTTP and on the command line."""
