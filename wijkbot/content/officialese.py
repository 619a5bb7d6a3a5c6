"""Which Dutch words of offices have a plain word that everybody knows? Data, in two columns."""

from __future__ import annotations

_LISTED = """
aangaande = over
aanvangen = beginnen
abusievelijk = per ongeluk
alsmede = en ook
alsook = en ook
alvorens = voor
beschikken over = hebben
beschikt over = heeft
betreffende = over
betreft = gaat over
bovengenoemde = deze
conform = zoals in
derhalve = daarom
desbetreffende = deze
desgewenst = als je wilt
dienen = moeten
dient = moet
door middel van = met
echter = maar
eveneens = ook
gaarne = graag
gelieve = wil je
hetgeen = wat
hieromtrent = hierover
in het kader van = voor
in verband met = door
indien = als
ingevolge = door
inzake = over
jegens = tegen
kosteloos = gratis
krachtens = volgens
met behulp van = met
met betrekking tot = over
met ingang van = vanaf
met uitzondering van = behalve
middels = met
momenteel = nu
naar aanleiding van = door
omtrent = over
onderhavige = deze
raadplegen = kijken in
reeds = al
retourneren = terugsturen
te allen tijde = altijd
ten aanzien van = over
ten behoeve van = voor
ten gevolge van = door
teneinde = om
ter beschikking stellen = geven
tevens = ook
thans = nu
trachten = proberen
verstrekken = geven
voornemens = van plan
voorts = ook
wederom = weer
woonachtig = wonen
zorg dragen voor = zorgen voor
zulks = dat
"""
_ROWS = [line.partition(" = ") for line in _LISTED.strip().splitlines()]

PLAIN_WORDS: dict[str, str] = {hard: plain for hard, _, plain in _ROWS}
"""The hard word, in lower case, and what to write instead."""
