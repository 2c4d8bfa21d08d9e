"""What the journal says of a rollback whose commit had no answer, or was refused. Without an
instance.
"""

from pathlib import Path

import pytest

from runners.contract import Action, ContractError, RunRequest
from runners.retries import OutageError
from runners.rollback import rollback as module
from runners.run.journal import JOURNAL, ROLLBACK, START, Journal, read_journal, was_rolled_back
from runners.run.request import RunFolder

REQUEST = RunRequest(
    run_id="run", action=Action.INGEST, release="2020-07-15", manifest="m.toml", instance="a/b"
)


@pytest.mark.parametrize(
    ("error", "may_be_back"), [(OutageError("lost"), True), (ContractError("refused"), False)]
)
def test_a_commit_without_an_answer_may_have_been_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, may_be_back: bool
) -> None:
    def commits(*_: object) -> None:
        with Journal(file) as journal:
            journal.write(ROLLBACK)
        raise error

    file = tmp_path / "run" / JOURNAL
    with Journal(file) as journal:
        journal.write(START)
    monkeypatch.setattr(module, "_rollback", commits)
    monkeypatch.setenv("PATIENCE_SECONDS", "0.1")
    run = RunFolder(REQUEST, file.parent, read_journal(file))
    with pytest.raises(type(error), match=str(error)):
        module.rollback([run], is_real=True)
    assert was_rolled_back(read_journal(file)) is may_be_back
