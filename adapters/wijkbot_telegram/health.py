"""Is this Telegram account well, and if not, what should somebody do? Pure."""

from __future__ import annotations

from telegram import User, WebhookInfo

from wijkbot.adapter_api import Health

NOT_STORED = "not stored"
"""The trouble when the house did not take what Telegram gave."""

_REMEDIES = {
    NOT_STORED: "what came in could not be stored: look at the database; nothing is lost, it is "
    "tried again by itself",
    "BadRequest": "Telegram refuses the webhook: public_url must be https, on port 443, 80, 88 "
    "or 8443, with a certificate that is valid",
    "InvalidToken": "Telegram refuses the token: ask @BotFather for the right one, put it in "
    "the settings and restart",
    "AnotherInstallation": "another wijkbot on this machine receives with this token: stop one "
    "of the two, or give one a bot of its own at @BotFather; it is tried again every 5 seconds",
    "Conflict": "another process receives for this bot, or a webhook was set elsewhere: stop "
    "that one, it is tried again every 30 seconds",
}
_NO_CONTACT = "Telegram cannot be reached: look at the network; it is tried again by itself"
_SEES_ALL = (
    "the bot sees every message of a group: turn privacy on with @BotFather (/setprivacy), "
    "then remove the bot from its groups and add it again"
)


def health_of(
    trouble: str,
    user: User | None = None,
    webhook: WebhookInfo | None = None,
    webhook_url: str = "",
) -> Health:
    """The verdict. ``trouble`` is the class of the last error, "" when there was none."""
    if trouble:
        return Health(ok=False, detail=trouble, remedy=_REMEDIES.get(trouble, _NO_CONTACT))
    if webhook and webhook.url != webhook_url:
        wanted = "not the one of this bot" if webhook_url else "one is set, while the bot polls"
        remedy = "restart wijkbot: it sets the webhook anew"
        return Health(ok=False, detail=f"webhook: {wanted}", remedy=remedy)
    waiting = webhook.pending_update_count if webhook else 0
    if webhook and webhook_url and webhook.last_error_date and waiting:
        return Health(
            ok=False,
            detail=f"webhook fails, {waiting} updates wait",
            remedy="Telegram cannot deliver: look whether public_url answers from outside",
        )
    if user and user.can_read_all_group_messages:
        return Health(ok=True, detail="privacy mode is off", remedy=_SEES_ALL)
    return Health(ok=True, detail=f"{waiting} updates wait" if waiting else "")
