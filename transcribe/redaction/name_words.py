"""Words of speech that are names, too, and the words around them that tell which they are; all folded."""

from transcribe.redaction.tokens import word_set

EXTRA = word_set("will may")
"""Names that are also function words; they need a verb of a person after them."""
DOES = word_set("""
    told said says asked called came gave left went helped brought took rang phoned texted visited wanted thinks
    thought
    knows knew lives lived died works worked moved cried laughed listened stayed cooked tells asks comes goes goes
    paid lent bought sold hugged kissed hit held walked ran watched waited slept ate drank smoked drew wrote read sang
    helps supports visits rings phones texts emails
    danced laughed smiled yelled swore warned begged promised refused agreed offered showed taught learned hates loves
    likes needs looks sounds seems keeps lets makes takes gives gets says tells wants thinks knows feels
    sat spoke shouted sent picked drove met made suggested reckons noticed explained replied answered invited
    introduced
    """)
OF_THINGS = word_set("helps supports keeps gives makes takes gets needs looks sounds seems comes goes works lives")
"""Of these, what `hope` and `faith` do, too."""
AUXILIARY = word_set(
    "is was has had will would can could did does isnt wasnt wont didnt doesnt cant couldnt wouldnt hasnt hadnt"
)
"""After a capital inside a sentence: `so Will will come`."""
MASS = word_set("""
    hope joy grace faith charity patience mercy peace love destiny harmony melody summer spring winter autumn
    april june
    august may will star sky sun sunny early young little happy lucky honor honour liberty justice constance prudence
    chance art dawn eve misty stormy
    """)
"""Given names that can begin a sentence as words without an article: `Hope is …`; `Frank was …` is a person."""
TIMES = word_set("summer spring winter autumn april june august dawn")
PERSON_DOES = word_set(
    "told said says asked called rang phoned texted gave took thinks thought knows knew wants wanted"
)
NEVER = word_set("""
    doc doctor sir miss first nice date well man mate son baby love dear babe buddy guys friend honey lady boss
    see said
    else over than one yes left good darling sweetie
    """)
"""Words on the lists that are said to or of anybody."""
NOUNS = word_set("""
    hope joy grace faith will may charity patience mercy peace love destiny harmony melody dawn autumn summer spring
    winter april june august star sky sun angel sunny frank rich happy lucky early young little rose
    """)
"""Given names that are ordinary nouns and adjectives of speech: said again they need more than their own sound."""
CLAUSE_STARTS = word_set("""
    so and but then that because when if while after before since or well like where once until though although yeah
    okay ok yes no now anyway actually um uh er erm oh plus
    """)
VERBS = word_set("""
    hope will may can chase grant bill mark sue rob win sing see carry skip love marry pat wish bless hunt sage less
    drew page jack rob chuck nick skip carry wade trust josh wed
    soon said left else than over one many job early little true long said art
    """)
"""Given names that begin a request or a clause as words: a pronoun or article after them tells."""
ARTICLES = word_set("""
    a an the my your his her our their its this that these those some any no to very too more most much each every
    another which what whose quite really i you we they question not
    """)
NOT_ADDRESSED = VERBS - {"mark", "bill", "pat", "sue", "rob"} | word_set("""
    man son baby friend sister doctor day life pain experience chance case reason season spring summer winter autumn
    sunday lot side job general floor app media level colon oral manual miles max
    """)
OBJECTS = word_set("""
    it that this the them a an my
    """)
DETERMINERS = word_set("""
    a an the my your his her our their its this that these those some any no to of in on at by very too more most
    much each every another which what whose quite really not i you we they he she it for with from question as
    """)
ADVERBS = word_set("just always also never really actually only even then still kindly usually often")
ABSTRACT = MASS | word_set("will may grant chase hunter guy rose art major page miles frank rich crystal ace")
"""Names that are things one can see, meet or ask for, too."""
PERSON_WORDS = word_set("""
    clive gaz baz mark bill sue pat rob jack ray penny ruby iris ivy daisy lily violet olive gene drew cliff nick
    dean clay rod chuck ted josh robin holly hazel heather amber jade pearl kit bart meg peg rick bob jay jean gill
    glen basil sandy kitty will grace faith hope joy eve dawn melody harmony destiny summer april june autumn rose
    crystal grant chase guy hunter charity patience mercy frank miles sky star angel bliss honor honour verity
    felicity blessing precious
    """)
"""Given names that are ordinary words and that people often bear."""
ADJECTIVES = word_set("happy lucky rich frank sunny young little early misty stormy sandy ginger earnest precious guy")
"""Of the given names, those that can follow `I'm` as words."""
MEETS = word_set("""
    see saw seen seeing meet met meeting ring rang ringing phone phoned phoning text texted texting email emailed
    visit
    visited visiting contact contacted message messaged told tell telling ask asked asking thank thanked
    """)
REACHES = word_set("ring rang ringing phone phoned phoning text texted texting email emailed messaged")
"""Of these, those that are done to people only: `ring grace`."""
ROLES_OF_CARE = word_set("""
    worker coordinator ordinator nurse doctor dr psychiatrist psychologist therapist counsellor counselor manager
    keyworker caseworker supervisor mentor tutor landlord landlady solicitor advocate carer physio midwife consultant
    brother sister son daughter cousin uncle aunt auntie nephew niece wife husband flatmate roommate housemate
    neighbour neighbor colleague sponsor facilitator psw
    """)
"""What only a person can be: `mark's my care co-ordinator`, `hope is my social worker`."""
CHILDREN = word_set("""
    girl boy son daughter baby kid sister brother wife husband girlfriend boyfriend partner cousin niece nephew
    dog cat
    eldest youngest oldest middle granddaughter grandson twin
    """)
PREPOSITIONS = word_set("with for to from by it")
"""Words of `DETERMINERS` that a person follows as well."""
