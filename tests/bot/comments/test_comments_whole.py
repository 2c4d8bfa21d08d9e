"""Each text that the bot says, against what a person has read; `kept_texts` says how to change it.

The names of the folder `expected` that no module here makes are those of other tests.
"""

from pathlib import Path

import kept_texts

test_it_says_what_was_read, test_nothing_was_read_that_is_said_no_longer = kept_texts.tests_of(
    Path(__file__).parent
)
