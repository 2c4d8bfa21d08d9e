"""What a repository needs in which a bot is to live whose code is elsewhere."""

from bot.onboarding.files import (
    Code,
    State,
    check_words,
    compare,
    compare_blobs,
    files,
    git_steps,
    next_steps,
)

__all__ = [
    "Code",
    "State",
    "check_words",
    "compare",
    "compare_blobs",
    "files",
    "git_steps",
    "next_steps",
]
