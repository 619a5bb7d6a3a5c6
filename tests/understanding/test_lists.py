"""Are the shipped lists whole: every label and language, every phrase readable?"""

from __future__ import annotations

import pytest

from tests.understanding.pack import LANGUAGES, documents, reader
from wijkbot.engine.words import CRISIS_LABELS, Label
from wijkbot.understanding.normalise import plain
from wijkbot.understanding.patterns import PhraseFinder, compile_phrase

ALARMS = [document for document in documents("alarm") if document["kind"] == "alarm"]


IDIOMS = (
    "die scheids vermoordt elke match, haha",
    "ik lach me kapot met dat filmpje van de kat",
    "we zijn gisteren op het veld afgeslacht, 5-0",
    "mijn basilicum gaat dood, hoe kan dat nu",
    "morgen springen we met de kleinkinderen van de duikplank",
    "ik hang mijn was buiten aan een touw tussen twee bomen",
    "laatste dag op mijn werk morgen, dan drie weken vakantie",
    "zonder koffie heeft mijn leven geen zin",
    "de afvoer van de wasbak zit weer verstopt",
    "onze baby gilt de hele nacht, tandjes",
    "dat klopt, zo doe ik het ook altijd",
    "wat een mooie brand in de open haard, gezellig met kaarsen",
    "ik kreeg bijna een hartaanval van die vuurpijlen haha",
    "er komt rook van de bbq bij de buren, dat ruikt lekker",
    "wie helpt mij een boekenrek in elkaar zetten, ik heb soep",
    "in het nieuws ging het over een man met een mes",
    "docu gezien over zelfmoord, dat bleef hangen",
    "de brandweer komt morgen voor het wespennest",
    "mijn band staat zonder lucht, wie heeft een pomp",
    "ik stap eruit bij de volgende halte",
    "de kat bijt mij altijd als ik haar borstel",
    "wanneer is de volgende cursus reanimeren",
    "wij zijn van een mooi feest thuisgekomen en ik ben doodop",
    "je suis mort de rire avec ta vidéo",
    "mon mari va me tuer quand il verra la voiture mdr",
    "on a été massacrés au foot hier",
    "mes géraniums meurent les uns après les autres",
    "c'est mon dernier jour de boulot avant les vacances",
    "j'ai vu un documentaire sur le suicide hier",
    "la voiture a pris feu dans le film, quelle scène",
    "sans chocolat ma vie n'a plus de goût",
    "that joke killed me lol",
    "my boss is going to kill me if i am late haha",
    "we jump off the high board on saturday",
    "my basil plant is dying, too much sun",
    "the striker is on fire this season",
    "i almost had a heart attack when i saw the bill",
    "life without chocolate is not worth living haha",
    "the podcast about that murder was great",
    "a rooster is screaming every morning at five",
)
"""Talk between neighbours that sounds like danger and is none."""

DANGERS = (
    "ik heb mijn kinderen een brief geschreven voor als ik dood ben",
    "van mij mag het licht voorgoed uit, mijn leven is voorbij",
    "ik ben iedereen enkel maar tot last",
    "ik heb mijn slaappillen opgespaard",
    "ze snijdt zichzelf en verstopt haar armen",
    "sinds papa dood is wil ik hem achterna",
    "kzit op den rand van de brug",
    "hij zei dat dit zijn laatste bericht is en neemt niet meer op",
    "mijn vent klopt mij als hij gedronken heeft",
    "hij houdt mijn paspoort en laat mij niet buiten",
    "mijn ouders willen dat ik met mijn neef trouw en ik wil niet",
    "opa zit aan haar lijf als hij oppast",
    "hiernaast gilt een vrouw om hulp",
    "er staat een gast met een mes voor de winkel",
    "mijn dochter heeft haar arm vol blauwe plekken van haar vriend",
    "ons bomma ligt op de vloer en antwoordt niet",
    "papa zijn mond hangt scheef",
    "de kleine heeft van de ontstopper gedronken",
    "iedereen is duizelig sinds de kachel brandt en de co melder piept",
    "er is een kind in de vijver gevallen",
    "haar lippen zijn blauw en ze hapt naar adem",
    "er slaan vlammen uit het dak aan de overkant",
    "je suis un fardeau pour tout le monde, ils seront soulagés si je meurs",
    "il a dit adieu à tout le monde et il a acheté une corde",
    "mon mari m'enferme et garde mes papiers",
    "le voisin traîne sa femme par les cheveux",
    "mamie est par terre et ne répond plus",
    "ça pue le gaz dans tout l'immeuble",
    "i am only a burden and they would be relieved if i was gone",
    "she keeps cutting her arms with a razor",
    "my husband hides my passport and does not let me leave",
    "a man is dragging a woman by her hair",
    "grandpa has no pulse",
    "my toddler ate grandma's heart pills",
)
"""Danger told without the plain word for it: the lists must hear it."""


def _texts(document: dict[str, dict[str, list[str]]]) -> list[str]:
    return [
        text
        for key in ("phrases", "not_when", "needs_first_person")
        for texts in (document.get(key) or {}).values()
        for text in texts
    ]


@pytest.mark.parametrize("document", ALARMS, ids=lambda document: str(document["id"]))
def test_every_phrase_can_be_looked_for(document: dict[str, dict[str, list[str]]]) -> None:
    for text in _texts(document):
        assert compile_phrase(text)


@pytest.mark.parametrize("label", sorted(CRISIS_LABELS | {Label.HELP_PERSONAL, Label.STOP}))
def test_label_is_listened_for_in_all_nine_languages(label: Label) -> None:
    languages = {language for d in ALARMS if d["label"] == label for language in d["phrases"]}
    assert languages == set(LANGUAGES)


def test_every_label_has_labelled_examples() -> None:
    labels = {document["label"] for document in documents("labels")}
    assert labels == {label.value for label in Label}


def test_example_of_a_crisis_is_read_as_a_crisis_or_referred() -> None:
    missed = [
        text
        for document in documents("labels")
        if document["label"] in CRISIS_LABELS
        for texts in document["examples"].values()
        for text in texts
        if reader().read(text).label not in CRISIS_LABELS
    ]
    assert missed == []


def test_gap_alternatives_and_beginnings_are_found() -> None:
    finder = PhraseFinder(["wil … niet meer leven/bestaan", "zelfmoord*"])
    assert [f.phrase for f in finder.find(plain("ik wil echt niet meer bestaan").split())] == [0]
    assert [f.phrase for f in finder.find(["zelfmoordgedachten"])] == [1]
    assert finder.find("wil ik toch maar eens een keer niet meer leven".split()) == []


def test_typing_error_in_a_long_word_is_forgiven_and_a_known_word_is_not_changed() -> None:
    finder = PhraseFinder(["deurwaarder komt"], known_words=["komst"])
    assert finder.find(["deurwaader", "komt"])
    assert not finder.find(["deurwaarder", "komst"])


@pytest.mark.parametrize("phrase", ["", "…", "ab*", "/"])
def test_phrase_that_means_nothing_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the kind is the claim
        compile_phrase(phrase)


@pytest.mark.parametrize("text", IDIOMS)
def test_talk_that_sounds_like_danger_is_no_crisis(text: str) -> None:
    assert reader().read(text).label not in CRISIS_LABELS


@pytest.mark.parametrize("text", DANGERS)
def test_danger_without_the_plain_word_is_heard_by_the_lists(text: str) -> None:
    assert reader().read(text).is_listed_crisis
