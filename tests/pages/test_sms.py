"""tmp"""

from page_site import PageSite


def test_x(site: PageSite) -> None:
    t = site.text("/sms")
    print(t)
    assert 0
