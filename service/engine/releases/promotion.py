"""Promotion: a bundle is verified, compared with the champion, checked against bank and stored decisions, then serves.

Two gates may refuse it. ``analysis.model_gate`` reads the metrics of both bundles, and whether the bundle fits this
bank. ``value_gate`` reads what it would have earned on the stored decisions.
"""

from service.analysis import model_gate
from service.analysis.policy_checks import conduct
from service.core.domain import Release
from service.engine.releases.artifacts import Artifacts
from service.engine.releases.governance import in_turn
from service.engine.releases.value_gate_process import judge, note_with_gate
from service.rules.policy import Policy, from_documents, load
from service.runtime.child_process import ENDLESS, Patience
from service.runtime.config import Settings
from service.scoring.models import Bundle
from service.scoring.models.fitness import find_misfits
from service.scoring.models.folders import verify
from service.scoring.models.manifest import metrics_of
from service.store import Store
from service.store.releases.notes import NOTE_MAX


def promote(
    store: Store,
    settings: Settings,
    version: str,
    actor: str,
    note: str = "promoted",
    *,
    override: bool = False,
    against: bool = False,
    patience: Patience = ENDLESS,
) -> Release:
    """Verify the bundle, compare it with the champion, and make it serve with the serving policy.

    ``override``: although its value on the stored decisions may be too far below the champion's. ``against``: although
    its metrics are not good enough, or it does not fit this bank (``scoring.models.fitness``). If nothing was ever
    released, the policy of the settings serves with it.

    Raises:
        GateRefused: a gate refuses it and is not overridden.
        NotFound: no such bundle.
        BundleError: the bundle is damaged.
        Unavailable: the deadline passed first.
    """
    bundle = verify(Artifacts.of(settings).folder_of(version).parent, version)
    active = store.releases.active()
    verdict = _judged(store, settings, bundle, active)
    if not against:
        verdict.or_refuse()
    if not verdict.passes:
        note = f"{note} against the gate: {'; '.join(verdict.lines)}"
    if active is not None:
        artifacts = Artifacts.of(settings)
        with in_turn(store, patience):
            refused = judge(store, active.policy, patience, version, artifacts).refusal
        note = note_with_gate(note, refused, override)
    store.releases.put_bundle(version, bundle.manifest)
    if active is not None:
        return store.releases.promote(version, note[:NOTE_MAX], actor)
    policy = load(settings.policy)
    conduct.assert_compliant(policy)
    first_note = f"first release, {note}"[:NOTE_MAX]
    return store.proposals.bootstrap(policy.hash, policy.documents, version, actor, first_note)


def _judged(store: Store, settings: Settings, challenger: Bundle, active: Release | None) -> model_gate.Verdict:
    """The model gate's verdict on a bundle, beside the champion and under the serving policy."""
    manifest, policy = challenger.manifest, _serving_policy(store, settings, active)
    another = active is not None and active.bundle not in (None, challenger.version)
    champion = store.releases.bundle(str(active.bundle)) if active is not None and another else None
    compared = None if champion is None else model_gate.compare_manifests(manifest, champion)
    misfit = find_misfits(challenger, champion, policy.attributes)
    return model_gate.judge_challenger(metrics_of(manifest), compared, manifest.get("experience"), misfit)


def _serving_policy(store: Store, settings: Settings, active: Release | None) -> Policy:
    """The policy with which a promoted bundle serves."""
    return load(settings.policy) if active is None else from_documents(store.releases.policy(active.policy))
