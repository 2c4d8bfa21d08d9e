"""A run: its request, its journal, the datasets it is for, how it stops and where it is kept."""
