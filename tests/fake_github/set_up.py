"""How a repository is set up: Actions, workflow files, environments, secrets, variables, the App.

What a repository's own settings don't have isn't modelled, but for the secrets and variables that
an organisation shares with it: an organisation's policies, rules of an environment but for its
branches, and what branch protection asks for.
"""

from collections.abc import Mapping
from typing import Any

from fake_github import shapes
from fake_github.call import Answer, Call, Handler, found, page
from fake_github.state import App, Environment, FakeGithub


def _actions(call: Call) -> Answer:
    """Where Actions is off, nothing is said of what is allowed.

    https://docs.github.com/en/rest/actions/permissions#get-github-actions-permissions-for-a-repository
    """
    fake = call.fake
    if not fake.actions_enabled:
        return Answer(200, {"enabled": False})
    return Answer(200, {"enabled": True, "allowed_actions": fake.allowed_actions})


def _of_workflows(call: Call) -> Answer:
    """https://docs.github.com/en/rest/actions/permissions#get-default-workflow-permissions-for-a-repository"""
    may = call.fake.actions_may_open_pulls
    told = {"default_workflow_permissions": "read", "can_approve_pull_request_reviews": may}
    return Answer(200, told)


def _workflows(call: Call) -> Answer:
    """With those that are disabled, whose `state` says by what.

    https://docs.github.com/en/rest/actions/workflows#list-repository-workflows
    """
    names = list(call.fake.run_names)
    part, headers = page(call, names)
    told = [shapes.workflow(call.fake, name) for name in part]
    return Answer(200, {"total_count": len(names), "workflows": told}, headers)


def _environments(call: Call) -> Answer:
    """`deployment_branch_policy` is null where each branch may use it.

    https://docs.github.com/en/rest/deployments/environments#list-environments
    """
    all_of_them = list(call.fake.environments.items())
    part, headers = page(call, all_of_them)
    told = [_environment(call.fake, name, one) for name, one in part]
    return Answer(200, {"total_count": len(all_of_them), "environments": told}, headers)


def _environment(fake: FakeGithub, name: str, one: Environment) -> dict[str, Any]:
    made = shapes.moment(fake.created)
    policy = None
    if one.protected or one.branches is not None or one.tags:
        policy = {
            "protected_branches": one.protected,
            "custom_branch_policies": not one.protected,
        }
    return {
        "id": 1 + sum(map(ord, name)),
        "node_id": f"EN_{name}",
        "name": name,
        "url": f"{fake.address}/repos/{fake.full_name}/environments/{name}",
        "html_url": f"{fake.address}/{fake.full_name}/deployments/activity_log",
        "created_at": made,
        "updated_at": made,
        "protection_rules": [],
        **({} if policy is None else {"deployment_branch_policy": policy}),
    }


def _branch_policies(call: Call) -> Answer:
    """Those of tags, too, whose `type` says so.

    https://docs.github.com/en/rest/deployments/branch-policies#list-deployment-branch-policies
    """
    one = found(call.fake.environments, call.path["environment_name"])
    kinds = [("branch", name) for name in one.branches or []]
    kinds += [("tag", name) for name in one.tags]
    told = [
        {"id": number, "node_id": f"P_{number}", "name": name, "type": kind}
        for number, (kind, name) in enumerate(kinds, 1)
    ]
    part, headers = page(call, told)
    return Answer(200, {"total_count": len(told), "branch_policies": part}, headers)


def _branches(call: Call) -> Answer:
    """Branches protected by rulesets count among the protected, too.

    https://docs.github.com/en/rest/branches/branches#list-branches
    """
    fake, wanted = call.fake, call.query.get("protected")
    told = [
        {
            "name": name,
            "commit": {"sha": sha, "url": f"{fake.address}/c"},
            "protected": is_protected,
        }
        for name, sha in sorted(fake.branches.items())
        for is_protected in [name in fake.protected]
        if wanted is None or (wanted == "true") is is_protected
    ]
    part, headers = page(call, told)
    return Answer(200, part, headers)


def _environment_secrets(call: Call) -> Answer:
    """https://docs.github.com/en/rest/actions/secrets#list-environment-secrets"""
    return _secrets_of(call, found(call.fake.environments, call.path["environment_name"]).secrets)


def _secrets(call: Call) -> Answer:
    """https://docs.github.com/en/rest/actions/secrets#list-repository-secrets"""
    return _secrets_of(call, call.fake.secrets)


def _shared_secrets(call: Call) -> Answer:
    """https://docs.github.com/en/rest/actions/secrets#list-repository-organization-secrets"""
    return _secrets_of(call, call.fake.shared_secrets)


def _secrets_of(call: Call, names: set[str]) -> Answer:
    made = shapes.moment(call.fake.created)
    told = [{"name": name, "created_at": made, "updated_at": made} for name in sorted(names)]
    part, headers = page(call, told)
    return Answer(200, {"total_count": len(names), "secrets": part}, headers)


def _variables(call: Call) -> Answer:
    """30 at most a page, and 10 where none is asked for.

    https://docs.github.com/en/rest/actions/variables#list-repository-variables
    """
    return _variables_of(call, call.fake.variables)


def _shared_variables(call: Call) -> Answer:
    """https://docs.github.com/en/rest/actions/variables#list-repository-organization-variables"""
    return _variables_of(call, call.fake.shared_variables)


def _variables_of(call: Call, values: Mapping[str, str]) -> Answer:
    made = shapes.moment(call.fake.created)
    told = [
        {"name": name, "value": value, "created_at": made, "updated_at": made}
        for name, value in sorted(values.items())
    ]
    part, headers = page(call, told, usual=10, most=30)
    return Answer(200, {"total_count": len(told), "variables": part}, headers)


def _labels(call: Call) -> Answer:
    """One that an issue is given and that isn't there is made.

    https://docs.github.com/en/rest/issues/labels#list-labels-for-a-repository
    """
    used = {name for issue in call.fake.issues.values() for name in issue.labels}
    part, headers = page(call, sorted(call.fake.labels | used))
    return Answer(200, [shapes.label(call.fake, name) for name in part], headers)


def _installation(call: Call) -> Answer:
    """404 where the App isn't installed in the repository.

    https://docs.github.com/en/rest/apps/apps#get-a-repository-installation-for-the-authenticated-app
    """
    fake, one = call.fake, call.fake.app
    installed: App = found({True: one} if one and one.is_installed else {}, True)
    made = shapes.moment(fake.created)
    address = f"{fake.address}/app/installations/1"
    return Answer(
        200,
        {
            "id": 1,
            "account": shapes.user(fake, fake.user(fake.owner)),
            "repository_selection": "selected",
            "access_tokens_url": f"{address}/access_tokens",
            "repositories_url": f"{fake.address}/installation/repositories",
            "html_url": f"{fake.address}/settings/installations/1",
            "app_id": 1,
            "client_id": installed.client_id,
            "app_slug": "our-app",
            "target_id": 1,
            "target_type": "User",
            "permissions": installed.permissions,
            "events": [],
            "created_at": made,
            "updated_at": made,
            "single_file_name": None,
            "suspended_by": None,
            "suspended_at": installed.suspended and shapes.moment(installed.suspended),
        },
    )


HANDLERS: dict[str, Handler] = {
    "actions/get-github-actions-permissions-repository": _actions,
    "actions/get-github-actions-default-workflow-permissions-repository": _of_workflows,
    "actions/list-repo-workflows": _workflows,
    "repos/get-all-environments": _environments,
    "repos/list-branches": _branches,
    "repos/list-deployment-branch-policies": _branch_policies,
    "actions/list-environment-secrets": _environment_secrets,
    "actions/list-repo-secrets": _secrets,
    "actions/list-repo-organization-secrets": _shared_secrets,
    "actions/list-repo-organization-variables": _shared_variables,
    "actions/list-repo-variables": _variables,
    "issues/list-labels-for-repo": _labels,
    "apps/get-repo-installation": _installation,
}
