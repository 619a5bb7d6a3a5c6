"""Which numbers are personal data, and which only look like it?"""

from __future__ import annotations

import pytest

from wijkbot.understanding.personal_data import DataKind, kinds_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("stort op BE68 5390 0754 7034", DataKind.IBAN),
        ("NL91ABNA0417164300 graag", DataKind.IBAN),
        ("mijn bsn is 111222333", DataKind.BSN),
        ("rijksregister 85.07.30-033.28", DataKind.BELGIAN_NUMBER),
        ("card 4111 1111 1111 1111", DataKind.CARD),
        ("bel mij op 0470 12 34 56", DataKind.PHONE),
        ("+31 6 12345678", DataKind.PHONE),
        ("de code van de poort is 4821", DataKind.DOOR_CODE),
        ("sleutel ligt onder de pot", DataKind.DOOR_CODE),
        ("ik woon in de Dorpsstraat 14", DataKind.ADDRESS),
        ("j'habite rue des Lilas 12", DataKind.ADDRESS),
    ],
)
def test_personal_data_is_found(text: str, kind: DataKind) -> None:
    assert kind in kinds_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "BE68 5390 0754 7035 is een tikfout",
        "ordernummer 123456789",
        "4111 1111 1111 1112",
        "rijksregister 85.07.30-033.29",
        "bel 112 of 0800 0432",
        "dinsdag 24 november 2026 van 14:00 tot 16:00",
        "het spreekuur is in de Dorpsstraat 1",
        "het feest kost 1250 euro",
        "postcode 1000 Brussel",
    ],
)
def test_look_alike_is_no_personal_data(text: str) -> None:
    assert kinds_of(text) == frozenset()
