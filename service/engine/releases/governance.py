"""Policies: proposed, compared, signed, approved, put on trial, rolled back, withdrawn.

Publish (check, propose) -> diff and simulate against the serving release -> where changes are red
(``analysis.red_marks``) the signature of compliance by a third person -> approval by another person -> every worker
follows (``active_release``) -> roll back if needed, or withdraw for good. ``store.releases`` stores who did what;
``analysis`` computes; here they get customers, models and the time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce

from sqlalchemy import Connection

from service.analysis.diff import Difference, diff
from service.analysis.policy_checks.calendar_horizon import calendar_warnings
from service.analysis.simulate import simulate
from service.analysis.simulation_result import Simulation
from service.analysis.weight_sensitivity import Firmness, measure_weight_sensitivity
from service.core.clock import Clock, now_ms
from service.core.domain import Context, Release, Snapshot
from service.core.errors import Conflict, InvalidInput, NotFound, Unavailable
from service.core.grid import Array, day_at
from service.core.progress import Progress
from service.decision import population_of
from service.engine.releases import policy_check_process, value_gate_process
from service.engine.releases.active_release import ON_DISK
from service.engine.releases.fairness.gate_process import refuse_gaps
from service.engine.releases.loader import ReleaseLoader
from service.engine.releases.scores import score_many
from service.engine.releases.value_gate import ValueGate
from service.engine.releases.value_gate_process import GateVerdict
from service.rules.expiry import AnswerExpiry
from service.rules.policy import Policy
from service.runtime.child_process import ENDLESS, Patience
from service.scoring.models.fitness import find_misfits, refuse_misfits
from service.store import Challenger, Proposal, Review, Signature, Store, Withdrawal
from service.store.releases.notes import NOTE_MAX
from service.store.releases.persons import Persons
from service.store.releases.proposals import Proposed
from service.store.releases.signatures import refuse_unsigned

CUSTOMERS = 2000
"""Customers of a simulation where none are named."""


class Busy(Unavailable):
    """Another policy of the bank is being checked or valued."""


@dataclass(frozen=True, slots=True)
class Approval:
    """A release made by an approval, and what the value gate said of it."""

    release: Release
    gate: GateVerdict


Approved = Callable[[Connection, Approval], None]
"""Called with an approval before the transaction ends."""


class Governance:
    """The policy lifecycle, as one process sees it.

    ``activated`` is called with the id of a release made here, before other workers see it. ``alone``: this worker is
    the only one.
    """

    def __init__(
        self,
        store: Store,
        loader: ReleaseLoader,
        activated: Callable[[int], object] = lambda _release: None,
        alone: bool = False,
        clock: Clock = now_ms,
    ) -> None:
        self._store, self._loader, self._activated, self._alone = store, loader, activated, alone
        self._clock = clock
        self.value_gate = ValueGate(store, loader, clock)

    @property
    def deadline_s(self) -> int:
        """Seconds that a request may wait for a policy to be checked."""
        return policy_check_process.ALONE_S if self._alone else policy_check_process.DEADLINE_S

    def publish(
        self,
        documents: Mapping[str, object],
        author: str,
        note: str,
        patience: Patience = ENDLESS,
        proposed: Proposed | None = None,
    ) -> tuple[Proposal, bool]:
        """Propose a policy; returns False if it was proposed before. ``proposed`` is called in the transaction.

        Raises:
            PolicyError: names every problem of the policy.
            Busy: another policy is being checked.
            Unavailable: the deadline passed first.
        """
        with in_turn(self._store, patience):
            policy = policy_check_process.check_policy(documents, patience)
        return self._store.proposals.propose(policy.hash, policy.documents, author, note, proposed)

    def approve(
        self,
        policy_hash: str,
        approver: str,
        note: str,
        override: bool = False,
        patience: Patience = ENDLESS,
        approved: Approved | None = None,
    ) -> Approval:
        """Make a proposed policy serve. Patience as in ``publish``; ``approved`` is called in the transaction.

        With ``override`` it serves although the value gate refuses it, and the audit log says so.

        Raises:
            NotFound: nobody proposed this policy.
            OwnApproval: the approver is the author.
            Conflict: the policy already serves.
            Withdrawn: it was withdrawn.
            PolicyError: the policy cannot be read any more.
            Unsigned: its red changes lack the signature of a third person.
            GateRefused: its value on the stored decisions may be too far below the champion's, or a group of customers
                is offered something of a family too rarely and no override excuses it.
        """
        proposal, judged = self._store.proposals.find(policy_hash), None
        review = self._reviewed(policy_hash)
        persons = self._store.person_names.read_joined(proposal.at)
        if not proposal.active and not persons.are_same(approver, proposal.author):
            self._expect_signed(policy_hash, review, persons, proposal.author, approver)
            with in_turn(self._store, patience):
                judged = value_gate_process.judge(self._store, policy_hash, patience)
                note = value_gate_process.note_with_gate(note, judged.refusal, override)
                refuse_gaps(self._store, policy_hash, self._loader.artifacts, patience)
        gate = judged or value_gate_process.NOT_JUDGED

        def released(connection: Connection, release: Release) -> None:
            if approved is not None:
                approved(connection, Approval(release, gate))

        release = self._store.proposals.approve(policy_hash, approver, note, released, review)
        return Approval(self.announce(release), gate)

    def signatures(self, policy_hash: str) -> list[Signature]:
        """The signatures of compliance under a policy, oldest first."""
        return self._store.signatures.list_signatures(policy_hash)

    def withdrawal(self, policy_hash: str) -> Withdrawal | None:
        """The withdrawal of a policy; None where it may serve."""
        return self._store.withdrawals.find(policy_hash)

    def needs(self, policy_hash: str) -> list[str]:
        """What a policy needs beside an approval, compared with what serves: ``["compliance"]`` or nothing.

        Raises:
            NotFound: no such policy is stored.
        """
        return ["compliance"] if self._reviewed(policy_hash).red else []

    def warnings(self, policy_hash: str) -> list[str]:
        """What ends soon of a stored policy: its calendar, where rules need it.

        Raises:
            NotFound: no such policy is stored.
        """
        policy = self.policy(policy_hash)
        today = day_at(self._clock(), policy.contact.timezone)
        return [f"{one.where} {one.message}" for one in calendar_warnings(policy, today)]

    def rollback(self, actor: str, note: str, to: str | None = None) -> Release:
        """Restore the release before the serving one, or the one named by its number, policy or bundle.

        Raises:
            Conflict: there is no release before, or the one named serves.
            Withdrawn: the policy of the one named was withdrawn.
            NotFound: no release is named so.
        """
        return self.announce(self._store.proposals.rollback(actor, note, to))

    def withdraw(self, policy_hash: str, actor: str, reason: str, to: str | None = None) -> Release | None:
        """Let a policy never serve again; returns what serves instead, where it served or was on trial.

        Raises:
            NotFound: the policy, or the release to fall back on, is not stored.
            Conflict: it serves and no release to fall back on is named.
            Withdrawn: it was withdrawn before, or the one to fall back on was.
            InvalidInput: the reason is missing.
        """
        release = self._store.proposals.withdraw(policy_hash, actor, reason, to)
        return None if release is None else self.announce(release)

    def _reviewed(self, policy_hash: str) -> Review:
        """How many changes of a policy are red, compared with what serves; one more than none where nothing serves."""
        serves = self._store.releases.active()
        if serves is None:
            return Review(None, 1)
        old, new = self._loader.policy(serves.policy), self._loader.policy(policy_hash)
        return Review(serves.policy, len(diff(old, new).red))

    def _expect_signed(self, policy_hash: str, review: Review, persons: Persons, *people: str) -> None:
        """Check for a signature before anything is replayed; the transaction that releases checks again.

        Raises:
            Unsigned: changes are red, and nobody but these people signed.
        """
        signers = (one.signer for one in self._store.signatures.list_signatures(policy_hash))
        if review.red and all(persons.is_among(signer, people) for signer in signers):
            refuse_unsigned(review.red)

    def current_trial(self) -> Challenger | None:
        """The challenger of the active release; None without a trial."""
        active = self._store.releases.active()
        return None if active is None else self._store.challengers.find(active.id)

    def challenge(
        self, policy: str | None, bundle: str | None, share: float, actor: str, note: str, override: bool = False
    ) -> Release:
        """Put a policy (a hash or its prefix) or a bundle on trial; what is not named is the champion's.

        With ``override``, a bundle that does not fit this bank is tried all the same.

        Raises:
            NotFound: no such policy or bundle.
            Conflict: nothing serves yet, the policy was never proposed, or the challenger equals the champion.
            InvalidInput: the share or a name is wrong.
            OwnApproval: the actor is the author of a policy that never served.
            Unsigned: red changes of a policy that never served lack the signature of a third person.
            GateRefused: the bundle does not fit this bank.
        """
        champion = self._store.releases.active()
        if champion is None:
            raise Conflict("Nothing serves yet that could be challenged.")
        whole = champion.policy if policy is None else self._store.proposals.whole_hash(policy)
        challenger = Challenger(whole, bundle or champion.bundle, share)
        note = self._admitted(challenger, champion, note, override)
        return self.announce(self._store.challengers.begin(challenger, actor, note, self._reviewed(whole)))

    def _admitted(self, challenger: Challenger, champion: Release, note: str, override: bool) -> str:
        """The note, with the bundle's misfits.

        Raises:
            GateRefused: when the bundle does not fit this bank and ``override`` is not set.
        """
        if challenger.bundle is None:
            return note
        policy, bundle = self._loader.policy(challenger.policy), self._loader.bundle(challenger.bundle)
        other = champion.bundle not in (None, bundle.version)
        problems = find_misfits(
            bundle, self._store.releases.bundle(str(champion.bundle)) if other else None, policy.attributes
        )
        if not override:
            refuse_misfits(problems)
        self._store.releases.put_bundle(bundle.version, bundle.manifest)
        return f"against the gate ({'; '.join(problems)}); {note}"[:NOTE_MAX] if problems else note

    def end_challenge(self, actor: str, note: str) -> Release:
        """Let the champion serve all customers again.

        Raises:
            Conflict: nothing is on trial.
        """
        return self.announce(self._store.challengers.end(actor, note))

    def proposal(self, policy_hash: str) -> Proposal:
        """A policy's proposal: who proposed it, and its state.

        Raises:
            NotFound: nobody proposed it.
        """
        return self._store.proposals.find(policy_hash)

    def policy(self, policy_hash: str | None = None) -> Policy:
        """The policy of a hash; None: the one that serves.

        Raises:
            NotFound: no such policy is stored, or none serves yet.
        """
        return self._loader.policy(self._active().policy if policy_hash is None else policy_hash)

    def compare(self, new: Policy, old: Policy) -> Difference:
        """How ``new`` differs from ``old``."""
        return diff(old, new)

    def simulate(
        self, new: Policy, old: Policy, customers: int = CUSTOMERS, channel: str | None = None, limit: int = 3
    ) -> Simulation:
        """Both policies over a sample of the customers, now, with the serving models and prices.

        Raises:
            InvalidInput: no customer is stored, or a policy lacks the channel.
        """
        context = Context(self._clock(), channel, limit=limit)
        people, release = self._people(customers, context.now, old, new), self._release(old)
        return simulate(old, new, people, context, self._scores(people, release), release)

    def measure_firmness(
        self, policy: Policy, customers: int = CUSTOMERS, share: float = 0.05, advance: Progress | None = None
    ) -> tuple[Firmness, ...]:
        """How far each weight of the policy must move to change ``share`` of the first offers, in any channel, now."""
        now = self._clock()
        people, release = self._people(customers, now, policy), self._release(policy)
        scores = self._scores(people, release)
        return measure_weight_sensitivity(
            policy, population_of(policy, people), Context(now), scores, release, share, advance
        )

    def announce(self, release: Release) -> Release:
        """Notify this process of a release made now, before other workers see it."""
        self._activated(release.id)
        return release

    def _active(self) -> Release:
        release = self._store.releases.active()
        if release is None:
            raise NotFound("No policy serves yet to compare with: name one.")
        return release

    def _release(self, policy: Policy) -> Release:
        return self._store.releases.active() or Release(ON_DISK, policy.hash, None)

    def _people(self, customers: int, now: int, *policies: Policy) -> list[Snapshot]:
        expiry = reduce(AnswerExpiry.merge, map(AnswerExpiry.for_policy, policies))
        people = self._store.customers.sample_snapshots(customers, expiry.lookback(now))
        if not people:
            raise InvalidInput("No customer is stored to simulate on: import customers first.")
        return people

    def _scores(self, people: Sequence[Snapshot], release: Release) -> dict[str, Array]:
        return score_many(self._loader.models(release.bundle).without(self._store.model_stops.list_stops()), people)


@contextmanager
def in_turn(store: Store, patience: Patience) -> Iterator[None]:
    """Let one process of the bank at a time read whole policies.

    Raises:
        Busy: another one reads.
    """
    with store.proposals.take_turn() as mine:
        if not mine:
            raise Busy(patience.told("Another policy is being checked just now."), policy_check_process.AGAIN_S)
        yield
