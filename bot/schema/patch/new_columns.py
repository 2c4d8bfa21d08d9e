"""Edits for columns that the module lacks: a flag, or one value of an enumeration, a ULabel.

What else one may be, LaminDB's module has no place for. Must not touch what it has already.
"""

import keyword
import re

import libcst as cst

from bot.schema.field_summary import enumeration, is_always_there
from bot.schema.impact.fields import is_simple_column
from bot.schema.patch.defaults import APPEND, has_code, label_kind
from bot.schema.patch.editing import PatchContext, quoted
from bot.schema.spec import Field

FROM = 'description="From CellxGene schema."'


class NewColumns(cst.CSTTransformer):
    """Adds a feature of obs for each column that it can hold and lacks, and saves its values."""

    def __init__(self, work: PatchContext) -> None:
        super().__init__()
        self.work = work
        held = work.curator.features | work.curator.fields.keys()
        renames = work.diff.fields_renamed
        held |= {rename.new.name for rename in renames if rename.old.name in held}
        self.columns = [
            field
            for field in work.new.fields()
            if is_simple_column(field) and field.name not in held and self._is_free(field.name)
        ]

    def _is_free(self, name: str) -> bool:
        """Whether it can name a variable, and names none of the module's."""
        is_name = name.isidentifier() and not keyword.iskeyword(name)
        return is_name and name not in {"name", *self.work.curator.names}

    def leave_FunctionDef(  # noqa: N802 (named by libcst)
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef:
        body = updated_node.body
        if not isinstance(body, cst.IndentedBlock):
            return updated_node
        statements = list(body.body)
        for place, statement in reversed(list(enumerate(statements))):
            if isinstance(statement, cst.For) and label_kind(statement):
                statements[place + 1 : place + 1] = self._labels()
                break
            if _makes_features(statement):
                statements[place + 1 : place + 1] = self._features()
                break
        return updated_node.with_changes(body=body.with_changes(body=statements))

    def _labels(self) -> list[cst.BaseStatement]:
        """What saves the values of each enumeration, as the module saves its others."""
        statements: list[cst.BaseStatement] = []
        for field in self.columns:
            if values := enumeration(field):
                self.work.say(f"save_cellxgene_defaults doesn't save the values of {field.name}.")
                statements += _saved(field.name, values)
        return statements

    def _features(self) -> list[cst.BaseStatement]:
        for field in self.columns:
            there = "" if is_always_there(field) else ", which only some datasets have"
            self.work.say(f"obs has no feature of {field.name}{there}.")
        return [cst.parse_statement(_feature(field)) for field in self.columns]


def _makes_features(statement: cst.BaseStatement) -> bool:
    """Whether a loop adds columns without terms to those of obs."""
    return isinstance(statement, cst.For) and has_code(statement, APPEND)


def _saved(name: str, values: tuple[str, ...]) -> list[cst.BaseStatement]:
    """The enumeration's type and its values, laid out as LaminDB's formatter would."""
    type_name = "".join(word.capitalize() for word in re.split("_+", name))
    elements = "".join(f"    {_literal(value)},\n" for value in values)
    head = cst.parse_statement(
        f"{name} = ULabel(\n    name={_literal(type_name)},\n    is_type=True,\n    {FROM},\n"
        ").save()\n"
    )
    comment = [cst.EmptyLine(indent=False), cst.EmptyLine(comment=cst.Comment(f"# {name}"))]
    loop = cst.parse_statement(
        f"for name in [\n{elements}]:\n    ULabel(\n        name=name,\n        type={name},\n"
        f"        {FROM},\n    ).save()\n"
    )
    return [head.with_changes(leading_lines=comment), loop]


def _feature(field: Field) -> str:
    dtype = "bool" if field.type == "bool" else "ULabel.name"
    made = f"Feature(name={_literal(field.name)}, dtype={dtype})"
    if is_always_there(field):
        return f"obs_features.append({made}.save())\n"
    chain = f"    {made}\n    .save()\n    .with_config(optional=True)\n"
    return f"obs_features.append(\n{chain})\n"


def _literal(text: str) -> str:
    """The text as a literal in double quotes."""
    return cst.Module([]).code_for_node(quoted(text))
