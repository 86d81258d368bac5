from __future__ import annotations

import pytest

from genesys_client import DOMAINS, Hosts, Secret, UnknownRegionError, UnsafeUrlError, base_url, domain_of, is_loopback
from tests.genesys_client.stand_in import DOCUMENT


def test_the_regions_are_those_of_the_official_document():
    assert set(DOMAINS.values()) == set(DOCUMENT["x-region-domains"].values())


@pytest.mark.parametrize(("region", "domain"), DOMAINS.items())
def test_every_spelling_of_a_region_is_understood(region, domain):
    for spelling in (region, region.replace("-", "_"), domain, f"  {region.upper()} ", domain.title()):
        assert domain_of(spelling) == domain


@pytest.mark.parametrize(
    "name",
    ["", "eu-west-9", "genesys.com", "mypurecloud.com.evil.com", "evil-mypurecloud.com", "https://api.mypurecloud.com",
     "api.mypurecloud.com", "mypurecloud.com/", "mypurecloud.com@evil.com", "us east 1"],
)  # fmt: skip
def test_anything_else_is_refused_and_the_message_lists_what_works(name):
    with pytest.raises(UnknownRegionError, match=r"mypurecloud\.ie.*eu-west-1"):
        Hosts.resolve(name)


def test_hosts_follow_the_region_unless_overridden():
    assert Hosts.resolve("eu_west_1") == Hosts("https://api.mypurecloud.ie", "https://login.mypurecloud.ie")
    hosts = Hosts.resolve("mypurecloud.com", api_url="https://gw.example.com:8443/genesys/api/")
    assert hosts == Hosts("https://gw.example.com:8443/genesys/api", "https://login.mypurecloud.com")


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:80", "http://localhost:1", "https://a.b/c"]
)
def test_https_anywhere_and_plain_http_to_loopback_are_allowed(url):
    assert base_url(url + "/") == url


@pytest.mark.parametrize(
    "url",
    ["http://example.com", "http://10.0.0.1", "http://127.0.0.1.evil.com", "http://localhost.evil.com",
     "http://2130706433", "http://0.0.0.0", "http://[::]", "ftp://127.0.0.1", "//127.0.0.1", "127.0.0.1", "", "https://",
     "https://user:hunter2@example.com", "https://user@example.com", "https://@example.com", "http://127.0.0.1@evil.com",
     "https://a.b?x=1", "https://a.b#x", "https://a.b?", "https://a.b:port", "https://a b.com", "https://evil.com\\@a.b",
     "file:///etc/passwd", "http://[::1%25eth0]"],
)  # fmt: skip
def test_other_base_urls_are_refused_without_repeating_them(url):
    with pytest.raises(UnsafeUrlError) as caught:
        base_url(url)
    assert "hunter2" not in str(caught.value)


def test_loopback_is_127_8_and_1_and_localhost():
    assert all(map(is_loopback, ["127.0.0.1", "127.255.255.254", "::1", "localhost", "LOCALHOST"]))
    assert not any(map(is_loopback, ["128.0.0.1", "126.255.255.255", "::2", "local", "0.0.0.0", "::ffff:127.0.0.1x"]))


def test_a_secret_shows_itself_only_when_asked():
    secret = Secret("hunter2")
    assert f"{secret} {secret!r} {[secret]}" == "*** *** [***]"
    assert secret.reveal() == "hunter2"
