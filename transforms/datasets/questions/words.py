"""English words that questions are made with, and words that spoil one.

Closed classes are complete as far as they matter here; the verbs are those that handbooks, product pages and
charters use. A verb that is missing costs a question, never a wrong one.
"""

from __future__ import annotations

import re


def words_of(text: str) -> frozenset[str]:
    """Return the words of a list written as text."""
    return frozenset(text.split())


def third_person(verb: str) -> str:
    """Return a regular verb as he, she or it does it."""
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"


STOPWORDS = words_of(
    "a about according after again all also an and any anybody anyone are as at be because been before "
    "being between both but by can cannot could did do does doing done down during each either every "
    "everybody everyone few for from further get gets had has have having how i if in into is may me more "
    "most must my need needs no nobody nor not of off on once one only or other our out over own per same "
    "say says shall should so some such than that the then there to too under until up us use used using "
    "very was we were what when where whether which while who whom why will with within would you your"
)
"""Words that do not say what a question is about."""

DEICTIC = re.compile(
    r"\b(this|these|those|it|its|itself|they|them|their|theirs|themselves|he|she|him|his|her|hers|here|there|"
    r"above|below|former|latter|such|following|previous|aforementioned|today|yesterday|"
    r"tomorrow|now|currently|otherwise|instead|likewise|another|others?|again|also|the same|the rest|"
    r"the first|the second|the last|either|neither|both|one of|ones?|some|too|then|therefore|however)\b",
    re.IGNORECASE,
)
"""Words that point at something outside the sentence, or may."""

POINTING_THAT = re.compile(
    r"\b(above|after|at|before|besides|by|for|from|in|like|of|on|than|to|with|and|or|is|as) that\b|\bthat\W*$"
    r"|^that\b|\bthat (is|was|will|can|may|must|should)\b",
    re.IGNORECASE,
)

BAD_STARTS = words_of(
    "this that these those it its it's they their them he she his her here there so but and or nor yet also "
    "then however therefore thus otherwise instead i i'm i've i'd i'll my mine such another some other "
    "others both either neither again still besides furthermore moreover additionally finally first second "
    "third firstly secondly lastly next meanwhile similarly likewise hence note notes see please example "
    "examples todo fixme update edit what who whom whose which why how where let let's lets today yesterday "
    "now currently previously recently one"
)

IMPERATIVES = words_of(
    "accept add adjust agree allow announce apply approve archive arrange ask assign assist assume attach "
    "attend avoid back be begin book bring build buy bump call cancel carry change charge check cherry-pick "
    "choose claim clean clear click clone close collect comment commit compare complete configure confirm "
    "connect consider contact contribute convert coordinate copy create cut decide define delete deploy "
    "describe determine disable disconnect discuss do document don't download draft drive drop edit email "
    "enable ensure enter execute explain export feel file fill find finish fix fly follow fork generate get "
    "give go grease help hold identify implement import include inform insert inspect install invite join "
    "keep label leave let link list log look mail make mark measure merge message move name never nominate "
    "note notify offer open order pack park participate pass pay photograph pick ping place plan post press "
    "propose provide publish pull push put quote raise reach read rebase record refer register release "
    "remember remove rename repeat replace reply report represent request require rerun reset respond "
    "restart return revert review rotate run save schedule search select send set share show sign skip "
    "speak specify start state stay stop store submit subscribe switch tag take talk tell test tighten "
    "track trigger try turn type uninstall update upgrade upload use validate verify visit wait watch wear "
    "work write"
)
"""Base forms that begin an instruction."""

THIRD_PERSON = {
    third_person(verb): verb
    for verb in words_of(
        "accept access add answer approve assign automate call carry collect comprise contain control "
        "coordinate cost cover create decide define deliver describe detect determine develop drive enforce "
        "ensure explain facilitate generate govern handle host implement include indicate keep lead list "
        "maintain manage measure monitor need offer operate organize oversee own pay perform produce promote "
        "protect provide publish receive record replace report represent require resolve review run schedule "
        "send serve show sign specify store support track trigger use validate write"
    )
}
"""Verbs whose object answers "What does ... ?", third person to base form."""

EVENTS = {
    form: verb
    for verb in words_of("arrive begin close end expire happen meet open run start")
    for form in (verb, third_person(verb))
}
"""Verbs that have a time, both forms to the base form."""

ROLES = re.compile(
    r"\b(manager|director|lead|chair|member|owner|reviewer|approver|maintainer|engineer|technician|officer|"
    r"liaison|editor|developer|founder|coordinator|president|architect|contact|head|person|moderator|organizer)\b",
    re.IGNORECASE,
)
"""What somebody with a name is."""

PEOPLE = re.compile(
    r"\b(manager|director|lead|leads|chair|chairs|member|members|team|owner|owners|reviewer|reviewers|approver|"
    r"approvers|maintainer|maintainers|contributor|contributors|employee|employees|customer|customers|everyone|"
    r"anyone|nobody|engineer|engineers|technician|technicians|committee|finance|support|candidate|candidates|voter|"
    r"voters|author|authors|admin|admins|moderator|moderators|steering|staff|crew|operator|organizer|organizers|"
    r"editor|liaison|officer|sponsor|sponsors|mentor|mentors|primary|secondary|person|people)$",
    re.IGNORECASE,
)
"""What the head of a subject must be for "who"."""

PREPOSITIONS = words_of(
    "about after as at before between by during for from if in into like of off on over per since than "
    "through to under until up upon via when while with within without"
)

MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
DAY = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
NUMBER = (
    r"(?:\d[\d,.]*|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|"
    r"sixty|ninety)"
)
