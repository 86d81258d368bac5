"""Which hosts are Genesys's: region names → the API's and the login's base URL.

Credentials go to these hosts or to an operator's own gateway, never to a host that only looks like one.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

DOMAINS = {
    "us-east-1": "mypurecloud.com",
    "us-east-2": "use2.us-gov-pure.cloud",
    "us-west-2": "usw2.pure.cloud",
    "ca-central-1": "cac1.pure.cloud",
    "mx-central-1": "mxc1.pure.cloud",
    "sa-east-1": "sae1.pure.cloud",
    "eu-west-1": "mypurecloud.ie",
    "eu-west-2": "euw2.pure.cloud",
    "eu-central-1": "mypurecloud.de",
    "eu-central-2": "euc2.pure.cloud",
    "eusc-de-east-1": "edee1.eusc-pure.cloud",
    "me-central-1": "mec1.pure.cloud",
    "ap-south-1": "aps1.pure.cloud",
    "ap-southeast-1": "apse1.pure.cloud",
    "ap-southeast-2": "mypurecloud.com.au",
    "ap-northeast-1": "mypurecloud.jp",
    "ap-northeast-2": "apne2.pure.cloud",
    "ap-northeast-3": "apne3.pure.cloud",
}
"""AWS region → domain. The SDK's enum spells the same names with underscores."""

DEFAULT_DOMAIN = DOMAINS["us-east-1"]


class UnknownRegionError(ValueError):
    """The name is no region of Genesys Cloud's."""


class UnsafeUrlError(ValueError):
    """A base URL to which credentials must not be sent."""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Base URLs without a trailing slash."""

    api: str
    login: str

    @classmethod
    def resolve(cls, environment: str, *, api_url: str | None = None, login_url: str | None = None) -> Hosts:
        """The hosts of a region, or of a private gateway where a URL overrides one.

        Raises:
            UnknownRegionError: `environment` is in no spelling a region, whether or not it is overridden.
            UnsafeUrlError: an override isn't https, names a user, or has a query.
        """
        domain = domain_of(environment)
        return cls(
            api=base_url(api_url) if api_url else f"https://api.{domain}",
            login=base_url(login_url) if login_url else f"https://login.{domain}",
        )


def domain_of(environment: str) -> str:
    """The domain of a region given as a domain, an AWS region or an SDK enum name.

    Raises:
        UnknownRegionError: it is none of them; the message lists what would be.
    """
    name = environment.strip().lower()
    if name in DOMAINS.values():
        return name
    domain = DOMAINS.get(name.replace("_", "-"))
    if domain is None:
        raise UnknownRegionError(
            f"{environment!r} is no Genesys Cloud region. Use a domain ({', '.join(DOMAINS.values())}) "
            f"or an AWS region ({', '.join(DOMAINS)})."
        )
    return domain


def base_url(url: str) -> str:
    """A gateway's base URL, checked and without a trailing slash; a path prefix is kept.

    Raises:
        UnsafeUrlError: plain http beyond loopback, user information, a query or a fragment, no host.
    """
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UnsafeUrlError("The URL can't be read.") from None
    # The URL itself stays out of the messages: it may carry a password.
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise UnsafeUrlError("A base URL must not hold a user name or a password.")
    if not host or any(c.isspace() or not c.isprintable() or c == "\\" for c in url.strip()):
        raise UnsafeUrlError("A base URL needs a host, as in https://gateway.example.com.")
    if parts.query or parts.fragment or url.strip().endswith(("?", "#")):
        raise UnsafeUrlError("A base URL must not have a query or a fragment.")
    if parts.scheme == "http" and not is_loopback(host):
        raise UnsafeUrlError(f"Plain http is for loopback only; use https for {host}.")
    if parts.scheme not in {"http", "https"}:
        raise UnsafeUrlError("A base URL begins with https://.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    """Whether a host name or address never leaves this machine: 127.0.0.0/8, ::1 and localhost."""
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False  # other spellings of 127.0.0.1, such as 2130706433, aren't worth trusting
    return address.is_loopback and "%" not in host
