"""What Prefect's server does by itself: it gives up runs whose program is dead, and tells whoever is on call.

A run is Crashed when its heart has not beaten for 90 s. That does not prove its program dead; what it may
still write is fenced by the store's own locks, not by this.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from schemas.operations import FRESHNESS_PASSED, QUARANTINE_ABOVE, Alert, AlertsSection

if TYPE_CHECKING:
    from uuid import UUID

    from prefect.client.orchestration import PrefectClient
    from prefect.events.schemas.automations import AutomationCore

    from infra.project_file import Opened

TAG = "headwater"
WATCHDOG_S = 90
"""Three heartbeats."""
PENDING_S = 300
"""How long a worker may take from claiming a run to starting it."""
DAY_S = 86_400
RUN = "prefect.flow-run."
ENDED = {f"{RUN}{state}" for state in ("Completed", "Failed", "Refused", "Cancelled", "Crashed", "TimedOut")}
WAITS = {f"{RUN}{state}" for state in ("Scheduled", "AwaitingConcurrencySlot", "AwaitingRetry", "Late")}
SAYS = {
    "freshness": "{{ event.resource.name }} has not been brought up to date within its max_age",
    "quarantine": "more of {{ event.resource.name }} was rejected than the policy allows",
    "refused": "a gate refused to publish: {{ flow_run.state.message }}",
    "crashed": "run {{ flow_run.name }} ended {{ flow_run.state.name }}: {{ flow_run.state.message }}",
    "slow": "run {{ flow_run.name }} has been running for a day",
}
"""The first line of each alert, as Prefect's templates have it."""
PAYLOAD = """{{"alert": "{alert}", "project": "{project}", "text": {{{{ text | tojson }}}}, \
"event": {{{{ event.event | tojson }}}}, "resource": {{{{ event.resource.id | tojson }}}}, \
"at": {{{{ event.occurred | string | tojson }}}}, \
"run": {{{{ (flow_run.name if flow_run else none) | tojson }}}}, \
"url": {{{{ (flow_run | ui_url if flow_run else none) | tojson }}}}}}"""


async def automate(client: PrefectClient, opened: Opened) -> list[str]:
    """Register the automations that are wanted, delete those that are no longer, and return their names."""
    wanted = watchdogs()
    alerts = opened.project.operations.alerts
    if alerts is not None:
        where = await _address(client, opened.project.project, alerts)
        wanted += [_alert(opened.project.project, alert, alerts, where) for alert in _all(alerts)]
    there = {one.name: one.id for one in await _registered(client)}
    for automation in wanted:
        if automation.name in there:
            await client.update_automation(there[automation.name], automation)
        else:
            await client.create_automation(automation)
    names = [automation.name for automation in wanted]
    for name, automation_id in there.items():
        if name.startswith(_prefix(opened.project.project)) and name not in names:
            await client.delete_automation(automation_id)
    return names


def watchdogs() -> list[AutomationCore]:
    """Return what marks runs as crashed whose program is gone, of every project on the server."""
    return [
        _silent("heartbeat", f"{RUN}heartbeat", {f"{RUN}heartbeat", *ENDED}, WATCHDOG_S),
        _silent("never started", f"{RUN}Pending", {f"{RUN}Running", *WAITS, *ENDED}, PENDING_S),
    ]


def _silent(name: str, after: str, expect: set[str], within_s: int) -> AutomationCore:
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import AutomationCore

    message = (
        f"not heard of for {within_s} s: its program or its worker is gone; a retry goes on where it was"
    )
    return AutomationCore(
        name=f"headwater watchdog: {name}",
        description="Marks runs as crashed whose program is gone.",
        trigger=_trigger("Proactive", expect=expect, after={after}, within_s=within_s, tag=TAG),
        actions=[ChangeFlowRunState(name="Crashed", state=StateType.CRASHED, message=message)],
    )


def _all(alerts: AlertsSection) -> list[str]:
    """A run that takes a day is told with those that crash."""
    return [*alerts.on, *(["slow"] if "crashed" in alerts.on else [])]


def _alert(project: str, alert: Alert | str, alerts: AlertsSection, where: UUID) -> AutomationCore:
    from prefect.events.actions import CallWebhook, SendNotification
    from prefect.events.schemas.automations import AutomationCore

    said = f"{project}: {SAYS[alert]}"
    payload = f"{{% set text %}}{said}{{% endset %}}" + PAYLOAD.format(alert=alert, project=project)
    action = (
        CallWebhook(block_document_id=where, payload=payload)
        if _is_webhook(alerts)
        else SendNotification(block_document_id=where, subject=f"Headwater {project}: {alert}", body=said)
    )
    return AutomationCore(
        name=f"{_prefix(project)}{alert}",
        description=f"Tells whoever is on call of {project}.",
        trigger=_when(project, alert),
        actions=[action],
    )


def _when(project: str, alert: str) -> Any:
    tag = f"project:{project}"
    if alert == "slow":
        return _trigger("Proactive", expect=ENDED, after={f"{RUN}Running"}, within_s=DAY_S, tag=tag)
    if alert == "freshness":
        return _trigger("Reactive", expect={FRESHNESS_PASSED}, resource=f"headwater.source.{project}.*")
    if alert == "quarantine":
        return _trigger("Reactive", expect={QUARANTINE_ABOVE}, resource=f"headwater.source.{project}.*")
    states = ("Refused",) if alert == "refused" else ("Crashed", "Failed", "TimedOut")
    return _trigger("Reactive", expect={f"{RUN}{state}" for state in states}, tag=tag)


def _trigger(
    posture: str,
    *,
    expect: set[str],
    after: set[str] | None = None,
    within_s: int = 0,
    tag: str | None = None,
    resource: str = f"{RUN}*",
) -> Any:
    """Return a trigger on events of each resource by itself; of runs, those with a tag."""
    from prefect.events.schemas.automations import EventTrigger, Posture

    related = {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{tag}"} if tag else {}
    return EventTrigger(
        posture=Posture(posture),
        match={"prefect.resource.id": resource},
        match_related=related,
        after=after or set(),
        expect=expect,
        for_each={"prefect.resource.id"},
        threshold=1,
        within=timedelta(seconds=within_s),
    )


async def _address(client: PrefectClient, project: str, alerts: AlertsSection) -> UUID:
    """Keep where alerts go in a block, which Prefect stores encrypted, and return its id."""
    from prefect.blocks.notifications import SlackWebhook
    from prefect.blocks.webhook import Webhook

    # The block for Slack takes any Apprise address; Prefect has none of the general kind.
    block = Webhook(url=alerts.to) if _is_webhook(alerts) else SlackWebhook(url=alerts.to)
    kind = "webhook" if _is_webhook(alerts) else "mail"
    return await block.asave(f"headwater-{project}-{kind}", overwrite=True, client=client)


def _is_webhook(alerts: AlertsSection) -> bool:
    return alerts.to.startswith(("http://", "https://"))


def _prefix(project: str) -> str:
    return f"headwater {project}: "


async def _registered(client: PrefectClient) -> list[Any]:
    found: list[Any] = []
    while page := await client.read_automations(limit=200, offset=len(found)):
        found += page
    return [one for one in found if one.name.startswith("headwater ")]
