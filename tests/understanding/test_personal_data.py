"""Which numbers and words are personal data, and which only look like it?"""

from __future__ import annotations

import statistics
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wijkbot.understanding.personal_data import (
    DataKind,
    kinds_of,
    names_resident,
    public_values,
)

TRUE: dict[DataKind, tuple[str, ...]] = {
    DataKind.IBAN: (
        "stort op BE68 5390 0754 7034",
        "NL91ABNA0417164300 graag",
        "iban nl91 abna 0417 1643 00",
        "mon compte est le BE68-5390-0754-7034 merci",
        "send it to GB82 WEST 1234 5698 7654 32 please",
        "hesabım TR33 0006 1005 1978 6457 8413 26",
        "konto PL61109010140000071219812874",
        "Mein Konto: DE89 3704 0044 0532 0130 00",
    ),
    DataKind.BSN: (
        "mijn bsn is 111222333",
        "BSN: 1112.22.333",
        "my bsn number is 111 222 333",
        "mon BSN 111222333",
        "111222333 dat is mijn nummer",
    ),
    DataKind.BELGIAN_NUMBER: (
        "rijksregister 85.07.30-033.28",
        "mon numéro national: 85073003328",
        "national number 85 07 30 033 28",
        "geboren na 2000: 00.01.25-001.61",
        "bis 85.47.30-033.17",
        "NISS 85.07.30 033-28",
    ),
    DataKind.CARD: (
        "card 4111 1111 1111 1111",
        "mijn kaart 5500005555555559",
        "ma carte: 6703 0000 0000 0000 3",
        "amex 3782 822463 10005",
        "мой картка 4111-1111-1111-1111",
    ),
    DataKind.PHONE: (
        "bel mij op 0470 12 34 56",
        "gsm 0470/12.34.56",
        "0475/10.11.26 na 18u",
        "+31 6 12345678",
        "06-12345678",
        "020 123 4567",
        "appelez-moi au 02 511 22 33",
        "0032 (0)470 12 34 56",
        "call me on +44 7911 123456",
        "mijn nummer is 612345678",
        "numaram +90 532 123 45 67",
        "telefon +48 601 234 567",
        "мій телефон +380 67 123 45 67",
        "رقمي ٠٤٧٠١٢٣٤٥٦",
        "mijn bestelling is er niet, bel 0470 12 34 56",
    ),
    DataKind.MAIL: (
        "mail me op jan.voorbeeld@gmail.com",
        "écrivez à amina@example.org",
        "my address is j_doe+bot@outlook.com",
        "schreib an lena.beispiel@gmx.de",
    ),
    DataKind.DOOR_CODE: (
        "de code van de poort is 4821",
        "deurcode: 48-21",
        "4821 is de code van de voordeur",
        "pincode 1234",
        "le code de la porte c'est 4821",
        "digicode 4821#",
        "the door code is 4821",
        "kapı şifresi 4821",
        "رمز الباب 4821",
        "kod do bramy 4821",
        "код від дверей 4821",
        "el código del portal es 4821",
        "Türcode 4821",
        "sleutel ligt onder de pot",
        "onder de mat ligt de sleutel",
        "la clé est sous le paillasson",
        "the key is in the mailbox",
        "anahtar paspasın altında",
        "المفتاح تحت السجادة",
        "klucz jest pod wycieraczką",
        "ключ під килимком",
        "la llave está debajo del felpudo",
        "der Schlüssel liegt unter der Fußmatte",
    ),
    DataKind.ADDRESS: (
        "ik woon in de Dorpsstraat 14",
        "ik woon in de dorpsstraat 14",
        "Dorpsstraat 12",
        "2 weken weg, wie neemt de post, Molenstraat 12",
        "Oude Gracht 45b",
        "lamp ophangen hoofdstraat 3 bus 2",
        "kan iemand van de bib naar kerkstraat 7 rijden",
        "1012 AB 12",
        "1234 AB Utrecht",
        "ik woon op nummer 12",
        "j'habite rue des Lilas 12",
        "12 rue Haute",
        "chaussée de Wavre 200, 1050 Ixelles",
        "12, place du Jeu de Balle",
        "12 High Street",
        "I live at 5 station road",
        "Gül sokak no: 5",
        "شارع الملك رقم ١٢",
        "ul. Kwiatowa 12/3",
        "вул. Шевченка 12",
        "vivo en la calle Mayor 12",
        "Hauptstraße 12",
    ),
    DataKind.LICENCE_PLATE: (
        "die auto met 1-ABC-123 weer",
        "la voiture 1-ABC-123",
        "the car 12-ABC-3",
        "kenteken 12-AB-34",
    ),
}

FALSE: dict[str, tuple[str, ...]] = {
    "a checksum that fails": (
        "BE68 5390 0754 7035 is een tikfout",
        "NL91ABNA0417164301",
        "compte BE68 5390 0754 7033",
        "bsn 111222334",
        "my bsn is 123456789",
        "rijksregister 85.07.30-033.29",
        "numéro national 85.07.30-033.27",
        "4111 1111 1111 1112",
        "ma carte 5500005555555558",
    ),
    "an account number of the wrong length": ("BE68 5390 0754 703", "XX68 5390 0754 7034"),
    "a date of birth that is none": ("85.13.30-033.28", "85.07.32-033.83"),
    "a card that no bank gives": ("1111 1111 1111 1117", "0000 0000 0000 0000"),
    "a number of a service": (
        "bel 112 of 0800 0432",
        "0800 32 123",
        "téléphone 0800 30 030",
        "070 245 245",
        "078 15 05 15",
        "088 0767 000",
        "call 0900-1450 or 116 111",
        "1813, 1712, 106 en 107",
    ),
    "a number of a thing": (
        "ordernummer 123456782",
        "bestelnummer 0470123456",
        "ISBN 9789020989618",
        "BTW BE 0403.170.701",
        "mededeling +++090/9337/55493+++",
        "klusje 42",
        "klus nummer 4821",
    ),
    "a day or an hour": (
        "21-11-2026",
        "01-02-2026 20:30 uur",
        "dinsdag 24 november 2026 van 14:00 tot 16:00",
        "de 05 12 19 26 03 komt de kar",
        "2026-11-21",
        "entre 0900 et 1700",
        "op het dorpsplein 20 uur",
        "dorpsplein 20.30 uur",
        "rdv le 12 place Flagey",
        "feest in de kerkstraat 21/11",
    ),
    "a price or a count": (
        "€ 1.250,00",
        "het feest kost 1250 euro",
        "12.500.000 inwoners",
        "3 kinderen",
        "op het kerkplein 20 kraampjes",
        "in onze straat 3 fietsen gestolen",
        "in de kerkstraat 3 katten gevonden",
        "sur la place 20 personnes",
        "2 lost dogs on the street",
        "a 5 hour road trip",
        "Spielplatz 3 Kinder",
    ),
    "a bus or a room": ("lijn 14", "bus 48 naar de kerk", "lokaal 2.14", "the number 3 bus lane"),
    "a town": ("postcode 1000 Brussel", "code postal 1050 Ixelles", "9000 Gent", "1012 AB"),
    "the place of a service": (
        "het spreekuur is in de Dorpsstraat 1",
        "spreekuur Dorpsstraat 12 is open",
        "is de bib, Molenstraat 12, vandaag open?",
        "la permanence rue Haute 12, c'est quand",
        "is the library at 12 High Street open?",
        "Sprechstunde Hauptstraße 12 heute?",
    ),
    "a code for everybody": (
        "kortingscode 2026",
        "code rood om 1600 uur",
        "le code promo 2026",
        "the zip code 1000",
        "kod pocztowy 1000",
        "zet geen adres of code in de groep",
    ),
    "a key that hides nothing": (
        "sleutel gevonden, hij lag onder de brievenbus",
        "clés trouvées sous une pierre",
        "lost my keys under a stone or so",
        "de sleutel tot succes",
        "zgubiony klucz pod kamieniem",
    ),
    "a mail address of a desk": (
        "info@debrug.example",
        "mail naar onthaal@ocmw.example",
        "écrivez à contact@asbl.example",
        "@sofie:matrix.example",
    ),
    "a code of a product": ("type AB-12", "2024-2025", "maat 38-40-42"),
}


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in TRUE.items() for text in texts]
)
def test_personal_data_is_found(kind: DataKind, text: str) -> None:
    assert {kind} == kinds_of(text)


@pytest.mark.parametrize(
    ("why", "text"), [(w, text) for w, texts in FALSE.items() for text in texts]
)
def test_look_alike_is_no_personal_data(why: str, text: str) -> None:
    assert frozenset() == kinds_of(text), why


def test_every_kind_is_tried_both_ways() -> None:
    assert set(DataKind) == set(TRUE)


def test_several_kinds_in_one_message_are_all_found() -> None:
    text = "Molenstraat 12, bel 0470 12 34 56, code voordeur 4821, BE68 5390 0754 7034"
    found = {DataKind.ADDRESS, DataKind.PHONE, DataKind.DOOR_CODE, DataKind.IBAN}
    assert found == kinds_of(text)


def test_what_is_public_is_nobodys_own() -> None:
    public = public_values(["02 535 45 42", "Voorbeeldplein 1, 1000 Brussel", "112", ""])
    for text in ("bel 02/535.45.42", "ik sta op het Voorbeeldplein 1 1000 brussel"):
        assert kinds_of(text)
        assert frozenset() == kinds_of(text, public)
    for text in ("02 535 45 43", "Voorbeeldplein 12", "0470 11 21 12"):
        assert kinds_of(text, public)


def test_nothing_public_takes_nothing_away() -> None:
    assert {DataKind.PHONE} == kinds_of("0470 12 34 56", public_values([]))


@pytest.mark.parametrize("text", ["oma woont in de Molenstraat 12", "il habite 12 rue Haute"])
def test_who_lives_there_is_told(text: str) -> None:
    assert names_resident(text)


@pytest.mark.parametrize("text", ["koffie in de Molenstraat 12", "Adres: Molenstraat 12", "woont"])
def test_where_something_is_on_names_no_resident(text: str) -> None:
    assert not names_resident(text)


PIECES = [
    *("0470 12 34 56 ", "0", "+", "BE68", "NL91ABNA", "111222334 ", "4111 1111 1111 1112 ", "1 "),
    *(
        "code ",
        "sleutel onder de ",
        "clé ",
        "a@",
        "a@a.a.",
        "Kerkstraat 12 ",
        "rue 12 ",
        "12 rue ",
    ),
    *("straat", "школа ", "1-", "(", "0/", "bsn ", "bel 999999999 ", "21-11-2026 ", "1012 AB "),
    *("\u0301", "\u200b", "😂", "\x00", "٠", "²", "१२ ", "\u202e", "Ⅻ ", "①②③④ "),
]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=6), min_size=1, max_size=8))
def test_hostile_text_takes_bounded_time(pieces: list[str]) -> None:
    """The quickest of three: the machine may have something else to do meanwhile."""
    unit = "".join(pieces) or " "
    text = (unit * (100_000 // len(unit) + 1))[:100_000]
    quickest = min(_seconds(text) for _ in range(3))
    assert quickest < 0.020, f"{quickest * 1000:.1f} ms"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_it_fail(text: str) -> None:
    assert kinds_of(text) <= set(DataKind)


def test_ordinary_message_takes_less_than_a_millisecond() -> None:
    """A fifth of that on an idle machine; tests share theirs."""
    text = (
        "Hallo allemaal, ik zoek iemand die mij kan helpen met het ophangen van een lamp in de "
        "keuken. Het is niet veel werk, een half uur denk ik. Ik heb zelf een ladder en een "
        "boormachine. Kan iemand op zaterdag 21-11-2026 rond 14:00 uur? Ik trakteer op koffie en "
        "taart, tot gauw!"
    )
    assert statistics.median(_seconds(text) for _ in range(200)) < 0.001


def _seconds(text: str) -> float:
    began = time.thread_time()
    kinds_of(text)
    return time.thread_time() - began
