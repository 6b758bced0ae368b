"""Text written for these tests, with what is personal in it planted: `[[TYPE:what]]`."""

from __future__ import annotations

import re

PLANTED = re.compile(r"\[\[(?P<type>[A-Z]+):(?P<text>.*?)\]\]", re.DOTALL)

MAIL = """Hi [[PERSON:Ann]],
please call her on [[PHONE:+44 20 7946 0958]] or [[PHONE:(415) 555-2671]] (or [[PHONE:+49 30 9018200]])
before 17:30.
Her private address is [[EMAIL:mara.lind+home@mail.example.org]]; the office is info@sallowbrook.test.
Dr. [[PERSON:Okafor]] pays with [[CARD:4111 1111 1111 1111]], not with order 4111 1111 1111 1112.
Refund to [[IBAN:DE89 3704 0044 0532 0130 00]] or [[IBAN:GB82WEST12345698765432]].
The invoice DE12 0000 0000 0000 0000 00 is paid.
Regards,
[[PERSON:Jonas Weber]]
"""
TICKET = """Ticket 20250412-0093: unit SN 1234-5678-9012 restarts every 10 minutes since version 4.12.0.7.
Customer: SSN [[ID:536-22-8741]], NI number [[ID:AB 12 34 56 C]].
Gateway [[IP:203.0.113.77]] and [[IP:2a02:8070::1]].
The log of host 127.0.0.1 says 2025-04-12 10:22:33.123 ERROR 0x1F; mac [[MAC:00:1B:44:11:3A:B7]].
Their key [[SECRET:AKIAIOSFODNN7EXAMPLE]] was in the log.
Phone: [[PHONE:030 901820]]. mobile [[PHONE:4155552671]].
Pull request 415555267 and commit 4ac31f02aa5d0b6d are unrelated; so is part 030-12 of 1970-01-01.
"""
CHAT = """mara: [[PERSON:kit]], can you ring [[PERSON:Priya Raman]]'s team? [[PHONE:+1 212 555 0142]]
[[PERSON:kit]]: will do. I will, if [[PERSON:Will]] is not faster. @[[PERSON:will]] are you there?
[[PERSON:kit]]: the pump of station 7 makes 12 000 l/h at 3.5 bar, see https://wiki.sallowbrook.test/p/7?x=4155552671
mara: may I close the ticket? May is over, the warranty ended on 31 May.
"""
PROSE = """Chapter 4. The kit contains 12 seals (part no. 4711-0815), two gauges and a manual.
Dear reader, hello everyone. Mount the sensor at 1.2.3.4 m? No: section 1.2.3, figure 4.
Call the function pump(12, 345678901) with 2^64 = 18446744073709551616. Write to support@sallowbrook.test.
In 2024 the team sold 1,234,567 units; 555-0100 is the part number of the hinge. ISBN 978-3-16-148410-0.
"""
NAMES = ("kit", "will", "Priya Raman", "mara")
LEARNED = "mara"


def written(text: str) -> tuple[str, list[tuple[str, str, int]]]:
    """Return a text without the marks, and what was planted: type, text, place."""
    parts, planted, at = list[str](), list[tuple[str, str, int]](), 0
    for match in PLANTED.finditer(text):
        parts.append(text[at : match.start()])
        planted.append((match["type"], match["text"], sum(map(len, parts))))
        parts.append(match["text"])
        at = match.end()
    return "".join([*parts, text[at:]]), planted
