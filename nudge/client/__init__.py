"""The client of the service over HTTP: for an operator's servers, and for Nudge's own commands.

    from nudge.client import Client

    client = Client("http://127.0.0.1:8000", KEY, defaults={"banner": None})

See docs/howto/server_client.md.
"""

from nudge.client.api import RefusedError, ServiceAwayError
from nudge.client.client import Client
from nudge.client.page import PageDecisions, SlotDecision

__all__ = ["Client", "PageDecisions", "RefusedError", "ServiceAwayError", "SlotDecision"]
