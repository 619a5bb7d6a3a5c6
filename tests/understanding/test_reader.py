"""Does every utterance get the class it needs, and an idiom none?"""

from __future__ import annotations

import pytest

from tests.understanding.pack import reader
from wijkbot.engine.phrases import LabelledExample
from wijkbot.engine.words import CRISIS_LABELS, SENSITIVE_LABELS, Label
from wijkbot.understanding import Reader

GOLDEN = [
    ("wnr is spreekuur??", "info"),
    ("waar is t ocmw", "info"),
    ("ik kan me huur nie betale", "help_personal"),
    ("deurwaarder komt morgen help", "help_personal"),
    ("mn zoon van 15 luistert totaal niet meer", "help_personal"),
    ("ik heb geen leefloon meer gekrege", "help_personal"),
    ("voedselbank waar?", "info"),
    ("we hebben al 2 dagen niks te eten", "help_personal"),
    ("kben zo alleen sinds hij dood is", "distress"),
    ("niemand mist mij als ik weg ben", "crisis_suicide"),
    ("ik wil niet meer leven", "crisis_suicide"),
    ("k zie t nie meer zitten", "crisis_suicide"),
    ("ik maak er een eind aan", "crisis_suicide"),
    ("ik maak er een eind aan, die bak met rommel gaat weg", "odd_job_offer small_talk"),
    ("ik ga dood van het lachen 😂", "small_talk greeting_thanks"),
    ("mijn plantjes gaan dood wie geeft water", "odd_job_request"),
    ("hij slaat mij als ik app", "crisis_violence"),
    ("buurmeisje gilt elke nacht", "crisis_violence third_person"),
    ("m'n man ligt op de grond ademt raar", "crisis_medical"),
    ("kind heeft vaatwastablet ingeslikt", "crisis_medical"),
    ("112 appartementen te huur", "info small_talk unclear"),
    ("slaap vannacht in auto met 2 kids", "homeless_tonight"),
    ("er ligt al 3 nachten een man op de parking aan de flat", "third_person"),
    ("wie is die rare vent op foto", "personal_data"),
    ("mn code is 4821 sleutel onder pot", "personal_data"),
    ("BE68 5390 0754 7034 stuur maar", "personal_data"),
    ("ik ben 14 mag ik hond uitlaten voor geld", "minor"),
    ("juf zegt dat ik met iemand moet praten", "minor"),
    ("iemand handig? lamp ophangen", "odd_job_request"),
    ("ik kan vrijdag gras afrijden voor iemand", "odd_job_offer"),
    ("zoek poetsvrouw 12eu/u", "odd_job_refused"),
    ("gij zijt waardeloos rotbot", "abuse_spam"),
    ("gratis iphone klik hier bit.ly/x", "abuse_spam"),
    ("praat met mij aub", "asks_bot"),
    ("zijde gij nen echte?", "asks_bot"),
    ("je ne sais plus payer mon loyer", "help_personal"),
    ("c'est quand la permanence?", "info"),
    ("I don't feel safe at home", "crisis_violence"),
    ("evim yok bu gece", "homeless_tonight"),
    ("merci!!", "greeting_thanks"),
    ("klacht over medewerker balie", "complaint"),
    ("stop", "stop"),
]

CRIES = [
    ("zonder mij zijn ze allemaal gelukkiger", "crisis_suicide"),
    ("ik hoop dat alles voorbij is, ik wil niet meer bestaan", "crisis_suicide"),
    ("ik wil nit mer leven", "crisis_suicide"),
    ("kdenk aan zelfmoort", "crisis_suicide"),
    ("je voudrais ne plus exister", "crisis_suicide"),
    ("he said he wants to kill himself tonight", "crisis_suicide"),
    ("artik yasamak istemiyorum", "crisis_suicide"),
    ("أريد أن أموت", "crisis_suicide"),
    ("nie chcę już żyć", "crisis_suicide"),
    ("я не хочу жити", "crisis_suicide"),
    ("no quiero vivir más", "crisis_suicide"),
    ("ich will nicht mehr leben", "crisis_suicide"),
    ("mijn vriend heeft me bij de keel gegrepen", "crisis_violence"),
    ("ik wordt bedreigt door mijn ex", "crisis_violence"),
    ("my partner pushed me down the stairs", "crisis_violence"),
    ("mn vader is net in elkaar gezakt", "crisis_medical"),
    ("il y a de la fumée dans l'escalier", "crisis_medical"),
    ("we weten niet waar we vannacht moeten slapen", "homeless_tonight"),
    ("i have nowhere to go tonight", "homeless_tonight"),
]

IDIOMS = [
    "mijn telefoon is dood",
    "ik schrok me dood van die knal",
    "ajax maakt er een eind aan in de laatste minuut",
    "ik zie het wel zitten om samen te koken",
    "ik stik van de hitte",
    "er hangt rook van de bbq in de straat",
    "wij slapen vannacht in een tent op de camping",
    "de kerk slaat elk uur de klok",
    "vreselijk, die documentaire over zelfmoord gisteren",
    "i'm dead tired",
    "we got killed in the second half lol",
    "on meurt de chaud ici",
    "j'ai failli mourir de rire",
    "gülmekten öldüm",
    "umieram ze śmiechu",
    "me muero de hambre",
    "ich lache mich tot",
]


@pytest.mark.parametrize(("text", "labels"), GOLDEN)
def test_golden_utterance_gets_its_class(text: str, labels: str) -> None:
    assert reader().read(text).label in labels.split()


@pytest.mark.parametrize(("text", "label"), CRIES)
def test_cry_for_help_is_listed_in_every_language(text: str, label: str) -> None:
    reading = reader().read(text)
    assert (reading.label, reading.is_listed_crisis) == (label, True)


@pytest.mark.parametrize("text", IDIOMS)
def test_idiom_never_gets_a_crisis_card(text: str) -> None:
    assert reader().read(text).label not in CRISIS_LABELS


def test_classifier_alone_never_claims_the_list() -> None:
    labelled = [
        LabelledExample(Label.CRISIS_SUICIDE, "nl", "ik wil niet meer leven"),
        LabelledExample(Label.SMALL_TALK, "nl", "lekker weer vandaag"),
    ]
    reading = Reader((), (), (), labelled).read("ik wil echt niet meer leven")
    assert (reading.label, reading.is_listed_crisis) == (Label.CRISIS_SUICIDE, False)


def test_sign_of_a_crisis_that_may_be_other_trouble_refers() -> None:
    labelled = [
        LabelledExample(Label.CRISIS_SUICIDE, "nl", "ik wil niet meer leven"),
        LabelledExample(Label.HELP_PERSONAL, "nl", "ik wil niet meer met hem samen wonen"),
        LabelledExample(Label.SMALL_TALK, "nl", "lekker weer vandaag"),
    ]
    reading = Reader((), (), (), labelled).read("soms wil ik niet meer met hem leven")
    assert reading.label in {Label.DISTRESS, Label.HELP_PERSONAL}


def test_one_word_of_a_sad_sentence_refers_nobody() -> None:
    labelled = [
        LabelledExample(Label.CRISIS_SUICIDE, "es", "no quiero vivir"),
        LabelledExample(Label.CRISIS_SUICIDE, "es", "no merezco vivir"),
    ]
    reader_ = Reader((), (), (), labelled)
    assert reader_.read("no quiero ya vivir").label is Label.CRISIS_SUICIDE
    assert reader_.read("no").label not in SENSITIVE_LABELS


def test_impersonal_question_about_debts_is_information_with_its_item() -> None:
    reading = reader().read("waar kan je terecht voor schuldbemiddeling")
    assert (reading.label, reading.faq) == (Label.INFO, "F24")


def test_own_debts_are_help_although_an_item_answers_the_question() -> None:
    reading = reader().read("ik heb veel schulden, waar kan ik terecht voor schuldhulp")
    assert (reading.label, reading.faq) == (Label.HELP_PERSONAL, None)


def test_question_without_an_item_gets_no_answer() -> None:
    reading = reader().read("hoe laat vertrekt de boot naar Texel")
    assert reading.faq is None


def test_personal_data_stands_beside_a_call_for_help() -> None:
    reading = reader().read("mijn man slaat mij, bel 0470 12 34 56")
    assert (reading.label, reading.also) == (Label.CRISIS_VIOLENCE, (Label.PERSONAL_DATA,))


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("STOP!!", Label.STOP),
        ("uitschrijven aub", Label.STOP),
        ("désabonner", Label.STOP),
        ("unsubscribe please", Label.STOP),
        ("afmelden", Label.STOP),
        ("wis", Label.ERASE_ME),
        ("effacer", Label.ERASE_ME),
        ("delete", Label.ERASE_ME),
        ("verwijder al mijn gegevens", Label.ERASE_ME),
    ],
)
def test_service_word_is_understood_exactly(text: str, label: Label) -> None:
    assert reader().read(text).label is label


def test_stop_inside_a_sentence_is_not_a_service_word() -> None:
    assert reader().read("bij welke stop stapt bus 4 uit").label is not Label.STOP


def test_crisis_goes_before_stop() -> None:
    assert reader().read("stop met berichten, ik wil niet meer leven").label in CRISIS_LABELS


@pytest.mark.parametrize(
    ("text", "hint", "language"),
    [
        ("waar is de voedselbank", "fr", "nl"),
        ("où est la banque alimentaire", "nl", "fr"),
        ("ok", "fr", "fr"),
        ("де продуктовий банк", "nl", "uk"),
        ("أين المكتب", "nl", "ar"),
        ("nu am unde să dorm în noaptea asta", "nl", "other"),
        ("где я могу найти врача сегодня", "nl", "other"),
        ("ሰላም ከመይ ኣለኻ", "nl", "other"),
        ("😂😂", "en", "en"),
    ],
)
def test_language_is_found_and_short_texts_follow_the_chat(
    text: str, hint: str, language: str
) -> None:
    assert reader().read(text, hint).language == language
