"""A plan as text for a person: in the terminal, and in the answer to `--dry-run`."""

from bot.comments.markdown import code, inert, joined
from bot.model.effects import (
    CancelRun,
    CloseThread,
    Comment,
    Conclude,
    CountFailures,
    Effect,
    KeepThread,
    OpenThread,
    Plan,
    ProposeManifest,
    React,
    Refer,
    SetLabel,
    StartLook,
    StartRun,
    Tabulate,
    UpsertComment,
)
from runners.contract import RunRequest


def describe(plan: Plan) -> str:
    """The reason, and the effects in order, one a line."""
    lines = [
        f"{number}. {describe_effect(effect)}" for number, effect in enumerate(plan.effects, 1)
    ]
    return "\n".join([plan.reason, *lines])


def describe_effect(effect: Effect) -> str:
    """What one effect does, beginning with its verb, without a full stop."""
    match effect:
        case OpenThread(_, title, draft=draft):
            before = "propose LaminDB's patch where its code is kept, and " if draft else ""
            return f"{before}open the thread “{inert(title)}”"
        case KeepThread(_, title):
            return f"keep the thread “{inert(title)}” up to date"
        case CloseThread(thread):
            return f"close thread {thread}"
        case ProposeManifest(release, _, beside):
            compared = " with the schema diff" if "diff.json" in beside else ""
            return f"propose the manifest of {release}{compared}"
        case Conclude(release, verdict):
            return f"mark the merged manifest of {release}: {verdict}"
        case Comment(thread, _, body):
            return f"say in thread {thread}: {_first_line(body)}"
        case Refer(thread, _, target):
            return f"refer in thread {thread} to the thread of {target.key}"
        case UpsertComment(thread, marker, body):
            action = f"post or update the {marker.kind} of {marker.key} in thread {thread}"
            return f"{action}: {_first_line(body)}"
        case Tabulate(thread):
            return f"keep the table of what was asked and decided in thread {thread}"
        case React(thread, comment_id, reaction):
            return f"react with {reaction} to comment {comment_id} in thread {thread}"
        case SetLabel(thread, label):
            return f"label thread {thread} “{label}”"
        case StartRun(request):
            return _run(request)
        case StartLook():
            return "have page and directory looked at"
        case CancelRun(run_id):
            return f"ask run {code(run_id)} to end early"
        case CountFailures(number):
            return f"remember that {number:,} looks in a row have failed"


def _run(request: RunRequest) -> str:
    which = []
    if request.only:
        which.append(f"only {', '.join(request.only[:20])}{'…' if len(request.only) > 20 else ''}")
    which += selected_by_name(request)
    if request.limit:
        which.append(f"at most {request.limit:,} datasets")
    if request.failed_of:
        which.append(f"what failed in {request.failed_of}")
    some = f" ({'; '.join(which)})" if which else ""
    return (
        f"start run {code(request.run_id)}: {request.action} release {request.release} "
        f"in {code(request.instance)}{some}"
    )


def selected_by_name(request: RunRequest) -> list[str]:
    """The collections and the organisms that a request names, as parts of a sentence."""
    named = {"collection": request.collection, "organism": request.organism}
    return [
        f"of the {kind}{'s' if names[1:] else ''} {joined([code(name) for name in names])}"
        for kind, names in named.items()
        if names
    ]


def _first_line(body: str) -> str:
    return body.strip().split("\n", 1)[0]
