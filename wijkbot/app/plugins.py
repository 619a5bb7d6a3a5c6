"""Which adapters are installed? Found by entry point, imported only when a channel asks."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from wijkbot.adapter_api import Adapter, ChannelConfig, ConfigError
from wijkbot.settings import SettingsError

GROUP = "wijkbot.adapters"


def installed() -> dict[str, EntryPoint]:
    """Adapter name → entry point.

    Raises:
        SettingsError: two packages offer an adapter of one name; both are named.
    """
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        other = found.get(point.name)
        if other is not None and other.value != point.value:
            raise SettingsError(
                f"adapter {point.name!r}",
                f"two packages offer it ({_origin(other)} and {_origin(point)}); uninstall one",
            )
        found[point.name] = point
    return found


def create(adapter: str, config: ChannelConfig) -> Adapter:
    """Make the adapter of one channel.

    Raises:
        SettingsError: unknown adapter, missing package, or a wrong key of the channel.
    """
    points = installed()
    key = f"channels.{config.name}"
    if adapter not in points:
        known = ", ".join(sorted(points)) or "none is installed"
        raise SettingsError(f"{key}.adapter", f"there is no adapter {adapter!r}; known: {known}")
    try:
        make = points[adapter].load()
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"{key}.adapter",
            f"the package {error.name!r} is missing; run: pip install 'wijkbot[{adapter}]'",
        ) from error
    try:
        built: Adapter = make(config)
    except ConfigError as error:
        name = error.key if error.key.startswith("channels.") else f"{key}.{error.key}"
        raise SettingsError(name, error.remedy) from error
    return built


def _origin(point: EntryPoint) -> str:
    name = point.dist.name if point.dist else "an unnamed package"
    return f"{name}: {point.value}"
