"""By which words is an address known? Streets, homes and services in nine languages.

A token of a text is compared with them as :func:`bare` gives it.
"""

from __future__ import annotations

import unicodedata


def bare(word: str) -> str:
    """The word in small letters without accents."""
    if word.isascii():
        return word.lower()
    apart = unicodedata.normalize("NFKD", word.lower().replace("ß", "ss").replace("ı", "i"))
    return "".join(c for c in apart if not unicodedata.combining(c)).replace("ł", "l")


def _words(text: str) -> frozenset[str]:
    return frozenset(bare(word) for word in text.split())


STREET_ENDINGS = tuple(
    "straat straatje laan weg plein pleintje dreef steenweg kade kaai singel gracht hof lei "
    "steeg dijk baan vest pad plaats strasse gasse platz allee damm ufer str".split()
)
"""Endings of streets in Dutch and German, behind a name of two letters or more."""

NO_STREET = _words(
    "onderweg snelweg halfweg halverweg fietsweg autoweg autosnelweg ringweg spoorweg "
    "luchtweg waterweg omweg uitweg terugweg heenweg schoolweg bosweg zandweg hoofdweg "
    "zijweg landweg speelplein schoolplein parkeerplein sportplein kerkhof gerechtshof "
    "zorghof hof voorhof allerlei velerlei velerhande tweeerlei drieerlei loopbaan kegelbaan "
    "skibaan ijsbaan renbaan atletiekbaan glijbaan rijbaan tramlaan landingsbaan voetpad "
    "fietspad zebrapad wandelpad bospad jaagpad kattenpad doodlopende overkant buurtstraat "
    "woonplaats standplaats plaats parkeerplaats werkplaats speelplaats zitplaats "
    "staanplaats slaapplaats geboorteplaats ligplaats gemeenteplaats kinderplaats "
    "opvangplaats vergaderplaats verzamelplaats wachtplaats spielplatz parkplatz "
    "arbeitsplatz sitzplatz stellplatz campingplatz sportplatz schulweg heimweg fussweg "
    "radweg hinweg ruckweg umweg gehweg kitaplatz schlafplatz bahnhof friedhof autobahn main "
    "busy whole same other next this that the our your every each bus bike cycle lane across "
    "long short side dead quiet straat street road bu su her ayni diger bir en on in of and "
    "de het een deze die dit dat mijn jouw onze elke iedere welke un une cette notre"
)
"""Words with such an ending that are no street, and words that name no street."""

ADJECTIVES = _words(
    "oude nieuwe lange korte grote kleine hoge lage brede smalle noordelijke zuidelijke alte "
    "neue kurze grosse hohe obere untere"
)
"""What stands before a street that has no other name: "Oude Gracht"."""

STREET_LAST = _words(
    "sokak sokagi sok cadde caddesi cad bulvari mahallesi street road avenue lane crescent "
    "terrace straat laan"
)
"""Kinds of street that follow their name."""

NUMBER_FIRST = _words("street road avenue lane crescent terrace")
"""Those of them that have the number before the name."""

STREET_FIRST: dict[str, bool] = {
    **dict.fromkeys(
        _words(
            "rue avenue chaussee boulevard bld impasse ruelle venelle dreve calle c/ avenida avda "
            "paseo ulica ul aleja osiedle вулиця вулиці вул проспект бульвар провулок شارع"
        ),
        True,
    ),
    **dict.fromkeys(
        _words("place av quai square clos chemin route allee plaza bd plac os al"), False
    ),
}
"""Kinds of street that stand before their name; False: also an ordinary word, so the name has
a capital or begins with "du", "de la" …"""

NAME_PARTS = _words("du de des d la le les del los las l saint sainte st ste")

NUMBER_WORDS = _words(
    ", . : nr no n° № nummer numero num number huisnummer nº numara numarasi budynek dom буд "
    "будинок رقم hausnummer"
)
"""What may stand between a street and its number."""

COUNTED = _words(
    "hour minute mile miles day week year way star uur u h heure heures hr hrs pm am o'clock "
    "uhr min minuut minuten minutes minutos seconden km m meter meters metre metres mètre "
    "kilometer euro euros eur jaar jarige jaren ans an years jahre dag dagen jours days tage "
    "weken semaines weeks wochen maand maanden mois months keer fois times x mal personen "
    "personnes mensen gens people kinderen enfants kids auto autos wagen katten honden "
    "fietsen saat dakika gun kisi yil godzin minut dni osob годин хвилин днів осіб ساعة "
    "دقيقة يوم januari februari maart april mei juni juli augustus september oktober "
    "november december janvier fevrier mars avril mai juin juillet aout septembre octobre "
    "novembre decembre january february march may june july august october pct procent "
    "percent bus tram lijn ligne line graden"
) - {"bus"}
"""What a number before it counts; a "bus" behind a house number is a letter box in Flanders."""

NOT_PLURAL = _words(
    "bruxelles brussels antwerpen mechelen leuven groningen nijmegen heerlen emmen assen "
    "vlissingen bergen namen genk ieper veurne mons tirlemont ixelles etterbeek forest "
    "schaarbeek hoeselt tongeren beringen tienen ninove aarschot vilvoorde diest halle is "
    "als dus eens naast tussen boven buiten binnen alles iets anders samen even dans chez "
    "sans vers alors mais ens this was always zien willen kunnen moeten komen hebben staan "
    "laten helpen doen gaan horen zijn bellen links rechts huis thuis svp avonds savonds "
    "middags smiddags morgens smorgens morgen overdag aanbellen afhalen ophalen brengen "
    "ophangen"
)
"""Words that end as a plural but may follow a house number: towns, verbs, adverbs."""

HOME = _words(
    "woon woont wone woonde wonen woonachtig adres woonadres thuisadres thuis adresse "
    "address habite habites habitons habitez habitent domicile live lives living wohne wohnt "
    "wohnen wohnhaft anschrift vivo vive viven direccion domicilio adresim adresi evim "
    "mieszkam mieszka mieszkamy живу живе живемо адреса اسكن أسكن عنواني العنوان نسكن يسكن"
) | _words("kwoon kweun weun jhabite")
"""Words that say that somebody lives there."""

ADDRESS_WORDS = _words(
    "adres adresse address woonadres direccion anschrift адреса العنوان domicilio wonen thuis"
)
"""Those of them that are said of a house where nobody lives too."""

TOWARDS = _words("naar to vers chez towards nach hacia до do bij")
"""What stands before a house that somebody goes to."""

NO_NAME = TOWARDS | _words("a te om")
"""What begins no name of a street: "place à 20 h"."""

PUBLIC = tuple(
    "spreeku zitdag inloop loket onthaal permanence consultatie ocmw cpas caw jac gemeente "
    "stadhuis stadsk bibliothe bib bibliot wijkcentr wijkteam wijkhuis buurth buurtcentr "
    "buurtsal dienstencentr school ecole apothe pharmac apteka winkel kringloop repair "
    "voedselbank voedselbed restaurant dokter huisarts medecin doctor clinic ziekenhuis "
    "hopital hospital station gare halte kerk moskee eglise mosque church politie police "
    "commissariat zaal salle hall cafe koffie markt marche market museum sporth zwembad "
    "piscine park speeltuin containerpark recyclage mutualite mutualiteit ziekenfonds "
    "vakbond syndicat bureau kantoor office centre centrum center maison guichet vdab "
    "actiris forem uwv ggd library town council foodbank sprechst rathaus bibliothek "
    "stadtteil beratung szkol urzad biblioteka przychod konsultac бібліотек лікарн школ "
    "мерія прийом мечет belediye kutuphane okul eczane hastane danisma مكتبة مدرسة مستشفى "
    "صيدلية بلدية مسجد biblioteca escuela farmacia ayuntamiento iglesia oficina".split()
)
"""Beginnings of words for a place where everybody may come."""

REQUEST = _words(
    "iemand iem quelqu'un qqun someone anyone somebody anybody jemand alguien ktoś хтось "
    "biri birisi أحد"
)
"""Who asks for somebody's help names the own house, not that of a service."""

OPEN = _words(
    "open geopend gesloten opening openingsuren openingstijden ouvert ouverte ferme fermee "
    "opened closed offnet geoffnet geschlossen abierto cerrado acik kapali otwarte otwarty "
    "zamkniete spreekuur permanence"
)
"""Words that are said of such a place."""
