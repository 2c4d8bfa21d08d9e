"""The dataset schema: a document -> a Spec, two Specs -> their differences.

Nothing in this package fetches a document, reads a clock, or decides what a difference asks of
anybody.
"""
