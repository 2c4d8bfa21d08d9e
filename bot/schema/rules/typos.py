"""Terms whose link goes elsewhere than their text says: which of the two does the document mean?

The rest of the document is the witness. Must not look at an ontology.
"""

from collections import Counter
from collections.abc import Mapping

from bot.schema.field import TERM
from bot.schema.spec import Spec


def corrections(spec: Spec) -> Mapping[str, str | None]:
    """Each doubtful term as printed -> the term that is meant, or None if that stays open."""
    seen = _occurrences(spec)
    printed = Counter(found.text for found in spec.discrepancies)
    meant: dict[str, str | None] = {}
    for found in spec.discrepancies:
        elsewhere = seen[found.text] > printed[found.text]
        # Ontology browsers write prefixes in capitals.
        link = next((term for term in seen if term.lower() == found.link.lower()), None)
        if link and not elsewhere:
            meant[found.text] = link
        else:
            meant[found.text] = found.text if elsewhere and not link else None
    return meant


def _occurrences(spec: Spec) -> Counter[str]:
    """How often each term stands in the document before its appendix."""
    seen = Counter(gene.taxon for gene in spec.gene_references)
    for field in spec.fields():
        seen.update(TERM.findall(f"{field.annotation} {field.value}"))
    for part in (*spec.components, *spec.rules):
        seen.update(TERM.findall(part.prose))
    return seen
