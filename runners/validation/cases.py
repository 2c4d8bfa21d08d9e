"""Rules on several columns at once: where one column has a value, what another may hold.

Looks at the distinct rows of the columns that a rule joins.
"""

from collections.abc import Collection, Iterator, Mapping

from runners.contract import Finding, Reason
from runners.h5ad.profile import DatasetProfile
from runners.rules import Case, Circumstance, Column, Rules
from runners.rules.vocabulary import Vocabulary, entries_for

SHOWN = 5
"""Values that a finding shows at most."""

Row = Mapping[str, str]


class Cases:
    """The cases of one dataset of the organism `taxon`."""

    def __init__(self, profile: DatasetProfile, vocabulary: Vocabulary, taxon: str) -> None:
        self._profile, self._vocabulary, self._taxon = profile, vocabulary, taxon

    def stands(self, column: Column) -> bool:
        """Whether the column must stand in this dataset; if not, it must not."""
        if not column.present_where:
            return True
        rows = self._rows([circumstance.column for circumstance in column.present_where])
        return any(self._is_met(column.present_where, row) for row in rows)

    def findings(self, name: str, column: Column, wrong: Collection[str]) -> Iterator[Finding]:
        """What is wrong with the column in each of its cases, but for values found `wrong`."""
        for case in column.cases:
            names = columns_of_case(name, case)
            met = [row for row in self._rows(names) if self._is_met(case.where, row)]
            values = {row[name] for row in met}
            bad = {value for value in values if not self._is_allowed(column, case, value)}
            if case.alone and len(values) > 1:
                bad |= values & set(case.alone)
            if case.single and met:
                all_values = set(self._profile.obs[name].values)
                bad |= all_values if len(all_values) > 1 else set()
            if bad - set(wrong):
                yield _finding(name, case, bad - set(wrong))

    def _rows(self, names: Collection[str]) -> Iterator[Row]:
        """The distinct rows of these columns; what stands in uns is the same in all of them."""
        profile, obs_names = self._profile, _columns_of_obs(self._vocabulary.rules, names)
        fixed = {name: profile.uns.get(name, "") for name in names if name not in obs_names}
        if not set(obs_names) <= profile.obs.keys():
            return
        if len(obs_names) == 1:
            rows: Collection[tuple[str, ...]] = [(v,) for v in profile.obs[obs_names[0]].values]
        else:
            rows = profile.combinations[obs_names] if obs_names else [()]
        for row in rows:
            yield fixed | dict(zip(obs_names, row, strict=True))

    def _is_met(self, where: Collection[Circumstance], row: Row) -> bool:
        return all(
            self._vocabulary.holds(circumstance, row[circumstance.column], self._taxon)
            for circumstance in where
        )

    def _is_allowed(self, column: Column, case: Case, value: str) -> bool:
        if case.between:
            return case.between[0] <= int(value) <= case.between[1]
        parts = value.split(column.delimiter) if column.delimiter else [value]
        if any(part in case.refused for part in parts):
            return False
        entries = entries_for(case.terms, self._taxon)
        if not case.terms and not case.values:
            return True
        return all(p in case.values or self._vocabulary.entry(entries, p) for p in parts)


def columns_of_case(name: str, case: Case) -> tuple[str, ...]:
    """The columns that a case of the column `name` looks at."""
    return tuple(dict.fromkeys([*(circumstance.column for circumstance in case.where), name]))


def combinations(rules: Rules) -> frozenset[tuple[str, ...]]:
    """The sets of columns of obs whose values the rules need together, row by row."""
    columns = rules.every_column()
    wanted = {
        columns_of_case(name, case) for name, column in columns.items() for case in column.cases
    }
    wanted |= {
        tuple(circumstance.column for circumstance in column.present_where)
        for column in columns.values()
    }
    sets_of_names = {_columns_of_obs(rules, names) for names in wanted}
    return frozenset(names for names in sets_of_names if len(names) > 1)


def _columns_of_obs(rules: Rules, names: Collection[str]) -> tuple[str, ...]:
    columns = rules.every_column()
    return tuple(name for name in names if columns[name].slot == "obs")


def _finding(name: str, case: Case, values: Collection[str]) -> Finding:
    return Finding(
        reason=Reason.VALUES_DISAGREE,
        column=name,
        values=tuple(sorted(values)[:SHOWN]),
        count=len(values),
        detail="where "
        + " and ".join(_circumstance_text(circumstance) for circumstance in case.where),
    )


def _circumstance_text(circumstance: Circumstance) -> str:
    terms = list(dict.fromkeys((*circumstance.among, *circumstance.under)))
    named = " or ".join(terms[:3]) + (f" or {len(terms) - 3} more" if terms[3:] else "")
    return f"{circumstance.column} is {'not ' if circumstance.otherwise else ''}{named}"
