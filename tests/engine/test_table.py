"""Does the decision table hold together with the pack: every text, variant and purpose?"""

from __future__ import annotations

import pytest

from tests.engine.pack import shelf
from wijkbot.content.model import Text
from wijkbot.content.texts import REQUIRED, template
from wijkbot.engine.table import FIXED_ITEMS, REPLIES
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label, Place, Purpose

PRIVATE_VARIANTS = {Label.HOMELESS_TONIGHT, Label.THIRD_PERSON, Label.PERSONAL_DATA}
PURPOSES = {
    Purpose.CRISIS: CRISIS_LABELS,
    Purpose.REFERRAL: SENSITIVE_LABELS - CRISIS_LABELS,
}


@pytest.mark.parametrize("purpose", PURPOSES)
def test_purpose_belongs_to_exactly_its_classes(purpose: Purpose) -> None:
    """A crisis is a card and a help question a referral; nothing else has these rights."""
    rows = {label for (label, _), row in REPLIES.items() if row.purpose is purpose}
    assert PURPOSES[purpose] == rows


def test_nothing_is_said_in_the_secure_chat() -> None:
    assert {Place.GROUP, Place.PRIVATE} == {place for _, place in REPLIES}


def test_private_variant_is_used_in_private_and_where_it_was_agreed() -> None:
    variants = {cell for cell, row in REPLIES.items() if row.key == "private_text"}
    assert {(label, Place.PRIVATE) for label in PRIVATE_VARIANTS} == variants


@pytest.mark.parametrize("name", sorted(FIXED_ITEMS))
def test_every_item_of_the_table_is_in_the_pack_in_every_language(name: str) -> None:
    item = shelf().items[name]
    assert isinstance(item, Text)
    assert all(template(item, "text", language) for language in REQUIRED)
    assert 1 == shelf().book.version_of(name)


@pytest.mark.parametrize("cell", sorted(REPLIES), ids="-".join)
def test_text_has_the_purpose_and_the_variant_of_its_cell(cell: tuple[Label, Place]) -> None:
    row = REPLIES[cell]
    item = shelf().items[row.item]
    assert isinstance(item, Text)
    assert (row.purpose is Purpose.CRISIS) is (item.purpose == "crisis")
    assert row.key == "text" or item.private_text is not None
