"""Who is who on WhatsApp? One person may have a number, an id without a number, or both."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class People:
    """``person`` gives one name for all addresses of somebody: that under which we know them."""

    ids: dict[str, str] = field(default_factory=dict)
    """number → id, both as addresses."""
    hidden: set[str] = field(default_factory=set)
    """Numbers that WhatsApp does not tell any more."""

    def introduce(self, number: str, user_id: str) -> None:
        """From now on WhatsApp tells both of this person."""
        self.ids[number] = user_id
        self.hidden.discard(number)

    def hide(self, number: str, user_id: str) -> None:
        """From now on WhatsApp tells the id only."""
        self.ids[number] = user_id
        self.hidden.add(number)

    def person(self, address: str) -> str:
        """The name of who has this address."""
        return self.ids.get(address, address)

    def addresses(self, address: str) -> dict[str, str]:
        """The fields of a webhook that say who this is."""
        number = next((n for n, each in self.ids.items() if each == address), address)
        user_id = self.ids.get(number, "")
        is_shown = number.startswith("whatsapp:+") and number not in self.hidden
        shown = number if is_shown else user_id or address
        fields = {"From": shown, "WaId": number.removeprefix("whatsapp:+") if is_shown else ""}
        if user_id or not is_shown:
            fields["ExternalUserId"] = user_id or address
        return {name: value for name, value in fields.items() if value}
