"""A client for the part of Genesys Cloud's public API that tells how busy agents were.

    client = GenesysClient(client_id, client_secret, "mypurecloud.ie")
    records = client.conversations.aggregates(ConversationAggregation(windows=…, metrics=("tHandle",)), operation)

What a call may take is said by its operation (`Operation`); what goes wrong is a `GenesysError`.
"""

from genesys_client.agents import (
    ORGANIZATION_PRESENCE,
    ROUTING_STATUS,
    SYSTEM_PRESENCE,
    StatusAggregation,
    StatusDetailsQuery,
)
from genesys_client.auth import Secret
from genesys_client.client import GenesysClient
from genesys_client.columns import DetailColumns
from genesys_client.conversations import ConversationAggregation, ConversationDetailsQuery
from genesys_client.errors import (
    AuthenticationError,
    CircuitOpenError,
    DeadlineExceededError,
    GenesysError,
    InvalidQueryError,
    JobFailedError,
    NotFoundError,
    OperationCancelledError,
    OversizedPayloadError,
    PayloadError,
    PermissionDeniedError,
    RateLimitedError,
    ResponseError,
    ResponseTooLargeError,
    ServerError,
    ThrottledError,
    TransportError,
)
from genesys_client.models import (
    AggregateRecord,
    Member,
    Named,
    Organization,
    StatusSpan,
    StatusTimeline,
    TokenOwner,
    User,
)
from genesys_client.operation import Operation
from genesys_client.regions import DOMAINS, Hosts, UnknownRegionError, UnsafeUrlError, base_url, domain_of, is_loopback

__all__ = [
    "DOMAINS",
    "ORGANIZATION_PRESENCE",
    "ROUTING_STATUS",
    "SYSTEM_PRESENCE",
    "AggregateRecord",
    "AuthenticationError",
    "CircuitOpenError",
    "ConversationAggregation",
    "ConversationDetailsQuery",
    "DeadlineExceededError",
    "DetailColumns",
    "GenesysClient",
    "GenesysError",
    "Hosts",
    "InvalidQueryError",
    "JobFailedError",
    "Member",
    "Named",
    "NotFoundError",
    "Operation",
    "OperationCancelledError",
    "Organization",
    "OversizedPayloadError",
    "PayloadError",
    "PermissionDeniedError",
    "RateLimitedError",
    "ResponseError",
    "ResponseTooLargeError",
    "Secret",
    "ServerError",
    "StatusAggregation",
    "StatusDetailsQuery",
    "StatusSpan",
    "StatusTimeline",
    "ThrottledError",
    "TokenOwner",
    "TransportError",
    "UnknownRegionError",
    "UnsafeUrlError",
    "User",
    "base_url",
    "domain_of",
    "is_loopback",
]
