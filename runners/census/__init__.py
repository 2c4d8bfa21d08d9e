"""A Census release: its SOMA store's tables, and what publishers say of its studies."""
