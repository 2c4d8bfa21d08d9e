"""Rules on several columns at once: where one column has a value, what another may hold.

Looks at the distinct rows of the columns that a rule joins.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import product

from runners.contract import Finding, Reason
from runners.contract.rules import ORGANISM, Case, Circumstance, Column, Rules
from runners.h5ad.profile import ColumnProfile, DatasetProfile
from runners.rules.explanation import Explanation, listed
from runners.rules.vocabulary import Vocabulary, entries_for

SHOWN = 5
"""Values that a finding shows at most."""

Row = Mapping[str, str]


class Cases:
    """The cases of one dataset of the organism `taxon`."""

    def __init__(self, profile: DatasetProfile, vocabulary: Vocabulary, taxon: str) -> None:
        self._profile, self._vocabulary, self._taxon = profile, vocabulary, taxon
        self._explanation = Explanation(vocabulary)

    def stands(self, column: Column) -> bool | None:
        """Whether the column must stand in this dataset or else must not; None where it may, or
        where what it depends on is missing itself.
        """
        where = column.present_where
        if any(not c.present and self._is_unusable(c.column) for c in where):
            return None
        if not self._is_met_anywhere(where):
            return False
        return None if column.optional else True

    def _is_met_anywhere(self, where: Collection[Circumstance]) -> bool:
        if not where:
            return True
        rows = self._rows([circumstance.column for circumstance in where])
        return any(self._is_met(where, row) for row in rows)

    def _is_unusable(self, name: str) -> bool:
        """Whether a column is missing that this dataset must have, or of a wrong type."""
        column = self._vocabulary.rules.columns[name]
        if column_of(self._profile, name, column) is None:
            return not column.optional and self.stands(column) is not False
        return self._is_of_wrong_type(name)

    def is_beyond_reach(self, name: str) -> bool:
        """Whether a key of uns lies in what should be a dictionary, and is none."""
        outer = name.rpartition(".")[0]
        return outer in self._vocabulary.rules.columns and self._is_of_wrong_type(outer)

    def _is_of_wrong_type(self, name: str) -> bool:
        column = self._vocabulary.rules.columns[name]
        found = column_of(self._profile, name, column)
        return found is not None and not is_of_type(found, column)

    def findings(self, name: str, column: Column, wrong: Collection[str]) -> Iterator[Finding]:
        """What is wrong with the column in each of its cases, but for values found `wrong`."""
        for case in column.cases:
            names = columns_of_case(name, case)
            if any(self._is_of_wrong_type(each) for each in names):
                continue
            met = [row for row in self._rows(names) if self._is_met(case.where, row)]
            values = {row[name] for row in met}
            bad = {value for value in values if not self._is_allowed(column, case, value)}
            if case.alone and len(values) > 1:
                bad |= values & set(case.alone)
            if case.single and met and name in self._profile.obs:
                all_values = set(self._profile.obs[name].values)
                bad |= all_values if len(all_values) > 1 else set()
            if bad - set(wrong):
                yield self._finding(name, case, bad - set(wrong))

    def _finding(self, name: str, case: Case, values: Collection[str]) -> Finding:
        return Finding(
            reason=Reason.VALUES_DISAGREE,
            column=place_of(name, self._vocabulary.rules),
            values=tuple(sorted(values)[:SHOWN]),
            count=len(values),
            detail=f"{' and '.join(self._requirements(case))} {self._where(case)}".strip(),
        )

    def _where(self, case: Case) -> str:
        return where_text(case.where, self._vocabulary.rules)

    def _requirements(self, case: Case) -> Iterator[str]:
        """What the case asks of a value, e.g. "must be na"."""
        if case.between:
            yield f"must be from {case.between[0]} to {case.between[1]}"
        terms = self._explanation.allowed(entries_for(case.terms, self._taxon))
        if case.values or case.terms:
            yield f"must be {listed(filter(None, (*case.values, terms)))}"
        if case.refused:
            yield f"must not be {listed(case.refused)}"
        if case.alone:
            yield f"must be {listed(case.alone)} in all observations or in none"
        if case.single:
            yield "must be the same in all observations"

    def _rows(self, names: Collection[str]) -> Iterator[Row]:
        """The distinct rows of these columns; what stands in uns is the same in all of them, and
        what stands in var goes with all. Of a column that is absent, the value is empty.
        """
        profile, columns = self._profile, self._vocabulary.rules.columns
        in_obs = _columns_of_obs(self._vocabulary.rules, names)
        obs_names = tuple(name for name in in_obs if name in profile.obs)
        others = [name for name in names if name not in obs_names]
        values = [self._values(name, columns[name]) for name in others]
        if len(obs_names) == 1:
            rows: Collection[tuple[str, ...]] = [(v,) for v in profile.obs[obs_names[0]].values]
        else:
            rows = profile.combinations[obs_names] if obs_names else [()]
        for row in rows:
            for rest in product(*values):
                yield dict(zip((*obs_names, *others), (*row, *rest), strict=True))

    def _values(self, name: str, column: Column) -> Collection[str]:
        """The values of a column outside obs; of the organism, that of the rules which it is."""
        if name == ORGANISM:
            return (self._taxon,)
        found = column_of(self._profile, name, column)
        return found.values if found is not None and found.values else ("",)

    def _is_met(self, where: Collection[Circumstance], row: Row) -> bool:
        return all(self._holds(circumstance, row) for circumstance in where)

    def _holds(self, circumstance: Circumstance, row: Row) -> bool:
        name = circumstance.column
        column = self._vocabulary.rules.columns[name]
        stands = column_of(self._profile, name, column) is not None
        if circumstance.present:
            return stands != circumstance.otherwise
        value = self._taxon if name == ORGANISM else row[name]
        return stands and self._vocabulary.holds(circumstance, value, self._taxon)

    def _is_allowed(self, column: Column, case: Case, value: str) -> bool:
        if case.between:
            is_number = re.fullmatch(r"-?\d+", value) is not None
            return is_number and case.between[0] <= int(value) <= case.between[1]
        parts = value.split(column.delimiter) if column.delimiter else [value]
        if any(part in case.refused for part in parts):
            return False
        entries = entries_for(case.terms, self._taxon)
        if not case.terms and not case.values:
            return True
        return all(p in case.values or self._vocabulary.entry(entries, p) for p in parts)


def place_of(name: str, rules: Rules) -> str:
    """The column as a person is told of it: a key of uns by its whole path."""
    return f"uns.{name}" if rules.columns[name].slot == "uns" else name


def column_of(profile: DatasetProfile, name: str, rule: Column) -> ColumnProfile | None:
    """The column where the rule has it; a key of uns as a column, too."""
    if rule.slot != "uns":
        return (profile.obs if rule.slot == "obs" else profile.var).get(name)
    if name in profile.dicts:
        return ColumnProfile("dict", (), 0)
    return profile.uns.get(name)


KINDS = {
    "str": "a text",
    "categorical": "categories",
    "bool": "a boolean",
    "int": "an integer",
    "number": "a number with a fraction",
    "dict": "a dictionary",
    "list": "a list",
    "array": "an array",
    "null": "empty",
    "other": "of a type that no value has",
}
"""What the types of profiles and rules are in a sentence; others by their names."""


def type_finding(column: ColumnProfile, place: str, rule: Column) -> Finding:
    """That the column at the place is of another type than its rule's."""
    found, wanted = (KINDS.get(dtype, dtype) for dtype in (column.dtype, rule.dtype))
    return Finding(reason=Reason.COLUMN_TYPE, column=place, detail=f"is {found}, must be {wanted}")


def is_of_type(column: ColumnProfile, rule: Column) -> bool:
    """Whether a column has the rule's type; texts may be categories or not."""
    return column.dtype == rule.dtype or {column.dtype, rule.dtype} == {"str", "categorical"}


def columns_of_case(name: str, case: Case) -> tuple[str, ...]:
    """The columns that a case of the column `name` looks at."""
    return tuple(dict.fromkeys([*(circumstance.column for circumstance in case.where), name]))


def combinations(rules: Rules) -> frozenset[tuple[str, ...]]:
    """The sets of columns of obs whose values the rules need together, row by row."""
    columns = rules.columns
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
    columns = rules.columns
    return tuple(name for name in names if columns[name].slot == "obs")


def where_text(where: Collection[Circumstance], rules: Rules) -> str:
    """The circumstances as the end of a sentence; empty if there are none."""
    texts = (_circumstance_text(each, place_of(each.column, rules)) for each in where)
    return f"where {' and '.join(texts)}" if where else ""


def _circumstance_text(circumstance: Circumstance, place: str) -> str:
    if circumstance.present:
        return f"{place} {'does not stand' if circumstance.otherwise else 'stands'}"
    named = listed((*circumstance.among, *circumstance.under))
    return f"{place} is {'not ' if circumstance.otherwise else ''}{named}"
