"""A repository's set-up, for tests of doctor."""

from bot.model.set_up import ActionsSetUp, RepositorySetUp

PLAIN = RepositorySetUp(
    name="octo/cells",
    address="https://github.test/octo/cells",
    default_branch="main",
    is_private=False,
    has_issues=True,
    unreadable={},
    unanswered=(),
    actions=ActionsSetUp(is_enabled=True, allowed="all", may_open_pulls=True),
    workflows={"detect.yml": "active"},
    environments={},
    secrets=frozenset(),
    shared_secrets=frozenset(),
    variables={},
    labels=frozenset(),
)
