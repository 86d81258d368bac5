"""The organisation about itself: who it is, its limits, its presences, and whose token this is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genesys_client.sandbox.http import Answer, ApiError
from genesys_client.sandbox.organization import SYSTEM_PRESENCES

if TYPE_CHECKING:
    from genesys_client.sandbox.world import Call, World

_DEFAULTS = {
    "platform.api": {
        "client.credentials.token.rate.per.minute": 300,
        "token.rate.per.minute": 300,
        "org.app.user.rate.per.minute": 3_000,
        "request.bytes.max": 512_000,
    },
    "analytics": {"details.jobs.rate.per.second": 1, "details.jobs.concurrent.access.max": 10},
    "analytics.agents": {},
    "analytics.data.extraction": {},
    "analytics.realtime": {},
}


def me(call: Call) -> Answer:
    """`GET organizations/me`."""
    organization = call.world.organization
    return Answer({
        "id": organization.id,
        "name": organization.name,
        "domain": "sandbox-contact-centre",
        "defaultLanguage": "en-us",
        "defaultCountryCode": "GB",
        "productPlatform": "GenesysCloud",
        "state": "active",
        "version": 4,
        "selfUri": "/api/v2/organizations/me",
    })  # fmt: skip


def token(call: Call) -> Answer:
    """`GET tokens/me`: the organisation and the client behind the token."""
    organization = call.world.organization
    named = {"id": organization.id, "name": organization.name}
    return Answer({
        "organization": named,
        "homeOrganization": named,
        "authorizedScope": [],
        "OAuthClient": {
            "id": call.grant.client_id,
            "name": "Utilization",
            "authorizedGrantType": "CLIENT-CREDENTIALS",
            "organization": named,
        },
    })  # fmt: skip


def limits(call: Call, *, effective: bool = True) -> Answer:
    """Limits of a namespace, as they are or by default.

    Raises:
        ApiError: 400, no such namespace.
    """
    namespace = call.params["namespaceName"]
    if namespace not in _DEFAULTS:
        raise ApiError(400, "invalid.value", "The provided namespace is not valid or does not have any viewable limits")
    values: dict[str, int] = dict(_DEFAULTS[namespace])
    if effective and namespace == "platform.api":
        values["client.credentials.token.rate.per.minute"] = call.world.behaviour.requests_per_minute
        values["request.bytes.max"] = call.world.behaviour.max_body_bytes
    return Answer({"entities": [{"key": k, "namespace": namespace, "value": v} for k, v in values.items()]})


def presence_definitions(call: Call) -> Answer:
    """`GET presence/definitions`: the organisation's own presences, spelled their way."""
    entities = [_presence_entity(call.world, item.id) for item in call.world.organization.presences]
    return Answer({"total": len(entities), "entities": entities, "selfUri": call.path})


def _presence_entity(world: World, presence_id: str) -> dict[str, Any]:
    presence = next(item for item in world.organization.presences if item.id == presence_id)
    return {
        "id": presence.id,
        "type": "System" if presence.primary else "User",
        "languageLabels": {"en_US": presence.label},
        "systemPresence": SYSTEM_PRESENCES[presence.system_presence],
        "divisionId": world.organization.divisions[0].id,
        "deactivated": False,
        "selfUri": f"/api/v2/presence/definitions/{presence.id}",
    }


def system_presences(call: Call) -> Answer:
    """`GET systempresences`."""
    return Answer([{"id": name, "name": name} for name in SYSTEM_PRESENCES.values()])


HANDLERS = {
    "GET /api/v2/organizations/me": me,
    "GET /api/v2/tokens/me": token,
    "GET /api/v2/organizations/limits/namespaces/{namespaceName}": limits,
    "GET /api/v2/organizations/limits/namespaces/{namespaceName}/defaults": lambda call: limits(call, effective=False),
    "GET /api/v2/presence/definitions": presence_definitions,
    "GET /api/v2/systempresences": system_presences,
}
