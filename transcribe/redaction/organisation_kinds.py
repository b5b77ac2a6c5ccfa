"""Words that tell what an organisation is, and the talk in which a name such as `Boots` is one."""

import re

from transcribe.redaction.tokens import word_set

_BY_LABEL = {
    "HOSPITAL": "hospital hospitals hospice unit infirmary sanatorium asylum",
    "SCHOOL": "school schools college academy kindergarten nursery primary secondary",
    "UNIVERSITY": "university polytechnic uni",
    "CONGREGATION": "church chapel cathedral mosque temple synagogue gurdwara monastery nunnery parish convent",
    "COURT": "magistracy magistrates",
    "PRISON": "prison jail",
    "MEDIA": "newspaper magazine gazette",
    "EMPLOYER": """
        bakery restaurant cafe hotel company limited ltd bank shop supermarket factory pub bar salon bookshop
        garage firm farm laundry brewery florist butchers takeaway
        """,
    "SERVICE": """
        center clinic surgery foundation association society trust institute hostel workshop pharmacy chemist library
        federation fellowship mission charity club council department iccmw practice clubhouse shelter project
        group organization ngo network helpline gym choir drop-in programme program service services home
        """,
}
KINDS: dict[str, str] = {word: label for label, words in _BY_LABEL.items() for word in word_set(words)}
"""Folded words for a kind of organisation, with the label of its mark."""
GENERIC = word_set("""
    the a an my this that our his her their your its one each every another day general new old local same other
    first second third last big small good main whole
    """)
"""Words that name nothing before a word of kind."""
DESCRIPTORS = word_set("""
    community mental health wellness wellbeing recovery rehabilitation vocational training medical general royal
    district youth family social services service outpatient psychiatric integrated sheltered halfway primary
    secondary high grammar methodist baptist catholic lutheran government memorial children childrens women womens
    peer day care junior infant middle technical international christian buddhist presbyterian anglican
    evangelical north south east west central upper lower teaching university elderly support
    state public private local independent comprehensive special girls boys jockey club welfare resource
    activity leisure sports housing psychology psychotherapy therapy crisis pain memory eating disorder
    sexual dental eye walk gp nhs cbt dbt wrap covid vaccination physio physiotherapy dietitian adhd autism
    intervention treatment assertive outreach care nursing residential
    """) - frozenset(KINDS)
"""Words that say what a place does, not which it is; they belong to a name when something else names it."""
KNOWN_ABBREVIATIONS = word_set(
    "gp nhs cbt dbt mri ct ecg adhd asd ocd ptsd hiv std gum iapt camhs cmht ngo hk uk pdf icu"
)
HOMES = word_set("care nursing residential childrens elderly group retirement")
"""Only after such a word is `home` an institution."""
CALLED_PLACES = word_set("village town area place street estate building road island district suburb court block")
CALLED_KINDS = dict.fromkeys(word_set("business agency store market stall studio theater warehouse depot"), "EMPLOYER")
"""Further words before `called`: what follows names a place, or an employer."""
TALK = {
    "@work": re.compile(
        r"\b(?:work|works|worked|working|job|jobs|employed|employer|shifts?|hired|fired|manager|boss|colleagues?"
        r"|cashier|intern|apprentice|tills?|warehouse|deliver\w*|drove for|drives? for|started (?:at|with)|trained"
        r"|redundant|accounts?|sort code|overdraft|mortgage"
        r"|branch|salary|promoted|interview|supervisor|resigned|quit)\b",
        re.IGNORECASE,
    ),
    "@media": re.compile(
        r"\b(?:(?:was|were|been|be|got|came out|appeared|it's|its|is) (?:all over |in|on)|reported|reporters?"
        r"|journalists?"
        r"|articles?|stor(?:y|ies)|interview(?:ed)?|published|wrote about|featured|headlines?|front page|photo"
        r"|picture|cameras?)\b",
        re.IGNORECASE,
    ),
    "@pharmacy": re.compile(
        r"\b(?:pharmac(?:y|ies|ist)|chemists?|prescriptions?|dispens\w+|collect(?:ing)?|pick up|systems?)\b",
        re.IGNORECASE,
    ),
    "@housing": re.compile(
        r"\b(?:landlord|housing|tenan\w+|rent|flat|repairs|council|association|evict\w*|hostel|charity|volunteer\w*"
        r"|work\w*|job|support\w*|keyworker|caseworker|referred|hous(?:e|ed))\b",
        re.IGNORECASE,
    ),
    "@charity": re.compile(r"\b(?:charit(?:y|ies)|volunteer\w*|ngo|caseworker|hostel)\b", re.IGNORECASE),
}
"""What must be spoken of for a name of the gazetteer that is a word, or tells nothing by itself."""
