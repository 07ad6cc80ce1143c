"""The store of one installation, bound once: one object for each family of keys."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from nudge.store.folds.case_queues import CaseQueues
from nudge.store.folds.case_store import CaseStore
from nudge.store.folds.counts import Counts
from nudge.store.folds.counts_moment import CountMoments
from nudge.store.folds.folds import Folds
from nudge.store.folds.generations import Generations
from nudge.store.folds.member_store import MemberStore
from nudge.store.folds.minute_count_store import MinuteCountStore
from nudge.store.folds.visitor_states import VisitorStates
from nudge.store.folds.watch_store import WatchStore
from nudge.store.folds.winback_order import WinbackOrder
from nudge.store.jobs.jobs import Jobs
from nudge.store.journal.journal import Journal
from nudge.store.keeping.backup import Backup
from nudge.store.keeping.freshness import FreshnessReader
from nudge.store.keeping.heartbeats import Heartbeats
from nudge.store.keeping.identity import StoreIdentity
from nudge.store.keeping.memory import StoreMemory
from nudge.store.keeping.retention import Retention
from nudge.store.keeping.rewriting import LogRewrite
from nudge.store.keeping.work_figures import WorkFigureReader
from nudge.store.plans.bulk import BulkPlanning
from nudge.store.plans.capacity import HourCapacity
from nudge.store.plans.grant_book import GrantBook
from nudge.store.plans.offer_book import OfferBook
from nudge.store.plans.plans import PlanStore
from nudge.store.plans.scheduler_places import SchedulerPlaces
from nudge.store.plans.withdrawals import Withdrawals
from nudge.store.service.alarms import Alarms
from nudge.store.service.api_keys import ApiKeys
from nudge.store.service.audit import AuditTrail
from nudge.store.service.catalogue import CatalogueReader
from nudge.store.service.deliveries import Deliveries
from nudge.store.service.documents import Documents
from nudge.store.service.guards import GuardNotes
from nudge.store.service.policy_holds import PolicyHolds
from nudge.store.service.process_notes import ProcessNotes
from nudge.store.service.quarantines import Quarantines
from nudge.store.service.reward_runs import RewardRuns
from nudge.store.service.sessions import Sessions
from nudge.store.service.sign_in_attempts import SignInAttempts
from nudge.store.service.slots import Slots
from nudge.store.service.snapshots import Snapshots
from nudge.store.service.stock import Stock
from nudge.store.service.users import Users
from nudge.store.service.winback_notes import WinbackNotes
from nudge.store.service.work_notes import WorkNotes
from nudge.store.vault.books import Books
from nudge.store.vault.number_owners import NumberOwners
from nudge.store.vault.partings import Partings
from nudge.store.vault.people import MOST_VISITORS, People
from nudge.store.vault.proof_book import ProofBook
from nudge.store.vault.removal import Removal
from nudge.store.vault.state_reader import StateReader
from nudge.store.vault.suppressions import Suppressions
from nudge.store.vault.text_book import TextBook
from nudge.store.vault.visitors import VisitorBook
from nudge.store.wire.client import Client
from nudge.store.wire.keys import Keys


@dataclass(frozen=True)
class Store:
    """The store of one installation: one part for each kind of data, read and written through it.

    Attributes:
        client: the connection; two stores of one process may have two, with other patience.
        most_visitors: the most ids that one id or number may gather.
        pages_own_ids: see `VisitorBook`.
    """

    client: Client
    keys: Keys
    most_visitors: int = MOST_VISITORS
    pages_own_ids: bool = True

    @cached_property
    def counts(self) -> Counts:
        """Counts of learning, by slot, block of time, cell and variant."""
        return Counts(self.client, self.keys)

    @cached_property
    def count_moments(self) -> CountMoments:
        """Moments of `learn`: its counts and totals, all read at one position."""
        return CountMoments(self.client, self.keys)

    @cached_property
    def folds(self) -> Folds:
        """State of the folds: leases, commits, positions."""
        return Folds(self.client, self.keys)

    @cached_property
    def generations(self) -> Generations:
        """Generations of a fold's state: built anew beside the live one, then swapped in."""
        return Generations(self.client, self.keys)

    @cached_property
    def minute_counts(self) -> MinuteCountStore:
        """Minute counts of `monitor`, and the traces of visits."""
        return MinuteCountStore(self.client, self.keys)

    @cached_property
    def winback_order(self) -> WinbackOrder:
        """The order of win-back: places of cases, and those that have to be made anew."""
        return WinbackOrder(self.client, self.keys)

    @cached_property
    def winback(self) -> WinbackNotes:
        """Notes of win-back: mended causes, the uplift in force."""
        return WinbackNotes(self.client, self.keys)

    @cached_property
    def jobs(self) -> Jobs:
        """Jobs: questions that workers answer."""
        return Jobs(self.client, self.keys)

    @cached_property
    def journal(self) -> Journal:
        """The journal: records are appended once and read in order."""
        return Journal(self.client, self.keys)

    @cached_property
    def backup(self) -> Backup:
        """A backup of what cannot be rebuilt: written as frames, restored into an empty store."""
        return Backup(self.client, self.keys)

    @cached_property
    def heartbeats(self) -> Heartbeats:
        """Heartbeats: marks by which a silent partition's time goes on."""
        return Heartbeats(self.client, self.keys)

    @cached_property
    def identity(self) -> StoreIdentity:
        """The identity of the store: recognises one that is empty, older or another."""
        return StoreIdentity(self.client, self.keys)

    @cached_property
    def memory(self) -> StoreMemory:
        """Memory of the store: how much it uses, and how much it may."""
        return StoreMemory(self.client)

    @cached_property
    def retention(self) -> Retention:
        """Retention of the journal: what every fold has read is trimmed."""
        return Retention(self.client, self.keys)

    @cached_property
    def log_rewrite(self) -> LogRewrite:
        """The rewrite of the store's own log: no forgotten person is on disk afterwards."""
        return LogRewrite(self.client, self.keys)

    @cached_property
    def process_notes(self) -> ProcessNotes:
        """Notes of web processes: the figures that only they know."""
        return ProcessNotes(self.client, self.keys)

    @cached_property
    def reward_runs(self) -> RewardRuns:
        """Runs of slots without a reward."""
        return RewardRuns(self.client, self.keys)

    @cached_property
    def bulk(self) -> BulkPlanning:
        """The sign that many visitors are being planned for, which makes folds rest."""
        return BulkPlanning(self.client, self.keys)

    @cached_property
    def capacity(self) -> HourCapacity:
        """Capacity of the gateway, taken by the hour."""
        return HourCapacity(self.client, self.keys)

    @cached_property
    def plans(self) -> PlanStore:
        """Plans of SMS: appended as blocks, remembered by month."""
        return PlanStore(self.client, self.keys)

    @cached_property
    def grants(self) -> GrantBook:
        """Grants that are under way: of a group one case of a visitor grants."""
        return GrantBook(self.client, self.keys)

    @cached_property
    def offers(self) -> OfferBook:
        """Standing offers of visitors, besides what decisions write."""
        return OfferBook(self.client, self.keys)

    @cached_property
    def scheduler_places(self) -> SchedulerPlaces:
        """The place of each scheduler in the list of withdrawals: how far it has acknowledged."""
        return SchedulerPlaces(self.client, self.keys)

    @cached_property
    def withdrawals(self) -> Withdrawals:
        """Withdrawals: plans that must not be sent any more, and books written anew for them."""
        return Withdrawals(self.client, self.keys)

    @cached_property
    def deliveries(self) -> Deliveries:
        """Deliveries of notices, and the worker whose turn it is to send."""
        return Deliveries(self.client, self.keys)

    @cached_property
    def alarms(self) -> Alarms:
        """Alarms, and the state of the monitors that open them."""
        return Alarms(self.client, self.keys)

    @cached_property
    def api_keys(self) -> ApiKeys:
        """API keys: made, listed, revoked."""
        return ApiKeys(self.client, self.keys)

    @cached_property
    def catalogue(self) -> CatalogueReader:
        """The reader of the catalogue: fetches only what changed."""
        return CatalogueReader(self.client, self.keys)

    @cached_property
    def guards(self) -> GuardNotes:
        """Notes of the harm guard: the worker whose turn it is, and its last looks."""
        return GuardNotes(self.client, self.keys)

    @cached_property
    def work_notes(self) -> WorkNotes:
        """Notes of work lists: the worker whose turn it is, and what each call took."""
        return WorkNotes(self.client, self.keys)

    @cached_property
    def documents(self) -> Documents:
        """Configuration documents: the current ones, their revisions and audits."""
        return Documents(self.client, self.keys)

    @cached_property
    def quarantines(self) -> Quarantines:
        """Quarantines: intervals that teach nothing, with their history."""
        return Quarantines(self.client, self.keys)

    @cached_property
    def policy_holds(self) -> PolicyHolds:
        """Holds of policies: an earlier version that is served until it is let go."""
        return PolicyHolds(self.client, self.keys)

    @cached_property
    def slots(self) -> Slots:
        """Slots: the current ones, their revisions and audits."""
        return Slots(self.client, self.keys)

    @cached_property
    def snapshots(self) -> Snapshots:
        """Snapshots: published by one lease holder a slot, read by version."""
        return Snapshots(self.client, self.keys)

    @cached_property
    def stock(self) -> Stock:
        """Limited stock: shared out to partitions and evened out."""
        return Stock(self.client, self.keys)

    @cached_property
    def users(self) -> Users:
        """Users of the pages: all of them as one book."""
        return Users(self.client, self.keys)

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions of users."""
        return Sessions(self.client, self.keys)

    @cached_property
    def sign_in_attempts(self) -> SignInAttempts:
        """Attempts to sign in, counted before a password is looked at."""
        return SignInAttempts(self.client, self.keys)

    @cached_property
    def audit(self) -> AuditTrail:
        """The audit of what has no history of its own: users, sign-ins, calls of users."""
        return AuditTrail(self.client, self.keys)

    @cached_property
    def books(self) -> Books:
        """Books of the vault: a walk through every number and every text."""
        return Books(self.client, self.keys)

    @cached_property
    def people(self) -> People:
        """People: ids that are one person, and events that name them."""
        return People(self.client, self.keys, self.most_visitors)

    @cached_property
    def number_owners(self) -> NumberOwners:
        """Owners of numbers, told by the thousand."""
        return NumberOwners(self.client, self.keys, self.people)

    @cached_property
    def partings(self) -> Partings:
        """Partings of visitors who had been taken for one: in the vault, and in the journal."""
        return Partings(self.client, self.keys)

    @cached_property
    def texts(self) -> TextBook:
        """The texts that visitors wrote, encrypted."""
        return TextBook(self.client, self.keys)

    @cached_property
    def visitors(self) -> VisitorBook:
        """Visitors: found or made by hashed id, followed to the subject they were merged into."""
        return VisitorBook(self.client, self.keys, self.pages_own_ids)

    @cached_property
    def state_reader(self) -> StateReader:
        """The reader of visitors' states, for whoever must go on without an unreadable one."""
        return StateReader()

    @cached_property
    def visitor_states(self) -> VisitorStates:
        """States of visitors, and when the next exposure of each closes."""
        return VisitorStates(self.client, self.keys)

    @cached_property
    def watches(self) -> WatchStore:
        """Watches over visitors: what rules of warnings need, and when something is due."""
        return WatchStore(self.client, self.keys)

    @cached_property
    def members(self) -> MemberStore:
        """Members of segments, with their lists and counts by day."""
        return MemberStore(self.client, self.keys)

    @cached_property
    def cases(self) -> CaseStore:
        """Cases of warnings, with their history."""
        return CaseStore(self.client, self.keys)

    @cached_property
    def case_queues(self) -> CaseQueues:
        """Queues of cases, by whose they are and what is due first."""
        return CaseQueues(self.client, self.keys)

    @cached_property
    def proofs(self) -> ProofBook:
        """Proofs of consent, those of erased visitors among them."""
        return ProofBook(self.client, self.keys)

    @cached_property
    def suppressions(self) -> Suppressions:
        """Suppressions: refusals that outlive the erasure of who gave them."""
        return Suppressions(self.client, self.keys)

    @cached_property
    def removal(self) -> Removal:
        """Removal of what the vault holds of a person."""
        return Removal(self.client, self.keys)

    @cached_property
    def work_figures(self) -> WorkFigureReader:
        """The reader of the figures of folds, publisher, lake and jobs."""
        return WorkFigureReader(self.client, self.keys)

    @cached_property
    def freshness(self) -> FreshnessReader:
        """The reader of freshness: the time until which every logged record is in the lake."""
        return FreshnessReader(self.client, self.keys)

    def close(self) -> None:
        """Give the connections back."""
        self.client.close()
