"""A run: its request, its journal, what it is about, how it is stopped and where it is kept."""
