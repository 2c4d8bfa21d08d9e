"""Reads what validation needs of one h5ad, by ranges of its bytes; never the matrix."""
