"""Where a message may lead: the listed hosts over https, and nowhere further."""

import pytest

from service.rules.compliance.links import host_faults, link_faults, written_link_faults

HOSTS = ("bank.example", "m.bank.example")

FREE = (
    *("https://bank.example/offers/term-12m?from=sms", "https://m.bank.example/", "https://bank.example:443/a"),
    *("https://BANK.example/a#top", "https://bank.example/a?name=%E4%BF%9D"),
)
REFUSED = {
    "http://bank.example/a": "https://",
    "https://evil.example/a": "leads to evil.example",
    "https://bank.example.evil.com/a": "leads to bank.example.evil.com",
    "https://www.bank.example/a": "leads to www.bank.example",
    "https://bank.example@evil.com/a": "user name",
    "https://user:word@bank.example/a": "user name",
    "https://bank.example:8443/a": "port",
    "https://bank.example:x/a": "is no address",
    "https://bаnk.example/a": "plain letters",
    "https://xn--bnk-5cd.example/a": "leads to xn--",
    "https://bank.example/a b": "plain letters",
    "https://bank.example\\@evil.com/a": "plain letters",
    "//bank.example/a": "https://",
    "javascript:alert(1)": "https://",
    "https://bank.example/a?url=x": "parameter",
    "https://bank.example/a?return_to=offers": "parameter",
    "https://bank.example/a?p=https://evil.com": "parameter",
    "https://bank.example/a?p=https%3A%2F%2Fevil.com": "parameter",
    "https://bank.example/a?p=https%253A%252F%252Fevil.com": "parameter",
    "https://bank.example/a?p=%2f%2fevil.com": "parameter",
    "https://bank.example/a#next=//evil.com": "another address",
    "https://bank.example//evil.com": "another address",
    "https://bank.example/go/https:%2F%2Fevil.com": "another address",
}


@pytest.mark.parametrize("link", FREE)
def test_a_listed_host_is_free(link: str) -> None:
    assert link_faults(link, HOSTS) == []


@pytest.mark.parametrize("link", REFUSED)
def test_any_other_way_is_refused(link: str) -> None:
    assert any(REFUSED[link] in fault for fault in link_faults(link, HOSTS))


WRITTEN = {
    "详见https://bank.example/a。": True,
    "See bank.example for terms.": True,
    "Write to info@bank.example.": True,
    "净值1.0235，年利率1.20%，9.00至17.00": True,
    "See http://bank.example/a": False,
    "点击evil.com领取": False,
    "点击ｅｖｉｌ．ｃｏｍ": False,
    "https://evil.example/a": False,
}


@pytest.mark.parametrize("text", WRITTEN)
def test_addresses_within_a_text_are_held_to_the_same(text: str) -> None:
    assert (written_link_faults(text, HOSTS) == []) is WRITTEN[text]


@pytest.mark.parametrize(
    "host", ["Bank.example", "bank", "xn--bnk-5cd.example", "bаnk.example", "bank.example/a", "*.bank.example"]
)
def test_a_list_holds_plain_host_names(host: str) -> None:
    assert list(host_faults([host])) != []
    assert list(host_faults(HOSTS)) == []
