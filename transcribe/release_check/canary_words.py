"""What canaries are made of: invented people, numbers and addresses in sentences of ordinary talk.

Written for this check alone. The sentences are none of the detector's grammars or tests, and of the names about half
are on no list that the detector has: a measurement with the detector's own material would measure nothing.
"""

from transcribe.redaction.tokens import word_set

GIVEN = sorted(
    word_set("""
    Adaeze Anneke Bartholomew Beatrix Bronagh Caoimhe Cosmin Delphine Dorota Emeka Fionnuala Gudrun Hyacinth Ignatius
    Ingeborg Jolanta Kwabena Leokadia Lorcan Magnolia Mirela Nkechi Octavian Oyelaran Piotr Quentin Ragnhild Roswitha
    Saoirse Sunniva Tadeusz Thandiwe Ulrike Valdemar Winifred Xiomara Yevgenia Zoltan Agnes Harriet Malcolm Priscilla
    Rupert Sheila Trevor Yvonne Desmond Rosalind Gareth Maureen
    """)
)
FAMILY = sorted(
    word_set("""
    Abernethy Adeyemi Bjornstad Blenkinsop Czerny Dhaliwal Eastoe Featherstonhaugh Gorecki Hallworth Ijaz Jablonski
    Kettlewell Lindqvist Mbatha Nwachukwu Oyelowo Pemberton Quesada Rasmussen Szabo Threlfall Udall Vandenberg Wojcik
    Yardley Zielinski Ainscough Birtwistle Cardwell Duckworth Entwistle Fairclough Hargreaves Ollerenshaw Postlethwaite
    Ramsbottom Shufflebottom Tattersall Winstanley
    """)
)
SYLLABLES = (
    tuple(sorted(word_set("Bal Cor Dan Fel Gar Hol Jor Kel Lam Mor Nal Pel Ros Sel Tam Vor Wen Zel"))),
    tuple(sorted(word_set("a e i o u ane ari eno ola"))),
    tuple(sorted(word_set("bek dan dra lith mar nin quist ra rin sen tash va vin wick zo"))),
)
"""First, middle and last syllables of names that nobody has."""
ROMANISED = (
    tuple(sorted(word_set("Chau Fung Kwan Lui Mak Pang Sze Tsoi Wan Yip Yuen Szeto"))),
    tuple(sorted(word_set("Ching Fuk Hei Kar Lok Mei Nga Pui Sau Tsz Wing Yat"))),
    tuple(sorted(word_set("chi fong him kei lam man ning sum tung wah yan yee"))),
)
"""Surnames and the two syllables of given names as Hong Kong writes them."""
STREETS = ("Larkspur", "Mossgate", "Wetherby", "Tannery", "Copperfield", "Hawthorn", "Kingfisher", "Old Mill")
ROADS = ("Road", "Street", "Lane", "Avenue", "Close", "Terrace")
ESTATES = ("Lok Fung", "Wing Cheung", "Kam Yiu", "Tsui Lai", "Hoi Ning", "Fu Keung")
DOMAINS = (("gmail", "com"), ("hotmail", "com"), ("yahoo", "co dot uk"), ("netvigator", "com"), ("outlook", "com"))
FILLERS = ("uh", "um", "er", "hang on", "sorry", "let me think", "what was it")

Template = tuple[str, str]
"""What somebody else asks just before, empty for nothing, and the sentence with `{}` for the identifier."""

TEMPLATES: dict[str, tuple[Template, ...]] = {
    "PERSON": (
        ("", "and it was {} who sat with me the whole night, you know"),
        ("", "So I rang {} and, um, nobody picked up for ages"),
        ("", "I mean, {} always says that I worry too much"),
        ("Who else was in the room with you?", "There was the other worker, and {}, and that was it really"),
        ("And who drove you home that day?", "Oh, {} did, in the end"),
        ("", "we used to share a flat with {} before all of this happened"),
        ("", "Then {} came in with the tea and we, er, we stopped talking about it"),
        ("", "It's a bit like what {} told me once, that you have to start small"),
        ("", "my cousin {} had the same thing a few years back"),
        ("", "there's this one volunteer, {}, and she just gets it"),
        ("", "The nurse on nights was {}, I think, or somebody like that"),
        ("What do people call you at home?", "Well, they all call me {}, ever since school"),
        ("", "They put me in a group with {} and two others"),
        ("", "I didn't tell anybody except {} because, yeah, I was ashamed"),
    ),
    "PHONE": (
        ("", "if you need me again it's {} on the mobile"),
        ("Can I take a number for the follow-up?", "Yeah, sure, um, {}"),
        ("", "I wrote it on my hand, {}, and then I washed my hands"),
        ("", "his old line was {} but that has gone dead"),
        ("", "She made me learn it by heart, so it was {} and I still know it"),
    ),
    "ID": (
        ("", "They wanted my identity card so I read it out, {} and then the form was done"),
        ("What's on the card?", "It says {} here"),
        ("", "the number on my ID card, that's {}, they keep asking me that"),
        ("", "I gave them the wrong one, I said {} and that was my brother's card"),
    ),
    "EMAIL": (
        ("", "just send the leaflet to {} and I'll print it"),
        ("Where should we send the consent form?", "Er, {} is fine"),
        ("", "my daughter set it up for me, it's {} or something like that"),
        ("", "he writes to me from {} every few weeks"),
    ),
    "ADDRESS": (
        ("", "we moved into {} just before the baby came"),
        ("Where did you say you are living now?", "It's {}, the door on the left"),
        ("", "the ambulance went to {} instead, can you imagine"),
        ("", "I still have the keys of {} in a drawer"),
    ),
    "DATE OF BIRTH": (
        ("", "I was born on {}, so the war was long over"),
        ("And your date of birth, for the form?", "{}"),
        ("", "my birthday, well, {}, I don't celebrate it any more"),
    ),
    "PLACE": (
        ("", "we were living out in {} at the time"),
        ("", "I take the bus from {} every Thursday, it's an hour each way"),
        ("Where did you grow up?", "Mostly in {}, with my gran"),
        ("", "there's a drop-in near {} that I like better"),
        ("", "He got himself a room in {} and things calmed down"),
    ),
    "HOSPITAL": (
        ("", "they kept me at {} for about three weeks that time"),
        ("Where was the first admission?", "That was {}, on the old ward"),
        ("", "I volunteer at {} now, on the other side of the desk"),
        ("", "my file is still with {}, I think"),
    ),
    "AGE": (
        ("", "I'm {} now and I still can't cook"),
        ("How old were you both then?", "I was {}, he was a bit younger"),
        ("", "at {} years old you don't expect to start again"),
        ("", "she turned {} last spring and we had a cake"),
    ),
}
"""Sentences by the kind of identifier."""
DIRECT_KINDS = frozenset(("PERSON", "PHONE", "ID", "EMAIL", "ADDRESS", "DATE OF BIRTH"))
SHARES = {
    "PERSON": 8,
    "PHONE": 3,
    "ID": 2,
    "EMAIL": 2,
    "ADDRESS": 2,
    "DATE OF BIRTH": 2,
    "PLACE": 3,
    "HOSPITAL": 2,
    "AGE": 2,
}
"""How many of each kind are planted, relative to each other: names are most of what leaks."""
