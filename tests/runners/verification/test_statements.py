"""A verification asks the database as many questions, however many datasets there are."""

import json
from pathlib import Path

import instances
from instances import Place

MOST = 70
COUNT = """
import json, sys
from pathlib import Path
import filled
from runners.verification.verify import verify
filled.connect()
root, told = Path(sys.argv[1]), []
for count in (3, 12):
    job = filled.fill(root, count)
    with filled.counted() as sent:
        report = verify(job)
    told.append((len(sent), {c.name: c.status for c in report.checks}, len(report.outcomes)))
print(json.dumps(told))
"""


def test_their_number_does_not_depend_on_the_number_of_datasets(
    empty: Place, tmp_path: Path
) -> None:
    place = instances.copy(empty, tmp_path / "place")
    done = instances.succeed(place.script("-c", COUNT, str(tmp_path / "filled")))
    few, many = json.loads(done.stdout.splitlines()[-1])
    assert few == many
    statements, status, _ = many
    assert 20 < statements <= MOST
    assert status.pop("tracking") == "not applicable"
    assert set(status.values()) == {"passed"}
