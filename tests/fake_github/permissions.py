"""What a token must hold for each operation, as GitHub's documentation says.

permission, level = needed("issues/create")

https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
"""

JWT = "an App's own JSON web token"
"""https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app"""

ANYBODY = "no token at all"

READ = {
    "actions/download-artifact": "actions",
    "actions/get-github-actions-default-workflow-permissions-repository": "administration",
    "actions/get-github-actions-permissions-repository": "administration",
    "actions/get-workflow": "actions",
    "actions/list-artifacts-for-repo": "actions",
    "actions/list-environment-secrets": "environments",
    "actions/list-jobs-for-workflow-run": "actions",
    "actions/list-repo-organization-secrets": "secrets",
    "actions/list-repo-organization-variables": "variables",
    "actions/list-repo-secrets": "secrets",
    "actions/list-repo-variables": "variables",
    "actions/list-repo-workflows": "actions",
    "actions/list-self-hosted-runners-for-repo": "administration",
    "actions/list-workflow-runs": "actions",
    "apps/get-repo-installation": JWT,
    "checks/list-for-ref": "checks",
    "git/get-blob": "contents",
    "git/get-commit": "contents",
    "git/get-ref": "contents",
    "git/get-tree": "contents",
    "issues/get": "issues",
    "issues/get-comment": "issues",
    "issues/list-comments": "issues",
    "issues/list-for-repo": "issues",
    "issues/list-labels-for-repo": "issues",
    "issues/list-labels-on-issue": "issues",
    "pulls/get": "pull_requests",
    "pulls/list": "pull_requests",
    "pulls/list-files": "pull_requests",
    "repos/get": "metadata",
    "repos/get-all-environments": "actions",
    "repos/get-collaborator-permission-level": "metadata",
    "repos/get-content": "contents",
    "repos/list-commits": "contents",
    "repos/list-branches": "contents",
    "repos/list-deployment-branch-policies": "actions",
    "repos/list-pull-requests-associated-with-commit": "pull_requests",
}
WRITE = {
    "actions/cancel-workflow-run": "actions",
    "actions/create-workflow-dispatch": "actions",
    "actions/delete-self-hosted-runner-from-repo": "administration",
    "actions/delete-workflow-run": "actions",
    "actions/enable-workflow": "actions",
    "actions/generate-runner-jitconfig-for-repo": "administration",
    "apps/create-from-manifest": ANYBODY,
    "checks/create": "checks",
    "checks/update": "checks",
    "git/create-commit": "contents",
    "git/create-ref": "contents",
    "git/create-tree": "contents",
    "git/delete-ref": "contents",
    "issues/add-labels": "issues",
    "issues/create": "issues",
    "issues/create-comment": "issues",
    "issues/remove-label": "issues",
    "issues/update": "issues",
    "issues/update-comment": "issues",
    "pulls/create": "pull_requests",
    "pulls/merge": "contents",
    "reactions/create-for-issue-comment": "issues",
    "repos/create-or-update-file-contents": "contents",
    "repos/delete-file": "contents",
}


def needed(operation: str, *, of_pull: bool = False) -> tuple[str, str]:
    """The permission and its level; the talk in a pull request belongs to pull requests."""
    level = "write" if operation in WRITE else "read"
    permission = {**READ, **WRITE}[operation]
    return ("pull_requests" if of_pull and permission == "issues" else permission), level
