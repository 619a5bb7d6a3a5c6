"""How are labels, languages and kinds of data called, when a moderator reads about them?"""

from __future__ import annotations

from wijkbot.engine.words import Label
from wijkbot.understanding.matcher import Level
from wijkbot.understanding.personal_data import DataKind

LABELS: dict[Label, str] = {
    Label.CRISIS_SUICIDE: "somebody who wants to die or says farewell",
    Label.CRISIS_VIOLENCE: "violence, threats or abuse",
    Label.CRISIS_MEDICAL: "acute danger to life or health",
    Label.HOMELESS_TONIGHT: "somebody with nowhere to sleep tonight",
    Label.STOP: "no more messages, please",
    Label.ERASE_ME: "delete what you know of me",
    Label.MINOR: "a writer who seems younger than 18",
    Label.THIRD_PERSON: "worry about somebody else",
    Label.HELP_PERSONAL: "the writer's own trouble",
    Label.DISTRESS: "loneliness, grief or low spirits",
    Label.COMPLAINT: "a complaint",
    Label.ABUSE_SPAM: "abuse, advertising or a swindle",
    Label.ODD_JOB_REFUSED: "a job that neighbours should not do",
    Label.ODD_JOB_REQUEST: "an odd job or something to borrow that is asked for",
    Label.ODD_JOB_OFFER: "an odd job or a loan that is offered",
    Label.INFO: "a practical question",
    Label.AGENDA: "what is on in the neighbourhood",
    Label.ASKS_BOT: "who or what the bot is",
    Label.GREETING_THANKS: "hello or thank you",
    Label.SMALL_TALK: "talk among neighbours",
    Label.PERSONAL_DATA: "personal data that should not be in a chat",
    Label.UNCLEAR: "something for the bot that it does not understand",
}

LANGUAGES = {
    "nl": "Dutch",
    "fr": "French",
    "en": "English",
    "tr": "Turkish",
    "ar": "Arabic",
    "pl": "Polish",
    "uk": "Ukrainian",
    "es": "Spanish",
    "de": "German",
    "other": "a language that is not read",
}

DATA: dict[DataKind, str] = {
    DataKind.IBAN: "a bank account number",
    DataKind.BSN: "a Dutch citizen service number",
    DataKind.BELGIAN_NUMBER: "a Belgian national number",
    DataKind.CARD: "a card number",
    DataKind.PHONE: "a phone number",
    DataKind.MAIL: "somebody's mail address",
    DataKind.DOOR_CODE: "a door code or where a key lies",
    DataKind.ADDRESS: "a home address",
    DataKind.LICENCE_PLATE: "a number plate",
}

LEVELS: dict[Level, str] = {
    "group": "in a group where nobody called the bot",
    "addressed": "to somebody who called it, or in private",
}
