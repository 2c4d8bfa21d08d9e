"""Checks datasets against the rules, many at once: findings and annotations. Writes nothing."""
