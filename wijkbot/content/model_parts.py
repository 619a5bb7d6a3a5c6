"""What do all kinds of content share? Languages, texts in each of them, an id."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

LANGUAGES = ("nl", "nl-NL", "nl-BE", "fr", "en", "tr", "ar", "pl", "uk", "es", "de")
Country = Literal["NL", "BE"]
ItemId = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,39}$")]


def known_languages(value: dict[str, object]) -> dict[str, object]:
    """The same, when each key is a language we know."""
    unknown = [key for key in value if key not in LANGUAGES]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is no language; use one of {', '.join(LANGUAGES)}")
    return value


LangMap = Annotated[dict[str, str], AfterValidator(known_languages)]
LangLists = Annotated[dict[str, tuple[str, ...]], AfterValidator(known_languages)]


class Part(BaseModel):
    """A part of a file: nothing unknown in it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Whole(Part):
    """What every item says of itself."""

    id: ItemId
    source: str = ""
    last_checked: date | None = None
