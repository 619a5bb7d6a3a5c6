"""What opens a home, or points at its owner? Door codes, hidden keys, mail addresses, plates."""

from __future__ import annotations

import re


def _any_of(words: str) -> str:
    """A group that finds any of the words; "*" is an ending, "_" a blank within one."""
    parts = (word.replace("*", r"\w{0,4}").replace("_", " ") for word in words.split())
    return f"(?:{'|'.join(parts)})"


_CODE_WORD = (
    r"(?:(?:deur|poort|toegangs|lift|garage|alarm|kluis|hek|pin|t[üu]r|haust[üu]r|zugangs|eingangs"
    r"|digi|pass|tor)[- ]?codes?|code|codes|pin|kodu?|kody|c[oó]digos?|коду?|шифр|[sş]ifre\w*"
    r"|الرمز|رمز|كود|الكود|الرقم السري|toegangsnummer|cijferslot)"
)
_CODE_NUMBER = r"(?<![\w:€.,/+-])[#*]?(?:[A-Za-z]?\d{4,6}|\d{2}[-.]\d{2})[#*]?(?![\w:/]|[.,-]\d)"
_FOUR = re.compile(r"\d\d[-.]?\d\d")
_CODE = re.compile(
    rf"(?<![\w-])({_CODE_WORD})(?![\w-])([^.!?\n\d]{{0,34}}?)({_CODE_NUMBER})", re.IGNORECASE
)
_CODE_LATER = re.compile(
    rf"{_CODE_NUMBER}[^.!?\n\d]{{1,16}}?(?<![\w-])"
    r"(?:de|la|le|the|unser|der|mijn|mn|onze|our|my|mi|nasz|мій|наш)\s(?:"
    rf"{_CODE_WORD})(?![\w-])",
    re.IGNORECASE,
)
_OTHER_CODE = re.compile(
    r"\b(?:post|postal|postaux|zip|area|landcode|country|pays|promo\w*|korting\w*|actie|cadeau"
    r"|coupon\w*|voucher|r[eé]duction|rabat\w*|indirim|qr|dress|bar|streep|bic|swift|nis|sms|fout\w*"
    r"|error|erreur|source|kleur|couleur|rood|oranje|klus\w*|job|poczt\w*|поштов\w*|posta|jahr"
    r"|euro|eur|jaar|kost\w*|co[uû]te)\b",
    re.IGNORECASE,
)
_BEFORE_CODE = 12
_KEY_STEMS = "sleutel cle clé key schl llave klucz ключ anahtar مفتاح مفاتيح".split()
_KEY = re.compile(
    r"(?<![^\W_])(?:\w{0,12}sleutels?|cl[eé]s?|keys?|schl[üu]ssel\w{0,2}|llaves?|klucze?\w?|ключ\w{0,3}"
    r"|anahtar\w{0,5}|ال?مفتاح|المفتاح|مفاتيح|sleuteltje)(?![^\W_])",
    re.IGNORECASE,
)
_PLACES = _any_of(
    "mat matje deurmat bloempot* bloembak pot potten plantenpot steen tegel stoeptegel brievenbus "
    "sleutelkluis* regenton schuurtje vuilnisbak kabouter paillasson tapis pot_de_fleurs? "
    "bo[iî]te_aux_lettres pierre doormat rug flower_?pot plant plant_pot stone rock letter_?box "
    "mailbox key_?safe gnome fu(?:ß|ss)matte matte blumentopf briefkasten stein felpudo maceta "
    "buz[oó]n alfombra piedra wycieraczk* doniczk* skrzyn* kamieni* килимк* вазон* горщик* "
    "скриньк* камен* سجادة السجادة الدواسة المزهرية الحجر صندوق_البريد أصيص"
)
_UNDER = re.compile(
    r"(?<![^\W_])(?:onder|achter|sous|derri[eè]re|under|behind|beneath|unter|hinter|debajo|bajo"
    r"|detr[aá]s|pod|za|під|за|تحت|خلف|in|dans|inside|en|w|у|в|في)\s(?:\w{1,12}\s){0,2}?"
    rf"\w{{0,12}}{_PLACES}(?![^\W_])"
    rf"|(?<![^\W_]){_any_of('paspas* saks* halı* kilim* taş* posta_kutusu*')}\s"
    r"(?:altın\w{1,3}|içinde|arkasında)",
    re.IGNORECASE,
)
_FOUND_KEY = re.compile(
    r"\b(?:gevonden|verloren|kwijt\w*|found|lost|missing|trouv\w+|perdu\w*|znalaz\w*|zgubi\w*|buldu\w*"
    r"|kayıp|kaybet\w*|encontr\w+|perdid\w+|perd[ií]|gefunden|verlor\w*|знайш\w+|загуб\w+|وجدت|فقدت|ضاع)\b",
    re.IGNORECASE,
)
_KEY_REACH = 60
"""Characters between a key and the place where it lies."""
_KEYS = 8
"""Words for a key of one text that are looked at."""

_MAIL = re.compile(
    r"(?<![\w.+-])([\w][\w.+-]{0,63})@([A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4})(?![\w-])"
)
_PRIVATE_DOMAINS = re.compile(
    r"^(?:gmail|googlemail|hotmail|outlook|live|msn|yahoo|ymail|icloud|me|mac|aol|proton|protonmail"
    r"|telenet|skynet|proximus|scarlet|voo|pandora|ziggo|kpnmail|kpnplanet|planet|xs4all|home|hetnet"
    r"|upcmail|chello|tele2|casema|quicknet|gmx|web|t-online|wp|o2|onet|interia|ukr|laposte|orange"
    r"|free|wanadoo|tutanota|zoho)\."
)
_ROLES = frozenset(
    "info contact hallo hello bonjour post mail email secretariaat secretariat secr "
    "onthaal accueil balie loket guichet wijkteam wijk buurt buurthuis buurtwerk team "
    "admin beheer webmaster support help helpdesk servicedesk service services noreply "
    "no-reply reply privacy dpo avg gdpr klacht klachten plainte complaints pers press "
    "jobs vacatures vrijwilligers vrijwilliger vrijwilligerswerk benevoles volunteers "
    "inschrijving inschrijvingen inscription reservatie reservaties reservation "
    "boekhouding facturen facturatie admin directie direction ocmw cpas caw gemeente stad "
    "commune politie bib bibliotheek school welkom welcome agenda nieuws news nieuwsbrief "
    "newsletter redactie moderator bot wijkbot office kantoor bureau meldpunt hulp aide "
    "sociaal social jeugd jeunes juridisch wonen logement energie chat vragen questions "
    "postmaster abuse security sales zentrale kontakt informacja biuro".split()
)
"""First parts of mail addresses that are nobody's own."""

_PLATE_BE = re.compile(r"(?<![\w-])[1-9]-[A-Z]{3}-\d{3}(?![\w-])")
_PLATE_NL = re.compile(
    r"(?<![\w-])(?:[A-Z]{2}-\d\d-\d\d|\d\d-\d\d-[A-Z]{2}|\d\d-[A-Z]{2}-\d\d|[A-Z]{2}-\d\d-[A-Z]{2}"
    r"|[A-Z]{2}-[A-Z]{2}-\d\d|\d\d-[A-Z]{2}-[A-Z]{2}|\d\d-[A-Z]{3}-\d|\d-[A-Z]{3}-\d\d"
    r"|[A-Z]{2}-\d{3}-[A-Z]|[A-Z]-\d{3}-[A-Z]{2})(?![\w-])"
)


def tells_code(text: str) -> bool:
    """Is there a code of four to six digits that is called one, but not a postcode or discount?"""
    if not _FOUR.search(text):
        return False
    for found in _CODE.finditer(text):
        near = text[max(found.start() - _BEFORE_CODE, 0) : found.start()] + found[1] + found[2]
        if not _OTHER_CODE.search(near):
            return True
    return any(not _OTHER_CODE.search(found[0]) for found in _CODE_LATER.finditer(text))


def tells_key(text: str) -> bool:
    """Does it say where a key is hidden? Who found or lost one hides none."""
    lowered = text.lower()
    if not any(stem in lowered for stem in _KEY_STEMS):
        return False
    for index, key in enumerate(_KEY.finditer(text)):
        if index == _KEYS:
            break
        near = text[max(key.start() - _KEY_REACH, 0) : key.end() + _KEY_REACH]
        if _UNDER.search(near) and not _FOUND_KEY.search(near):
            return True
    return False


def has_mail(text: str) -> bool:
    """Is there a mail address of a person, not of a desk?"""
    if "@" not in text:
        return False
    return any(_is_of_person(*found.groups()) for found in _MAIL.finditer(text))


def _is_of_person(name: str, domain: str) -> bool:
    if not re.search(r"\.[A-Za-z]{2,}$", domain):
        return False
    if _PRIVATE_DOMAINS.match(domain.lower()):
        return True
    parts = re.split(r"[._+-]", name.lower())
    return name.lower() not in _ROLES and not _ROLES.intersection(parts)


def has_plate(text: str) -> bool:
    """Is there a number plate, in capitals with its hyphens?"""
    return "-" in text and (
        _PLATE_BE.search(text) is not None or _PLATE_NL.search(text) is not None
    )
