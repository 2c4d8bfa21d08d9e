"""Edits of the loop that adds features of obs which stand in no ontology.

Must not touch the features that `categoricals_to_spec` gives.
"""

import libcst as cst

from bot.schema.patch.listed import left, string
from bot.schema.patch.work import Work

APPEND = "obs_features.append(Feature(name=name, "
GUARD = "if name not in obs_categoricals:"


class Features(cst.CSTTransformer):
    """Booleans become booleans, and what was added already isn't added twice."""

    def __init__(self, work: Work) -> None:
        super().__init__()
        self.work = work
        self.flags = [name for name in work.wanted.flags if name not in work.curator.flags]

    def leave_For(  # noqa: N802 (named by libcst)
        self, original_node: cst.For, updated_node: cst.For
    ) -> cst.For | cst.FlattenSentinel[cst.BaseStatement]:
        loop, body = updated_node.iter, updated_node.body
        if not isinstance(loop, cst.List) or not isinstance(body, cst.IndentedBlock):
            return updated_node
        code = cst.Module([]).code_for_node(body).strip()
        if not code.startswith((APPEND, GUARD)):
            return updated_node
        return self._flagged(updated_node, loop, self._guarded(body, code))

    def _guarded(self, body: cst.IndentedBlock, code: str) -> cst.IndentedBlock:
        if code.startswith(GUARD):
            return body
        self.work.say("Columns of categoricals_to_spec were added twice with names requested.")
        guard = cst.parse_statement(f"{GUARD}\n    pass\n")
        assert isinstance(guard, cst.If)
        return body.with_changes(body=[guard.with_changes(body=body)])

    def _flagged(
        self, node: cst.For, loop: cst.List, body: cst.IndentedBlock
    ) -> cst.For | cst.FlattenSentinel[cst.BaseStatement]:
        """The loop without booleans, which are added before it."""
        flags = [name for one in loop.elements if (name := string(one.value) or "") in self.flags]
        kept = left(loop.elements, lambda one: string(one.value) in flags)
        changed = node.with_changes(body=body, iter=loop.with_changes(elements=kept))
        if not flags:
            return changed
        statements = [
            cst.parse_statement(f'obs_features.append(Feature(name="{name}", dtype=bool).save())')
            for name in flags
        ]
        for name in flags:
            self.work.say(f"{name} is a bool in the schema, and was a label.", retyped=name)
        statements[0] = statements[0].with_changes(leading_lines=node.leading_lines)
        return cst.FlattenSentinel([*statements, changed.with_changes(leading_lines=[])])
