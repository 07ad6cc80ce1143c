"""Endpoint GET /v1/sms/forecast: what is planned for the next days against the capacity."""

from __future__ import annotations

from typing import Final

from flask import Response, request

from nudge.api.operation import operation, query_parameter, resource
from nudge.api.paging import wrong_parameter
from nudge.api.provider import answer
from nudge.api.replies import defined
from nudge.api.schemas.send_forecast import SendForecastSchema
from nudge.api.service import Service, current
from nudge.clock import now
from nudge.domain.sms.send_forecast import (
    DAYS,
    MOST_DAYS,
    forecast_hours,
    forecast_view,
    send_forecast,
)
from nudge.domain.timing.plan_request import SMS
from nudge.domain.values.refusal import ValueRefusedError

blueprint = resource("sms_forecast", "SMS of the next days, against the capacity")

_NUMBERS: Final = frozenset(map(str, range(1, MOST_DAYS + 1)))
PARAMETERS: Final = (
    query_parameter("channel", "of the contact policy; sms if left out"),
    query_parameter(
        "days", f"from today on: {DAYS} if left out", type="integer", minimum=1, maximum=MOST_DAYS
    ),
)


@operation(
    blueprint,
    "GET /v1/sms/forecast",
    name="getSmsForecast",
    scopes=("read", "schedule"),
    answers={200: SendForecastSchema},
    parameters=PARAMETERS,
)
def forecast() -> Response:
    """Show how many contacts are planned for each hour of the next days, and the capacity.

    The places that plans have taken are counted, over all callers: a plan that was superseded
    keeps its place. A channel without a capacity is not counted.
    """
    service, at = current(), now()
    policy = service.configuration.contact
    channel = _channel(service, request.args.get("channel"))
    hours = forecast_hours(policy, at, _days(request.args.get("days")))
    limited = policy.channels[channel].capacity is not None
    planned = service.store.capacity.planned(channel, hours) if limited else {}
    found = send_forecast(policy, channel, hours, planned)
    head = {"as_of": service.calendar.label(at)} | defined("sms_forecast")
    return answer(head | forecast_view(found, service.calendar, at))


def _channel(service: Service, text: str | None) -> str:
    try:
        return service.rules.channels.parse(SMS if text is None else text)
    except ValueRefusedError as error:
        raise wrong_parameter("channel", str(error)) from error


def _days(text: str | None) -> int:
    if text is None:
        return DAYS
    if text not in _NUMBERS:
        raise wrong_parameter("days", f"give a whole number from 1 to {MOST_DAYS}")
    return int(text)
