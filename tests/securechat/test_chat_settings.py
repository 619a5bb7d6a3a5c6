"""Are the keys of the secure chat read as they are meant, and a mistake told in one line?"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.written_settings import check_mistake, read_settings
from wijkbot.settings_sections import week_spans

START = """
[organisation]
name = "Buurthuis De Brug"
country = "BE"
public_url = "https://bot.example/"
[channels.buurt]
adapter = "sandbox"
[secure_chat]
"""
MISTAKES = {
    "hours": ('hours = "9 to 5"', "MO-FR 09:00-17:00"),
    "hours that end early": ('hours = "MO 17:00-09:00"', "ends before it begins"),
    "days that end early": ('hours = "FR-MO 09:00-17:00"', "ends before it begins"),
    "no exit": ('exit_url = ""', "ordinary page"),
    "an exit in the clear": ('exit_url = "http://a.example"', "https://"),
    "a policy": ('policy = "all"', "'assignee' or 'team'"),
    "for ever": ("closed_days = 0", "greater than or equal to 1"),
    "proxies": ("proxies = -1", "greater than or equal to 0"),
    "notify in the clear": ('notify_url = "http://a.example"', "https://"),
    "notify near here": ('notify_url = "http://127.0.0.1.a.example"', "https://"),
    "an e-mail without a server": ('notify_email = "team@brug.example"', "smtp_url"),
    "two e-mail addresses": ('notify_email = "a@brug.example, b@brug.example"', "one address"),
    "an e-mail with another header": (r'notify_email = "a@brug.example\nBcc: x@y.example"', "one"),
    "a mail server without a scheme": ('smtp_url = "smtp.brug.example:25"', "smtps://"),
    "a mail server of the web": ('smtp_url = "https://smtp.brug.example"', "smtps://"),
    "a port that is none": ('smtp_url = "smtp://smtp.brug.example:65536"', "port"),
    "port nought": ('smtp_url = "smtp://smtp.brug.example:0"', "65535"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_line(tmp_path: Path, name: str) -> None:
    line, remedy = MISTAKES[name]
    key = f"secure_chat.{line.split(' ', maxsplit=1)[0]}"
    check_mistake(tmp_path, START + line, key, remedy)


def test_the_own_chat_is_at_this_server(tmp_path: Path) -> None:
    assert read_settings(tmp_path, START).secure_link() == ""
    own = read_settings(tmp_path, START + 'kind = "builtin"')
    assert own.secure_link() == "https://bot.example/c"
    theirs = read_settings(tmp_path, START + 'url = "https://chat.example/"')
    assert theirs.secure_link() == "https://chat.example/"


def test_hours_are_spans_of_a_week() -> None:
    assert week_spans("") == ()
    assert week_spans("SA 10:00-12:00, MO-TU 09:00-17:30") == (
        (0, 540, 1050), (1, 540, 1050), (5, 600, 720),
    )  # fmt: skip


def test_a_password_of_the_mail_server_is_never_shown(tmp_path: Path) -> None:
    written = 'smtp_url = "smtps://brug:geheim@smtp.example"\nnotify_email = "a@brug.example"'
    chat = read_settings(tmp_path, START + written).secure_chat
    assert chat is not None
    assert chat.smtp_url == "smtps://brug:geheim@smtp.example"
    assert "geheim" not in repr(chat)
