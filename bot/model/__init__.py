"""Plain values that the whole bot shares, and the protocols of what it needs of the world."""
