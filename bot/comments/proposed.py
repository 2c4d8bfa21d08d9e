"""What a pull request says that proposes a release's manifest."""

from bot.comments.escape import code
from bot.model.effects import ProposeManifest


def branch(release: str) -> str:
    """The branch that the proposal lies on."""
    return f"census/{release}"


def title(proposal: ProposeManifest) -> str:
    return f"Census {proposal.release}: manifest"


def body(proposal: ProposeManifest) -> str:
    """What is in it, and what to do."""
    beside = "".join(f"\n- {code(name)}" for name in proposal.beside)
    files = f"\n\nBeside it, to be read with it:\n{beside}" if beside else ""
    return (
        f"**Next:** review the manifest of {code(proposal.release)} and merge it; the thread of "
        f"the release says what is new.{files}\n\n"
        "Which datasets will fail is checked and said here. Commands such as `/help` work here, "
        "too."
    )
