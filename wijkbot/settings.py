"""What did the organisation configure? The only reader of wijkbot.toml and the environment.

Every key can come from the environment: ``WIJKBOT_DATABASE__URL``,
``WIJKBOT_CHANNELS__BUURT__TOKEN``. A value ``{file = "…"}`` is read from that file. A wrong or
missing value is one line that names the key and the remedy, before anything starts.
"""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as UnreadableVariableError

from wijkbot.engine.pick import plain
from wijkbot.settings_sections import (
    LANGUAGES,
    ChannelSettings,
    Country,
    CrisisSettings,
    DatabaseSettings,
    GoLiveSettings,
    Neighbourhood,
    OrganisationSettings,
    PolicyConfig,
    RelaxationConfig,
    SecureChatSettings,
    ServerSettings,
    UnderstandingSettings,
)

__all__ = [
    "LANGUAGES",
    "ChannelSettings",
    "Country",
    "CrisisSettings",
    "DatabaseSettings",
    "GoLiveSettings",
    "Neighbourhood",
    "OrganisationSettings",
    "PolicyConfig",
    "RelaxationConfig",
    "SecureChatSettings",
    "ServerSettings",
    "Settings",
    "SettingsError",
    "UnderstandingSettings",
    "load_settings",
    "settings_from",
]


class SettingsError(Exception):
    """The configuration is wrong: ``key`` and ``remedy`` are for whoever runs the bot."""

    def __init__(self, key: str, remedy: str) -> None:
        super().__init__(key, remedy)
        self.key = key
        self.remedy = remedy

    def __str__(self) -> str:
        """Both, on one line."""
        return f"{self.key}: {self.remedy}"


class _Environment(EnvSettingsSource):
    """The environment knows no hyphen or capital: a name is that of the file it stands for."""

    def __init__(self, settings_cls: type[BaseSettings], written: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._written = written

    def __call__(self) -> dict[str, Any]:
        found = super().__call__()
        for section in ("channels", "neighbourhoods"):
            written = self._written.get(section)
            if isinstance(found.get(section), dict) and isinstance(written, dict):
                names = {name.lower().replace("-", "_"): name for name in written}
                found[section] = {names.get(k, k): v for k, v in found[section].items()}
        return found


@cache
def _alone(organisation: str) -> dict[str, Neighbourhood]:
    """The neighbourhood of who names none; asked for several times with every message."""
    return {"": Neighbourhood(name=organisation)}


class Settings(BaseSettings):
    """The whole configuration. Only ``[organisation]`` and one channel are needed."""

    model_config = SettingsConfigDict(
        env_prefix="WIJKBOT_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    organisation: OrganisationSettings
    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    policy: PolicyConfig = PolicyConfig()
    crisis: CrisisSettings = CrisisSettings()
    go_live: GoLiveSettings = GoLiveSettings()
    secure_chat: SecureChatSettings | None = None
    understanding: UnderstandingSettings = UnderstandingSettings()
    neighbourhoods: dict[str, Neighbourhood] = Field(default_factory=dict)
    channels: dict[str, ChannelSettings] = Field(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment beats the file, so that a secret never has to stand in it."""
        del env_settings, dotenv_settings, file_secret_settings
        return _Environment(settings_cls, init_settings()), init_settings

    def neighbourhood_of(self, channel: str) -> str:
        """The id of the neighbourhood a channel serves by default."""
        chosen = self.channels[channel].neighbourhood
        return chosen or next(iter(self.areas()))

    def areas(self) -> dict[str, Neighbourhood]:
        """All neighbourhoods; without any there is one, named after the organisation."""
        if self.neighbourhoods:
            return self.neighbourhoods
        return _alone(self.organisation.name)

    def word_of(self, neighbourhood: str) -> str:
        """What a resident writes after AANMELD for that neighbourhood; "" needs no word."""
        area = self.neighbourhoods.get(neighbourhood)
        return "" if area is None else area.word or neighbourhood

    def secure_link(self) -> str:
        """The door of the secure chat, ours or the organisation's own; "" without one."""
        chat = self.secure_chat
        if chat is None:
            return ""
        home = chat.static_origin or self.organisation.public_url
        return f"{home}/c" if chat.is_builtin else chat.url

    def area_of(self, neighbourhood: str) -> str:
        """That neighbourhood; the first one for a chat whose own is not there any more."""
        areas = self.areas()
        return neighbourhood if neighbourhood in areas else next(iter(areas))

    def languages_of(self, neighbourhood: str) -> tuple[str, ...]:
        """In which languages a neighbourhood is answered: its own, else the organisation's."""
        return tuple(self.areas()[neighbourhood].languages or self.organisation.languages)

    def country_of(self, neighbourhood: str) -> str:
        """The country of a neighbourhood: its own, else the organisation's."""
        area = self.areas().get(neighbourhood)
        return (area.country if area else None) or self.organisation.country

    def timezone_of(self, neighbourhood: str) -> str:
        """The IANA zone of a neighbourhood, by its country unless it says otherwise."""
        area = self.areas().get(neighbourhood)
        if area and area.timezone:
            return area.timezone
        return {"NL": "Europe/Amsterdam", "BE": "Europe/Brussels"}[self.country_of(neighbourhood)]


def load_settings(path: Path) -> Settings:
    """Read and check the whole configuration.

    Raises:
        SettingsError: with the first wrong key and what to do about it.
    """
    if not path.is_file():
        raise SettingsError(str(path), "there is no such file; make one with: wijkbot init DIR")
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            str(path), f"this is no valid TOML ({error}); mend that line"
        ) from None
    return settings_from(_with_folders(_with_files(raw, path.parent), path.parent))


def settings_from(raw: dict[str, Any]) -> Settings:
    """Check a configuration that is already read.

    Raises:
        SettingsError: with the first wrong key and what to do about it.
    """
    try:
        settings = Settings(**raw)
    except ValidationError as error:
        raise _first_problem(error) from None
    except UnreadableVariableError as error:
        section = next((name for name in Settings.model_fields if f'"{name}"' in str(error)), "")
        raise SettingsError(
            section or "environment",
            f'a variable WIJKBOT_{section.upper()}… holds no JSON; write a list as ["nl", "fr"]',
        ) from None
    _check_names(settings)
    return settings


def _check_words(settings: Settings) -> None:
    """Two neighbourhoods with one word would each get the other's subscribers."""
    seen: dict[str, str] = {}
    for area in settings.neighbourhoods:
        word = plain(settings.word_of(area))
        if word in seen:
            raise SettingsError(
                f"neighbourhoods.{area}.word",
                f"{word!r} is the word of {seen[word]!r} too; give each its own",
            )
        seen[word] = area


def _check_names(settings: Settings) -> None:
    _check_words(settings)
    if settings.policy.mode == "listen" and not (
        settings.go_live.dpia_date and settings.go_live.vote_date
    ):
        raise SettingsError(
            "policy.mode",
            "listening needs a group's vote and a DPIA: write [go_live] vote_date and dpia_date,"
            ' or use "mention"',
        )
    if not settings.channels:
        raise SettingsError("channels", "add at least one, for example [channels.buurt-telegram]")
    for name, channel in settings.channels.items():
        if channel.neighbourhood and channel.neighbourhood not in settings.neighbourhoods:
            known = ", ".join(settings.neighbourhoods) or "none"
            raise SettingsError(
                f"channels.{name}.neighbourhood",
                f"there is no neighbourhood {channel.neighbourhood!r}; known: {known}",
            )
    adapters = {channel.adapter for channel in settings.channels.values()}
    if "sandbox" in adapters and settings.server.host not in {"127.0.0.1", "::1", "localhost"}:
        raise SettingsError(
            "server.host", "a sandbox has no login, so it serves only this machine: use 127.0.0.1"
        )
    if "sandbox" in adapters and len(adapters) > 1:
        raise SettingsError(
            "channels", "a sandbox never runs beside real channels; give it a process of its own"
        )


def _with_files(value: Any, folder: Path, key: str = "") -> Any:
    """Replace ``{file = "…"}`` by that file's text, so that a secret can live elsewhere."""
    if not isinstance(value, dict):
        return value
    if set(value) == {"file"}:
        secret = folder / str(value["file"])
        try:
            return secret.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise SettingsError(
                key, f"the file {secret} cannot be read; check path and rights"
            ) from None
    return {
        name: _with_files(inner, folder, f"{key}.{name}".lstrip("."))
        for name, inner in value.items()
    }


def _with_folders(raw: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Overlay folders are named from where wijkbot.toml stands, not from where it is run."""
    areas = raw.get("neighbourhoods")
    for area in areas.values() if isinstance(areas, dict) else ():
        if isinstance(area, dict) and isinstance(area.get("content"), str) and area["content"]:
            area["content"] = str(folder / area["content"])
    return raw


def _first_problem(error: ValidationError) -> SettingsError:
    problem = error.errors(include_url=False, include_input=False)[0]
    # pydantic marks a wrong name of a section by adding "[key]" to it
    location = [str(part) for part in problem["loc"] if part != "[key]"]
    key = ".".join(location)
    if problem["type"] == "missing":
        return SettingsError(key, "this is missing; add it to wijkbot.toml")
    if problem["type"] == "extra_forbidden":
        near = get_close_matches(location[-1], _known_keys(location[:-1]), 1)
        hint = f"did you mean {near[0]!r}?" if near else "remove it"
        return SettingsError(key, f"this key is unknown; {hint}")
    message = str(problem["msg"]).removeprefix("Value error, ")
    return SettingsError(key, f"{message[0].lower()}{message[1:]}")


def _known_keys(location: list[str]) -> list[str]:
    """The keys of a section, however deep; below neighbourhoods and such stands a name first."""
    model: type[BaseModel] = Settings
    parts = iter(location)
    for part in parts:
        annotation = model.model_fields[part].annotation
        if get_origin(annotation) is dict:
            next(parts, None)
        kinds = (annotation, *get_args(annotation))
        model = next(k for k in kinds if isinstance(k, type) and issubclass(k, BaseModel))
    return list(model.model_fields)
