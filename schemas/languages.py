"""Languages by their code (ISO 639-1): names, words that carry no meaning, and scripts that tell them."""

from __future__ import annotations

NAMES = {
    "ar": "Arabic", "da": "Danish", "de": "German", "el": "Greek", "en": "English", "es": "Spanish",
    "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "it": "Italian",
    "ja": "Japanese", "ko": "Korean", "nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese",
    "ro": "Romanian", "ru": "Russian", "sv": "Swedish", "ta": "Tamil", "th": "Thai", "tr": "Turkish",
    "zh": "Chinese",
}  # fmt: skip

STOP_WORDS = {
    code: frozenset(words.split())
    for code, words in {
        "en": """a about after all an and any are as at be been but by can could did do does for from had has
            have he her his how i if in into is it its me my no not of on or our she should so such than
            that the their them then there these they this to was we were what when where which who why
            will with would you your""",
        "de": """aber als am an auch auf aus bei bis das dass dem den der des die doch durch ein eine einem
            einen einer eines er es für hat haben ich ihr im in ist kann mit nach nicht noch nur oder
            sein sich sie sind so über um und uns von vor war was welche wenn werden wie wir wird wo zu
            zum zur""",
        "fr": """a au aux avec ce ces cette comme dans de des du elle en est et eux il ils je la le les leur
            lui mais ne nous on ont ou où par pas plus pour qu que qui sa se ses son sont sur un une
            vous été être""",
        "es": """a al como con cuando de del donde el ella ellos en entre es esta este esto está fue ha han
            hay la las lo los más no nos o para pero por que qué se ser si sin sobre son su sus también
            un una y ya""",
        "it": """a ai al alla anche che chi ci come con da dal dalla degli dei del della delle di dove e ed
            gli ha hanno i il in la le lo ma nel nella non o per più perché quando questa questo se si
            sono su sul un una uno è""",
        "pt": """a ao aos as com como da das de do dos e ela ele em entre era está foi há isso mais mas na
            nas no nos não o os ou para pela pelo por quando que se sem ser seu sua são também um uma é""",
        "nl": """aan al als bij daar dan dat de deze die dit door een en er het hij hoe ik in is je kan maar
            met naar niet nog of om ook op over te tot uit van veel voor waar was wat we werd wordt ze
            zich zijn zo""",
        "sv": """att av de den det din du där efter eller en ett från för ha han har hon hur i inte jag kan
            man med men mot när och om på sig ska som till under upp ut var vad vi vid är även över""",
        "da": """af alle at blev da de den der deres det du efter eller en er et for fra han har hun hvad
            hvor hvordan i ikke jeg kan man med men mod når og om på sig skal som så til ud under var vi
            vil være""",
        "pl": """a ale bez być co czy dla do gdy gdzie go i ich jak jako jego jest już która które który lub
            ma na nie o od oraz po pod przez przy się są ta tak te tego to tym w we z za ze że""",
    }.items()
}
"""The commonest words of each, questions' words included; enough to tell ten languages apart and to leave
such words out of a search."""

SCRIPTS = {
    "CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar", "HEBREW": "he", "DEVANAGARI": "hi", "TAMIL": "ta",
    "THAI": "th", "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh",
}  # fmt: skip
"""How a letter's Unicode name begins, and the language most written so."""

UNSPACED = frozenset({"ja", "th", "zh"})
"""Written without spaces between words."""


def code_of(language: str) -> str:
    """Return a language's code without its region: `en` of `en-US`."""
    return language.replace("_", "-").partition("-")[0].strip().lower()


def name_of(code: str) -> str:
    """Return a language's name, or the code where it has none here."""
    return NAMES.get(code, code)
