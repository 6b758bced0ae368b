"""How much of what is planted the finder of personal data finds, and how much of what it finds was planted.

    python -m tests.benchmarks.personal [--presidio] [FOLDER]

Sentences are made from forms and items by lot; the forms are not those of the tests, and distractors stand
between them. With a folder it also counts what is found in its texts, and prints some of it to look at.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

from transforms.personal import finder

SENTENCES = 2_000
KNOWN = ("Tove Almqvist", "jbrandt", "sam", "Ó Briain", "li.wei")
FIRST = ("Tove", "Rasmus", "Chiara", "Miguel", "Aiko", "Zanele", "Peter", "Olga")
LAST = ("Almqvist", "Conti", "Ortega", "Tanaka", "Dlamini", "Novak", "Smith", "Ivanova")

FORMS = {
    "EMAIL": ("Mail {} today.", "({})", "from: {}\nto: all", "ask <{}>, please", "cc {};"),
    "PHONE": ("Ring {} after lunch.", "Tel. {}", "phone: {}", "or {}, room 4", "({})"),
    "CARD": ("Charged to {}.", "card number {} was declined", "{}"),
    "IBAN": ("Pay to {} by Friday.", "IBAN: {}"),
    "ID": ("SSN {} on file", "Her number is {}."),
    "IP": ("login from {} failed", "{} - - GET /", "host {}:443"),
    "MAC": ("station {} joined", "mac={}"),
    "WALLET": ("send it to {} now",),
    "SECRET": ("export TOKEN={}", "the key {} leaked"),
    "KNOWN": ("{} wrote the page.", "ask {} about it", "@{} please look", "the change by {} is fine"),
    "INTRODUCED": ("Dear {},\n", "Regards,\n{}\n", "Hi {}, thanks!", "Dr. {} called.", "my name is {}."),
    "PROSE": ("Yesterday {} moved to the lake.", "The plan of {} was good."),
}
DISTRACTORS = (
    "Release v1.22.3 came after 1.21.14.", "Ticket 20250412-0093 is closed.", "At 2025-04-12T10:22:33.123Z.",
    "ISBN 978-3-16-148410-0.", "Order 4111 1111 1111 1112 was refused.", "sha256:4ac31f02aa5d0b6d.",
    "Chapter 1.2.3.4 says so.", "See https://example.org/a/1234567890?x=2.", "It costs 1,234,567.89 euros.",
    "Build 1712345678 took 12 minutes.", "Part no. 4711-0815-99.", "k8s.io/api v0.0.0-20240102030405.",
    "The range 10-20 is 3:1.", "Coordinates 59.9139, 10.7522.", "Kubernetes and Prometheus run here.",
    "Write to support@example.org.", "Dear all,", "Hello everyone!", "127.0.0.1 is here.", "id=00000000-1111",
    "In May the Will to win grew.", "Thanks, the team.", "RFC 2142, section 4.", "PR #1234567 is merged.",
)  # fmt: skip


def luhn(digits: str) -> str:
    total = sum(int(d) * (2 - n % 2) - 9 * (int(d) * (2 - n % 2) > 9) for n, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def iban(country: str, account: str) -> str:
    rest = int("".join(str(int(one, 36)) for one in f"{account}{country}00"))
    return f"{country}{98 - rest % 97:02}{account}"


def fours(text: str) -> str:
    return " ".join(text[n : n + 4] for n in range(0, len(text), 4))


def item(kind: str, lot: random.Random) -> str:
    """Return something of a kind."""
    d = lambda n: "".join(lot.choice("0123456789") for _ in range(n))  # noqa: E731
    h = lambda n: "".join(lot.choice("0123456789abcdef") for _ in range(n))  # noqa: E731
    first, last = lot.choice(FIRST), lot.choice(LAST)
    letters = "023456789acdefghjklmnpqrstuvwxyz"
    made = {
        "EMAIL": [f"{first}.{last}@firm.co.uk", f"{first[0]}{last}{d(2)}@mail.example.org".lower(),
                  f"{first}+x@sub.a-b.io", f"{last}_{d(3)}@firm.museum"],
        "PHONE": [f"+44 20 7946 0{d(3)}", f"+1 (415) 555-2{d(3)}", f"(212) 664-7{d(3)}", f"212-664-7{d(3)}",
                  f"+49 30 901820{d(2)}", f"030 901820{d(2)}", f"+33 1 42 68 5{d(1)} {d(2)}",
                  f"+4930901820{d(2)}", f"020 7946 0{d(3)}", f"+47 22 86 2{d(1)} {d(2)}",
                  f"212.664.7{d(3)}", f"0161 496 0{d(3)}"],
        "CARD": [fours(luhn(f"4{d(14)}")), luhn(f"52{d(13)}"), luhn(f"37{d(12)}")],
        "IBAN": [iban("DE", d(18)), fours(iban("GB", f"NWBK{d(14)}")), iban("NL", f"ABNA{d(10)}")],
        "ID": [f"{lot.randint(1, 665):03}-{lot.randint(1, 99):02}-{lot.randint(1, 9999):04}",
               f"AB {d(2)} {d(2)} {d(2)} C"],
        "IP": [f"{lot.randint(11, 126)}.{lot.randint(1, 99)}.{lot.randint(0, 255)}.{lot.randint(1, 254)}",
               f"2a02:{h(4)}::{h(4)}"],
        "MAC": [":".join(h(2) for _ in range(6)), "-".join(h(2).upper() for _ in range(6))],
        "WALLET": [f"0x{h(40)}", "bc1q" + "".join(lot.choice(letters) for _ in range(38))],
        "SECRET": ["AKIA" + "".join(lot.choice("ABCDEFGH234567") for _ in range(16)), f"ghp_{h(36)}"],
        "KNOWN": list(KNOWN),
        "INTRODUCED": [first, f"{first} {last}", f"{last}"],
        "PROSE": [f"{first} {last}", first],
    }  # fmt: skip
    return lot.choice(made[kind])


def corpus(lot: random.Random) -> list[tuple[str, str, int, int]]:
    """Return sentences, each with the kind and the place of what is planted; kind '' where nothing is."""
    rows = []
    for _ in range(SENTENCES):
        if lot.random() < 1 / 3:
            rows.append((lot.choice(DISTRACTORS), "", 0, 0))
            continue
        kind = lot.choice(list(FORMS))
        form, said = lot.choice(FORMS[kind]), item(kind, lot)
        start = form.index("{}")
        rows.append((form.replace("{}", said), kind, start, start + len(said)))
    return rows


def presidio() -> object:
    """Return presidio's own recognizers of the same types, as a finder of spans."""
    import tldextract
    from presidio_analyzer import predefined_recognizers as p

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    made = [p.EmailRecognizer(), p.PhoneRecognizer(), p.CreditCardRecognizer(), p.IbanRecognizer(),
            p.UsSsnRecognizer(), p.UkNinoRecognizer(), p.IpRecognizer(), p.MacAddressRecognizer(),
            p.CryptoRecognizer()]  # fmt: skip

    def find(text: str) -> list[tuple[int, int]]:
        return [(f.start, f.end) for one in made for f in one.analyze(text, one.supported_entities, None)]

    return find


def ours(text: str) -> list[tuple[int, int]]:
    return [(one.start, one.end) for one in FIND(text)]


def measured(name: str, find: object, rows: list[tuple[str, str, int, int]]) -> None:
    planted, found_of, extra, found = Counter[str](), Counter[str](), Counter[str](), 0
    for text, kind, start, end in rows:
        spans = find(text)  # type: ignore[operator]
        found += len(spans)
        if kind:
            planted[kind] += 1
            found_of[kind] += any(a <= start and end <= b for a, b in spans)
        extra[kind or text] += sum(not (a < end and start < b) for a, b in spans)
    wrong = extra.total()
    print(f"{name}: {found} found, {wrong} of them not planted: precision {1 - wrong / max(1, found):.3f}")
    for kind, n in planted.items():
        print(f"  {kind:<11} {found_of[kind]:>4} of {n:>4} whole: recall {found_of[kind] / n:.2f}")
    print("  not planted:", dict(extra.most_common(6)))


FIND = finder(KNOWN)


def main() -> None:
    """Measure, and print."""
    rows = corpus(random.Random(20))
    measured("headwater", ours, rows)
    if "--presidio" in sys.argv:
        measured("presidio", presidio(), rows)
    for folder in (Path(word) for word in sys.argv[1:] if not word.startswith("-")):
        looked_at(folder)


def looked_at(folder: Path) -> None:
    """Count what is found in the texts of a folder, and print some of it."""
    kinds, shown = Counter[str](), []
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text("utf-8", errors="replace")
        for one in finder()(text):
            kinds[one.type] += 1
            shown.append(f"{one.type:<7} {text[max(0, one.start - 30) : one.end + 20]!r}")
    print(f"{folder}: {dict(kinds)}")
    for line in random.Random(4).sample(shown, min(40, len(shown))):
        print(" ", line)


if __name__ == "__main__":
    main()
