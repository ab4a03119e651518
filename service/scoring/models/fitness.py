"""Fitness: whether a bundle fits this bank and this policy at all, by manifests and policy alone.

Another bank's bundle scores strangers. A family that only the champion scores would fall back to its prior without
notice. An attribute that the policy does not have would always be unknown.
"""

from collections.abc import Iterator, Sequence

from service.core.attributes import AttributeTable
from service.core.errors import GateRefused
from service.core.expressions import Kind
from service.scoring.models.bundle import Bundle
from service.scoring.models.manifest import Manifest


def find_misfits(challenger: Bundle, champion: Manifest | None, policy: AttributeTable) -> list[str]:
    """A sentence for each reason why the challenger must not take the champion's place; ``policy``: its attributes."""
    mine = challenger.manifest
    beside = [] if champion is None else [*_of_another_bank(mine, champion), *_missing(mine, champion)]
    return [*beside, *_unknown(challenger, policy)]


def refuse_misfits(found: Sequence[str]) -> None:
    """Refuse a bundle that does not fit.

    Raises: GateRefused: with every reason, when there is one.
    """
    if found:
        lines = "".join(f"\n  no   {line}" for line in found)
        raise GateRefused(f"the challenger is not fit to serve:{lines}")


def families_of(manifest: Manifest) -> list[str]:
    """The families that a bundle scores: by a model, or by the evidence of an offer."""
    offers = manifest.get("evidence", {}).get("offers", {}).values()
    return sorted({*manifest.get("families", {}), *(row["family"] for row in offers)})


def _of_another_bank(challenger: Manifest, champion: Manifest) -> Iterator[str]:
    mine, theirs = (one.get("about", {}).get("bank") for one in (challenger, champion))
    if mine is not None and theirs is not None and mine != theirs:
        yield f'it was trained for another bank, "{mine}"; the champion for "{theirs}" (name in bank.yaml)'


def _missing(challenger: Manifest, champion: Manifest) -> Iterator[str]:
    for family in families_of(champion):
        if family not in families_of(challenger):
            yield f"{family}: the champion scores it, the challenger does not"


def _unknown(challenger: Bundle, policy: AttributeTable) -> Iterator[str]:
    """The raw attributes that its models read and the policy lacks, or has as another kind."""
    known = {one.name: one.kind for one in policy.attributes}
    own = {one.name: one.kind for one in challenger.program.table.attributes}
    read = challenger.attributes_read()
    if lacking := [name for name in read if name not in known]:
        yield f"it reads attributes that the policy does not know: {', '.join(lacking)} (its attributes.yaml)"
    for name in read:
        if name in known and _figure(own[name]) != _figure(known[name]):
            yield f"it reads {name} as {own[name]}, the policy knows it as {known[name]}"


def _figure(kind: Kind) -> Kind:
    """The kind, with money as a number: both are given alike."""
    return Kind.NUMBER if kind is Kind.MONEY else kind
