"""What follows from schema documents, against what a person has read; see `kept_texts`."""

from pathlib import Path

import kept_texts

test_it_says_what_was_read, test_nothing_was_read_that_is_said_no_longer = kept_texts.tests_of(
    Path(__file__).parent
)
