"""What runs wrote, taken back exactly: what is to be undone, the doing, and the words for it."""
