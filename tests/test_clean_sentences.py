"""The clean rendering, sentence by sentence: what is left out, and what only looks like a filler or a stutter.

Made-up sentences in the manner of interviews; the right side is what somebody who reads them would want to have.
"""

import time

import pytest

from transcribe.exports.clean_text import kept

ENGLISH_SHORTER = [
    ("Um, I think we moved here in nineteen ninety-eight.", "I think we moved here in nineteen ninety-eight."),
    ("I was, um, about twelve when my father died.", "I was, about twelve when my father died."),
    ("So, uh, we went to the clinic on Nathan Road.", "So, we went to the clinic on Nathan Road."),
    ("And then she, er, she told me it was cancer.", "And then she told me it was cancer."),
    ("It's, erm, difficult to talk about.", "It's, difficult to talk about."),
    ("Well, uh, you know, he never came back.", "Well, you know, he never came back."),
    ("I, I didn't want to worry her.", "I didn't want to worry her."),
    ("We, we had no money at all.", "We had no money at all."),
    ("The, the nurse was very kind.", "The nurse was very kind."),
    ("They, um, they said come back in six weeks.", "They said come back in six weeks."),
    ("My hus- husband was waiting outside.", "My husband was waiting outside."),
    ("I tho- thought it was my fault.", "I thought it was my fault."),
    ("It was th-the worst day of my life.", "It was the worst day of my life."),
    ("W-w-well, I cried, I suppose.", "Well, I cried, I suppose."),
    ("He said he, he couldn't stay.", "He said he couldn't stay."),
    ("But, but I didn't tell anyone.", "But I didn't tell anyone."),
    ("Because, because I was afraid.", "Because I was afraid."),
    ("And and then the phone rang.", "And then the phone rang."),
    ("If, if you ask me, no.", "If you ask me, no."),
    ("I'm, I'm not angry any more.", "I'm not angry any more."),
    ("She's, she's my only daughter.", "She's my only daughter."),
    ("It hurt, uh, here, in my chest.", "It hurt, here, in my chest."),
    ("I don't know, um...", "I don't know..."),
    ("I don't know. Um, maybe.", "I don't know. Maybe."),
    ("We lived with, uh, my mother-in-law for two years.", "We lived with, my mother-in-law for two years."),
    ("That was in, er, 2019.", "That was in, 2019."),
    ("We paid, um, three hundred dollars.", "We paid, three hundred dollars."),
    ("Not, um, not every day, no.", "Not, not every day, no."),
    ("No, uh, I never said that.", "No, I never said that."),
    ("He was never, um, violent.", "He was never, violent."),
    ("Yes. Uh, no. I mean, not then.", "Yes. No. I mean, not then."),
    ("I think, ah, the second time was worse.", "I think, the second time was worse."),
    ("She was, hmm, quiet about it.", "She was, quiet about it."),
    ("He is, mm, a private person.", "He is, a private person."),
    ('She said, "um, no."', 'She said, "no."'),
    ('She said, "uh... I can\'t."', 'She said, "I can\'t."'),
    ('"Um, not today," he said.', '"Not today," he said.'),
    ("I, um, went home, uh, and slept.", "I, went home, and slept."),
    ("The doctor, um, Doctor [x], was late.", "The doctor, Doctor [x], was late."),
    ("Um... it started with a cough.", "It started with a cough."),
    ("Uh - I would rather not say.", "I would rather not say."),
    ("It was - um - complicated.", "It was - complicated."),
    ("He, he was ill for years.", "He was ill for years."),
    ("I've, I've been to the hospital, um, four times.", "I've been to the hospital, four times."),
    ("Can you, uh, say that again?", "Can you, say that again?"),
    ("They gave me, um, a leaflet. Um, in English.", "They gave me, a leaflet. In English."),
]
ENGLISH_SAME = [
    'I was like, "Uh, what?"',
    "You and I, I think we both knew.",
    "Neither my mum nor I, I think, knew.",
    "He knew more than I, I suppose.",
    "It was anything but, but I stayed.",
    "It's all but, but not over.",
    "There was nothing but, but I managed.",
    "I took vitamin a, a lot of it.",
    "He was in ward a, a long corridor.",
    "In phase I, I think, I was well.",
    "I got an A- and a B.",
    "I go to A-A meetings on Fridays.",
    "She laughed, he-he-he.",
    "He he he, that was funny.",
    "The word um is a filler.",
    "I say um and uh too much.",
    "People who say uh, um, er, all the time.",
    "Everybody said um when I asked.",
    'He kept saying "um" to me.',
    "Did I go back? Uh uh.",
    "I said uh uh.",
    "Uh uh. I never said that.",
    "Uh-uh, not me.",
    "Nuh uh. I won't.",
    "Huh uh, no way.",
    "Uh, uh, I can't remember.",
    "Uh, huh. I did.",
    "Uh huh, I see what you mean.",
    "Mm hmm, go on.",
    "Mm-hmm.",
    "Mm. That was hard.",
    "Mm mm, I don't eat it.",
    "Ah, I see.",
    "Ah. So that's why.",
    "Hm, let me think.",
    "Uh oh, I thought.",
    "Uh, oh. It broke.",
    "Um hum, that's right.",
    "Um Kulthum was on the radio.",
    "Umm Kulthum sang every Thursday.",
    "Er jie came to visit us.",
    "Er is my friend from school.",
    "Um Ali is my mother's neighbour.",
    "I met Umm Hassan at the mosque.",
    "I saw ah Keung at the market.",
    "Ah Fai is my cousin.",
    "Then ah Ma cooked for us.",
    "It's so expensive ah, you know.",
    "I said mm goi and left.",
    "They took him to the ER at night.",
    "The UM is a good school.",
    "The scar is 10 mm long.",
    "A filter of 10 um holds it.",
    "About five, mm, maybe six.",
    "No, no, no, it wasn't him.",
    "It was very, very cold.",
    "Really, really bad.",
    "I had had enough of it.",
    "He said that that clinic closed.",
    "I like, like, his way of talking.",
    "You know, like, whatever.",
    "I mean, I mean it.",
    "So did I. I went too.",
    "What do I, I ask you, do now?",
    "I can- can't do it.",
    "It could- couldn't be true.",
    "I no- know him.",
    "Six- sixteen people came.",
    "Twenty- twenty-two, I think.",
    "My great- great-grandmother told us.",
    "The pre- and post-natal care was good.",
    "I had a t-test and an x-ray.",
    "It's a no-no in our family.",
    "He was so-so about it.",
    "Bye-bye, she said, bye-bye.",
    "What if, if not him?",
    "What if if isn't enough?",
    "Either or, or both.",
    "I was in Type I, I was told.",
    "She was not only kind, only kind is little.",
    "He left, he left me, he did.",
    "The The in London was my band.",
    "Oh, oh my God.",
    "Yeah, yeah, that's it.",
    "I went, I went home.",
    "Come in, in the end they let us in.",
    "Not that that matters.",
    "Eh, I don't know lah.",
    "Um.",
    "Um, uh.",
]

CANTONESE_SHORTER = [
    ("呃，我覺得幾好。", "我覺得幾好。"),
    ("我，呃，唔知點講。", "我，唔知點講。"),
    ("嗰陣時，嗯，我先十二歲。", "嗰陣時，我先十二歲。"),
    ("佢話，呃，冇錢。", "佢話，冇錢。"),
    ("其實，嗯，唔係好想講。", "其實，唔係好想講。"),
    ("我阿媽，呃，成日都唔開心。", "我阿媽，成日都唔開心。"),
    ("呃……我諗下先。", "我諗下先。"),
    ("之後，呃，呃，我哋就走咗。", "之後，我哋就走咗。"),
    ("um，我唔記得咗。", "我唔記得咗。"),
    ("我 um 唔知點解。", "我 唔知點解。"),
    ("佢 er 好少返屋企。", "佢 好少返屋企。"),
    ("我覺得，uh，個 doctor 好好。", "我覺得，個 doctor 好好。"),
    ("我 I, I think 唔係。", "我 I think 唔係。"),
    ("個 nurse，um，同我講冇事。", "個 nurse，同我講冇事。"),
]
CANTONESE_SAME = [
    "佢呃我錢。",
    "佢成日呃人。",
    "我俾佢呃咗三次。",
    "我俾人呃，好唔開心。",
    "唔好呃，講真。",
    "你呃我！",
    "佢話「呃」，跟住走咗。",
    "嗯，係呀。",
    "嗯。",
    "嗯嗯，明白。",
    "唔，唔係。",
    "唔係，唔係我講嘅。",
    "冇，冇，冇呀。",
    "我我我唔知。",
    "我，我唔想去。",
    "好好，好好㗎。",
    "係囉，係囉。",
    "吓，乜話？",
    "啊，係呀。",
    "我 mm 知佢去咗邊。",
    "我話 mm 係。",
    "uh huh，係呀。",
    "我話 uh uh，唔得。",
    "我成日講 um 同 uh。",
    "Er 姐嚟過我哋屋企。",
    "阿 Um 係我朋友。",
    "我去 ER 等咗六個鐘。",
    "佢 no- not 講過。",
    "大約 10 mm 長。",
    "食咗 vitamin A，a 嗰隻。",
    "佢喊，我都喊。",
]

MANDARIN_SHORTER = [
    ("呃，我觉得还可以。", "我觉得还可以。"),
    ("我，呃，不太清楚。", "我，不太清楚。"),
    ("那时候，嗯，我才十二岁。", "那时候，我才十二岁。"),
    ("他说，呃，没钱了。", "他说，没钱了。"),
    ("其实，嗯，我不想说。", "其实，我不想说。"),
    ("后来，呃，嗯，就离婚了。", "后来，就离婚了。"),
    ("呃……让我想想。", "让我想想。"),
    ("um，我忘了。", "我忘了。"),
    ("我 um 不知道为什么。", "我 不知道为什么。"),
    ("那个 doctor，er，人很好。", "那个 doctor，人很好。"),
    ("一共，呃，三百块。", "一共，三百块。"),
    ("不，呃，不是这样的。", "不，不是这样的。"),
    ("我没有，嗯，没有怪他。", "我没有，没有怪他。"),
]
MANDARIN_SAME = [
    "嗯，是的。",
    "嗯。",
    "嗯嗯，好。",
    "我嗯了一声。",
    "他打了个呃逆。",
    "打呃打了一天。",
    "不不不，不是我。",
    "没，没有。",
    "我我我不知道。",
    "我，我不敢说。",
    "看看，再看看。",
    "慢慢地，慢慢地好了。",
    "那个，那个人走了。",
    "就是，就是说不出来。",
    "啊，我明白了。",
    "哦，这样啊。",
    "他说 um 不行。",
    "我老是说 um 和 uh。",
    "Er 姐来看我们。",
    "我 uh uh 地摇头。",
    "uh-huh，对。",
    "妈妈，妈妈走的那天。",
    "很多，很多人。",
    "他二十，二十一岁。",
    "一，一个人。",
    "去，不去，我都行。",
]


SHORTER = [
    *(("en", *pair) for pair in ENGLISH_SHORTER),
    *(("yue", *pair) for pair in CANTONESE_SHORTER),
    *(("zh", *pair) for pair in MANDARIN_SHORTER),
]
SAME = [
    *(("en", said) for said in ENGLISH_SAME),
    *(("yue", said) for said in CANTONESE_SAME),
    *(("zh", said) for said in MANDARIN_SAME),
]


@pytest.mark.parametrize(("language", "said", "written"), SHORTER)
def test_what_is_left_out(language: str, said: str, written: str) -> None:
    assert kept(said, [], language).text == written


@pytest.mark.parametrize(("language", "said"), SAME)
def test_what_stays(language: str, said: str) -> None:
    assert kept(said, [], language).text == said


@pytest.mark.parametrize(("language", "said"), [case for case in SAME if case[1] not in ("Um.", "Um, uh.")])
def test_what_stays_does_so_inside_a_longer_turn(language: str, said: str) -> None:
    before, behind = ("Then. ", " Yes, then.") if language == "en" else ("之後。", " 之後。")
    assert kept(before + said + behind, [], language).text == before + said + behind


def test_a_mark_behind_a_capital_filler_may_be_the_rest_of_a_name() -> None:
    assert kept("Um [PERSON_1] sang.", [(3, 13)], "en").text == "Um [PERSON_1] sang."
    assert kept("Um, [PERSON_1] sang.", [(4, 14)], "en").text == "[PERSON_1] sang."


@pytest.mark.parametrize(
    ("piece", "written"),
    [("um, ", "well."), ("I, ", "I, well."), ("he ", "he well."), ("uh ", None), ("ah and ", None)],
)
def test_a_recogniser_that_repeats_itself_takes_no_time(piece: str, written: str | None) -> None:
    text = piece * 5000 + "well."
    begun = time.perf_counter()
    assert kept(text, [], "en").text == (text if written is None else written)
    assert time.perf_counter() - begun < 5
