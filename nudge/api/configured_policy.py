"""The contact policy of the installation, for endpoints that have nothing to say without one."""

from __future__ import annotations

from nudge.api.service import Service
from nudge.domain.contact.contact_policy import ContactPolicy
from nudge.errors import NotFoundError


def configured_policy(service: Service) -> ContactPolicy:
    """Return the contact policy that is applied now.

    Raises:
        NotFoundError: none is configured.
    """
    if not service.configuration.plans_contacts:
        raise NotFoundError("there is no contact policy; write config/contact.toml and apply it")
    return service.configuration.contact
