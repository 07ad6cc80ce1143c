"""The configuration of an installation: contact policy, words, segments, funnel, as one value.

It is read from what was applied to the store; a file counts where nothing was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import structlog

from nudge.config.documents.consent_tables import load_proof_months, load_reply_reader
from nudge.config.documents.contact_file import FILE as CONTACT
from nudge.config.documents.contact_file import load_contact, load_holiday_years
from nudge.config.documents.document import ConfigDocument
from nudge.config.documents.funnel_file import load_funnel
from nudge.config.documents.input_rules import load_input_rules
from nudge.config.documents.lexicon_file import load_lexicon
from nudge.config.documents.measures_file import FILE as MEASURES
from nudge.config.documents.measures_file import load_measures
from nudge.config.documents.monitors_file import load_monitors, load_watch_plan
from nudge.config.documents.notice_tables import load_notices
from nudge.config.documents.rhythm_file import load_rhythm
from nudge.config.documents.segment_file import load_segments
from nudge.config.documents.warnings_file import FILE as WARNINGS
from nudge.config.documents.warnings_file import load_warnings
from nudge.config.documents.winback_file import FILE as WINBACK
from nudge.config.documents.winback_file import load_winback
from nudge.config.documents.worklist_file import load_worklist
from nudge.config.table_file import ConfigTables
from nudge.domain.alarms.monitors import Monitors
from nudge.domain.alarms.notice_policy import NoticePolicy
from nudge.domain.alarms.watch_plan import WatchPlan
from nudge.domain.basics.calendar import OperatorCalendar
from nudge.domain.care.rule_book import RuleBook
from nudge.domain.care.warning_rule import WarningPolicy, WarningRule
from nudge.domain.care.words.lexicon import Lexicon
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.domain.contact.holiday_years import HolidayYears
from nudge.domain.contact.reply import ReplyReader
from nudge.domain.funnel.funnel import Funnel
from nudge.domain.identity.input_rules import InputRules
from nudge.domain.measures.measure import Measure, measure_rules
from nudge.domain.membership.segment_book import SegmentBook
from nudge.domain.people.rhythm import Rhythm
from nudge.domain.slots.segments import Segments
from nudge.domain.winback.winback_policy import WinbackPolicy
from nudge.domain.worklist.work_policy import WorkPolicy
from nudge.errors import InvalidConfigError
from nudge.settings.settings import Settings

log = structlog.get_logger()


@dataclass(frozen=True)
class Configuration:
    """The configuration at one moment; it never changes, a change makes another one.

    Attributes:
        settings: of the installation.
        documents: what was applied, by name.
    """

    settings: Settings
    documents: Mapping[str, ConfigDocument] = field(default_factory=dict)

    @cached_property
    def tables(self) -> ConfigTables:
        """The files as tables."""
        texts = {name: one.text for name, one in self.documents.items()}
        return ConfigTables(self.settings.config_dir, texts)

    def read(self) -> None:
        """Read what pages need, so that no request is the first to find a mistake.

        Raises:
            InvalidConfigError: the contact policy, the segments or the rhythm are wrong.
        """
        _ = self.rules, self.segments, self.holiday_years, self.reply_reader, self.rhythm

    @cached_property
    def rules(self) -> InputRules:
        """The rules for values from outside.

        Raises:
            InvalidConfigError: the contact policy is wrong.
        """
        return load_input_rules(self.settings, self.tables)

    @cached_property
    def segments(self) -> Segments:
        """The segments that visitors may belong to.

        Raises:
            InvalidConfigError: the segments are wrong.
        """
        return load_segments(self.tables)

    @cached_property
    def contact(self) -> ContactPolicy:
        """The contact policy; holidays take time to load.

        Raises:
            InvalidConfigError: the contact policy or its file of dates is wrong.
        """
        return load_contact(self.tables, self.settings.zone)

    @cached_property
    def reply_reader(self) -> ReplyReader:
        """The reader of replies to SMS.

        Raises:
            InvalidConfigError: the contact policy is wrong.
        """
        return load_reply_reader(self.tables)

    @cached_property
    def proof_months(self) -> int:
        """The months that a proof of consent is kept behind its end.

        Raises:
            InvalidConfigError: the contact policy is wrong.
        """
        return load_proof_months(self.tables)

    @property
    def plans_contacts(self) -> bool:
        """Whether there is a contact policy: who plans no SMS may do without."""
        return self.tables.has(CONTACT)

    @cached_property
    def holiday_years(self) -> HolidayYears:
        """The years whose days off are known.

        Raises:
            InvalidConfigError: the contact policy or its file of dates is wrong.
        """
        return load_holiday_years(self.tables, self.settings.zone)

    @cached_property
    def notices(self) -> NoticePolicy:
        """The policy of notices.

        Raises:
            InvalidConfigError: its tables in monitors.toml are wrong.
        """
        return load_notices(self.tables)

    @property
    def funnel(self) -> Funnel:
        """The funnel; one that was not applied is read from its file each time.

        Raises:
            InvalidConfigError: the funnel is wrong.
        """
        return load_funnel(self.tables)

    @cached_property
    def monitors(self) -> Monitors:
        """The monitors.

        Raises:
            InvalidConfigError: the monitors or the funnel are wrong.
        """
        return load_monitors(self.tables)

    @cached_property
    def watch_plan(self) -> WatchPlan:
        """The plan of what the fold `monitor` counts.

        Raises:
            InvalidConfigError: the monitors or the funnel are wrong.
        """
        return load_watch_plan(self.tables, self.monitors)

    @cached_property
    def warnings(self) -> WarningPolicy:
        """The policy of warnings; agents and teams of work lists follow cases up as well.

        Raises:
            InvalidConfigError: the rules, the work lists, or the tables of people, are wrong.
        """
        found, more = load_warnings(self.tables), self.worklist.names
        return replace(found, agents=tuple(dict.fromkeys((*found.agents, *more))))

    @cached_property
    def worklist(self) -> WorkPolicy:
        """The policy of work lists.

        Raises:
            InvalidConfigError: the work lists, or the tables of people, are wrong.
        """
        return load_worklist(self.tables)

    @cached_property
    def winback(self) -> WinbackPolicy:
        """The policy of win-back; an empty one without the file.

        Raises:
            InvalidConfigError: the policy, the funnel or the words of contact are wrong.
        """
        return load_winback(self.tables)

    @cached_property
    def lexicon(self) -> Lexicon:
        """The lexicon of words of complaint; an empty one without the file.

        Raises:
            InvalidConfigError: the lexicon is wrong.
        """
        return load_lexicon(self.tables)

    @cached_property
    def rule_book(self) -> RuleBook:
        """The book of the rules that open cases: of warnings, of win-back and of measures.

        Raises:
            InvalidConfigError: the rules or the segments are wrong, or two rules have one name.
        """
        winback, measures = self.winback, measure_rules(list(self.measures.values()))
        books = {WARNINGS: self.warnings.rules, WINBACK: winback.rules, MEASURES: measures}
        _check_names(books)
        return RuleBook(
            self.warnings,
            self.segments,
            self.rhythm,
            (*winback.rules, *measures),
            winback.trails,
            winback.purpose,
        )

    @cached_property
    def case_policy(self) -> WarningPolicy:
        """The policy of warnings with the rules of all cases, for their titles.

        Raises:
            InvalidConfigError: the rules are wrong.
        """
        return replace(self.warnings, rules=self.rule_book.rules)

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """The lifecycle measures by name, in the order of their file.

        Raises:
            InvalidConfigError: measures.toml is wrong, or names what contact.toml has not.
        """
        return load_measures(self.tables)

    @cached_property
    def rhythm(self) -> Rhythm | None:
        """The rhythm of recharges, as a worker fitted it; None while there is none.

        Raises:
            InvalidConfigError: rhythm.toml is wrong.
        """
        return load_rhythm(self.tables)

    @cached_property
    def segment_book(self) -> SegmentBook:
        """The book of the segments, by the operator's calendar and the crowd's rhythm.

        Raises:
            InvalidConfigError: the segments or the rhythm are wrong.
        """
        calendar = OperatorCalendar.named(self.settings.zone)
        return SegmentBook(self.segments, calendar, self.rhythm)

    @property
    def revisions(self) -> dict[str, int]:
        """The revision of each document that was applied."""
        return {name: one.revision for name, one in sorted(self.documents.items())}


def _check_names(books: Mapping[str, Sequence[WarningRule]]) -> None:
    """Check that each rule of all files has a name of its own: a case tells its rule by it.

    Args:
        books: file -> its rules, of which no two have one name.

    Raises:
        InvalidConfigError: a name is given twice.
    """
    files: dict[str, list[str]] = defaultdict(list)
    for file, rules in books.items():
        for one in rules:
            files[one.name].append(file)
    cure = "give each a name of its own"
    twice = {name: " and ".join(found) for name, found in files.items() if len(found) > 1}
    if twice:
        told = (f"{where}: rule {name!r} is given in both" for name, where in twice.items())
        raise InvalidConfigError([f"{one}; {cure}" for one in told])


class ConfigurationHolder:
    """A holder of the current configuration, which is replaced as one value.

    Attributes:
        current: read it once for each piece of work.
    """

    def __init__(self, settings: Settings) -> None:
        self.current = Configuration(settings)
        self._seen: Mapping[str, ConfigDocument] = {}

    def follow(self, documents: Mapping[str, ConfigDocument]) -> bool:
        """Take what is applied now; return whether that was news.

        Documents that cannot be read, such as those of a newer version, leave the current ones.
        """
        if documents == self._seen:
            return False
        self._seen = documents
        found = Configuration(self.current.settings, documents)
        try:
            found.read()
        except InvalidConfigError as error:
            log.error("configuration_stays", error=str(error))  # noqa: TRY400 - the text says it all
            return False
        log.info("configuration_applied", revisions=found.revisions)
        self.current = found
        return True
