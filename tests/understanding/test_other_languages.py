"""Does somebody in danger get a card in the six other languages, and an idiom never?"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.understanding.pack import reader
from wijkbot.engine.words import CRISIS_LABELS, Label

CRISES = {
    "tr": (
        "her akşam yatarken dua ediyorum allahım canımı al da sabah kalkmayayım",
        "dolaptaki bütün ilaçları önüme dizdim vedalaşmak istedim sizinle",
        "cocuklarima iyi bakin ben artik olmayacagim affedin beni",
        "nişanlım saçımdan sürükledi kaburgam kırıldı galiba",
        "yengem abim gelince titriyor kolunda sigara yanıkları var abim yapıyor",
        "kayinpederim banyodayken iceri giriyor bana dokunuyo kimseye soyleyemem",
        "dedem sofrada birden konuşamaz oldu kolu düştü",
        "oglum fare zehri yemis agzi kopuruyo",
    ),
    "ar": (
        "ما عاد في شي يخليني عايش، رح روح عند ابني يلي استشهد",
        "شريت الدوا بزاف وكتبت وصيتي سمحو ليا",
        "اختي سكرت ع حالها الباب وقالت ما حدا يدور عليي بعد اليوم بدها تموت",
        "راجلي هرس ليا سناني البارح وماقدرتش نخرج من الدار",
        "أبي قرر تزويجي من رجل عمره خمسون سنة وإذا رفضت يذبحني",
        "خال الاولاد عم يتحسس جسم بنتي الصغيرة",
        "الحاجة طاحت فالكوزينة ما كاتهضرش وفمها عوج",
        "رجلي أكل فستق وانتفخ وجهه وما عم يقدر ياخد نفسه",
    ),
    "pl": (
        "kupilem linke i wiem juz gdzie, przepraszam mamo",
        "prosze zaopiekujcie sie moim psem po mojej smierci",
        "siostra wyslala mi list pozegnalny i nie odbiera",
        "narzeczony zlamal mi reke bo wrocilam za pozno",
        "corka powiedziala ze dziadek kazal jej sie rozbierac i ja dotykal",
        "pod oknem stoi moj byly z siekiera i krzyczy ze mnie zarabie",
        "teściowa siedzi na krześle, usta jej się wykrzywiły i mówi od rzeczy",
        "mala siegnela po moje leki na serce i polknela chyba z dziesiec",
    ),
    "uk": (
        "я вже все вирішила, записку залишила на холодильнику, простіть мене діти",
        "хочу до чоловіка, він загинув на фронті, мені тут робити нічого",
        "подружка каже що наковтається снодійного і більше не прокинеться",
        "чоловік зламав мені ребро бо вечеря холодна",
        "сват каже доньку в 16 треба віддати заміж, вона плаче і не хоче, її змушують",
        "сын пьяный бегает с топором по квартире я закрылась в туалете",
        "бабуся говорить незрозуміло, права рука не слухається, почалось пів години тому",
        "малий засунув в рот горіх і захрипів, синіють губи",
    ),
    "es": (
        "dejo mi anillo a mi hermana y las llaves a mi madre, no me harán falta donde voy",
        "me tome todas las pastillas de dormir de mi abuela",
        "mi primo colgo un mensaje diciendo que hoy se despide para siempre de todos",
        "mi suegro me encierra en el cuarto y no me deja llamar a mi familia",
        "a mi hijo el monitor del campamento le bajo los pantalones y le toco",
        "mi novio me quemo con el cigarro y me rompio el brazo",
        "la abuela no puede levantar el brazo y se le tuerce la boca al hablar",
        "la nena comio un bombon con nueces y se le cierra la garganta",
    ),
    "de": (
        "hab meine konten aufgelöst und alles geregelt, heute nacht gehe ich für immer",
        "wenn die kinder schlafen nehm ich die ganze packung schlaftabletten",
        "meine cousine hat geschrieben dass sie nicht mehr leben kann und ihr handy ist aus",
        "mein verlobter hat mir die rippen gebrochen weil das essen kalt war",
        "der opa zieht meine tochter aus und fasst sie im bad an",
        "mei papa hod wieder gsoffen und schlogt d mama, bitte helfts uns",
        "die oma sitzt da, ihr linker arm hängt runter und sie redet nur noch kauderwelsch",
        "der kleine hat in die erdnuss gebissen und kriegt jetzt keine luft, alles zugeschwollen",
    ),
}
"""Messages of people in danger; hardly one says the plain word for it."""

IDIOMS = {
    "tr": (
        "dün geceki dizide kadın kocasını bıçakladı, ağzım açık kaldı",
        "patronun fıkrasına gülmekten karnım ağrıdı öldük bittik",
        "domatesler güneşten yandı, fideler öldü",
        "yeni telefonum bir düştü ekranı kan ağlıyor haha",
        "hamsiyi kızgın yağda kızart, üstüne limon sık",
    ),
    "ar": (
        "متنا من الضحك على نكتة جارنا مبارح",
        "المنتخب ذبح الخصم خمسة صفر",
        "حطي البصل على نار خفيفة لحتى يدبل",
        "المسلسل خلص والبطل مات زعلت عليه",
        "بطارية السيارة ماتت، حدا معه كابلات",
    ),
    "pl": (
        "zakochałem się w tym serniku, umrę jak nie dostanę przepisu",
        "w nowym odcinku porwali komisarza i grozili mu nożem",
        "kupiłem nóż do chleba, tnie jak marzenie",
        "nasi zabili mecz w pierwszej połowie",
        "ogórki mi zwiędły, ślimaki to mordercy",
    ),
    "uk": (
        "з цих анекдотів ми ледь не луснули",
        "наші знищили суперника, воротар просто вбивця",
        "у новому фільмі головного героя отруюють на початку",
        "кактус таки помер, залила",
        "куплю ніж для хліба і дошку",
    ),
    "es": (
        "el final de temporada me dejó muerta, no me esperaba que lo envenenaran",
        "mi equipo se suicidó en la segunda parte jajaja",
        "mataría por una croqueta de tu madre",
        "saltamos la hoguera de san juan, qué noche más bonita",
        "el cactus se me murió, lo ahogué con tanta agua",
    ),
    "de": (
        "für einen kaffee könnte ich jetzt jemanden umbringen",
        "im krimi gestern wurde der bürgermeister vergiftet, ich hab es geahnt",
        "die sahne schlagen bis sie fest ist und dann kühl stellen",
        "unser torwart hat einen elfmeter gekillt",
        "meine tomaten sind ertrunken bei dem regen",
    ),
}
"""Neighbours who exaggerate, cook, garden, or tell of a match or a film."""


def _each(messages: Mapping[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    return [(language, text) for language, texts in messages.items() for text in texts]


@pytest.mark.parametrize(("language", "text"), _each(CRISES))
def test_somebody_in_danger_gets_a_card(language: str, text: str) -> None:
    assert reader().read(text, language).label in CRISIS_LABELS


@pytest.mark.parametrize(("language", "text"), _each(IDIOMS))
def test_idiom_never_gets_a_card(language: str, text: str) -> None:
    label = reader().read(text, language).label
    assert label not in CRISIS_LABELS | {Label.HOMELESS_TONIGHT}


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("i want to kill myself", "en"),
        ("i want to kill myself tonight", "en"),
        ("es-tu un robot ou un humain ?", "fr"),
        ("je suis tombée dans les escaliers", "fr"),
        ("ik zit er helemaal doorheen", "nl"),
    ],
)
def test_language_of_a_cry_is_not_that_of_the_chat(text: str, language: str) -> None:
    """The card must be in the language of who is in danger, whatever the group speaks."""
    for hint in ("", "nl", "en", "fr"):
        assert language == reader().read(text, hint).language
