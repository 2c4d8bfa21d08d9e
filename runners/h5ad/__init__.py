"""One h5ad -> its profile, read by ranges, side by side in processes, and never its matrix."""
