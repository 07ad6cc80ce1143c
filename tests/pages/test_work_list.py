"""The work list as agents see it: who is first, steps, and what happens where two act at once."""

from __future__ import annotations

import pytest
from page_site import PageSite
from work_site import cases, fold, open_warnings, set_up


@pytest.fixture
def work(site: PageSite) -> PageSite:
    """A site with agents and rules."""
    set_up(site)
    return site


def test_the_first_sentence_says_who_is_to_be_called_first(work: PageSite) -> None:
    """The verdict names the case that is due first among those that may be contacted now."""
    open_warnings(work)
    page = work.text("/work", "admin", "en")
    assert "Call " in page
    print(page)
