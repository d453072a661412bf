"""The demo: one unannounced visit from workbook to decision, over real HTTP; the server never depends on it."""
