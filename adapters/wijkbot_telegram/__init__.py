"""How does wijkbot speak with Telegram? This package is the adapter."""
