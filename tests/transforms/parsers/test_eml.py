from __future__ import annotations

from email.message import EmailMessage

import pytest

from schemas.quarantine import Reason, Rejected
from tests.transforms.parsers.made import outline, path_of, read


def mail(subject: str, body: str, **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["Subject"] = subject
    for name, value in headers.items():
        made[name] = value
    made.set_content(body)
    return made


def test_a_mail_is_its_subject_who_and_when_and_what_was_written() -> None:
    made = mail("Café closed", "Hi,\n\nCLOSED TODAY\n\n> why\n", From="Ann <ann@acme.test>", To="b@acme.test")
    made["Date"] = "Wed, 01 May 2024 10:00:00 +0200"

    parsed = read("a.eml", made.as_bytes())

    assert (parsed.title, parsed.source_at, parsed.flags) == ("Café closed", "2024-05-01T08:00:00+00:00", ())
    assert outline(parsed) == [
        ("heading", "# Café closed"),
        ("field", "From: Ann <ann@acme.test>\nTo: b@acme.test\nDate: Wed, 01 May 2024 10:00:00 +0200"),
        ("paragraph", "Hi,"),
        ("paragraph", "CLOSED TODAY"),
        ("paragraph", "> why"),
    ]


def test_of_two_versions_of_a_text_the_one_with_structure_is_read_once() -> None:
    made = mail("S", "plain version")
    made.add_alternative("<p>rich version</p><table><tr><td>a<td>b<tr><td>1<td>2</table>", subtype="html")

    assert read("a.eml", made.as_bytes()).text == "# S\n\nrich version\n\n| a | b |\n| --- | --- |\n| 1 | 2 |"


def test_a_forwarded_mail_is_read_under_its_own_heading() -> None:
    outer = mail("FW: leave", "see below")
    outer.add_attachment(mail("leave", "ten days", From="c@acme.test"))

    parsed = read("a.eml", outer.as_bytes())

    assert path_of(parsed, "ten days") == ("FW: leave", "leave")
    assert parsed.flags == ()


def test_an_attachment_is_named_and_the_document_flagged() -> None:
    made = mail("S", "see the plan")
    made.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="plan ü.pdf")
    made.add_attachment("a;b", subtype="csv", filename="rows.csv")

    parsed = read("a.eml", made.as_bytes())

    assert outline(parsed)[-2:] == [("field", "Attachment: plan ü.pdf"), ("field", "Attachment: rows.csv")]
    assert parsed.flags == ("attachments_not_read",)


@pytest.mark.parametrize("date", ["yesterday", "", "Wed, 99 Foo 2024 10:00:00 +0000"])
def test_a_date_that_is_none_leaves_the_time_open(date: str) -> None:
    assert read("a.eml", f"Subject: s\nDate: {date}\n\ntext").source_at is None


def test_raw_bytes_in_a_header_are_read_as_utf_8() -> None:
    assert read("a.eml", "Subject: café\n\ntext").title == "café"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"just some text", Reason.CORRUPT),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), Reason.CORRUPT),
        (b"Subject: s\nContent-Type: text/plain; charset=utf-8\n\ncaf\xe9", Reason.BAD_ENCODING),
    ],
)
def test_what_is_no_mail_is_rejected_with_its_reason(content: bytes, reason: Reason) -> None:
    with pytest.raises(Rejected) as caught:
        read("a.eml", content)

    assert caught.value.reason is reason


def test_containers_nested_thousands_deep_are_rejected_not_fatal() -> None:
    part = "Content-Type: multipart/mixed; boundary=b{0}\n\n--b{0}\n"

    with pytest.raises(Rejected):
        read("a.eml", "Subject: s\n" + "".join(part.format(depth) for depth in range(3_000)))
