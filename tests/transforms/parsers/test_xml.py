from __future__ import annotations

import pytest

from schemas.quarantine import Reason, Rejected
from tests.transforms.parsers.made import outline, path_of, read

FEED = """<?xml version="1.0" encoding="iso-8859-1"?>
<rss xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Café news</title><ttl>60</ttl>
  <item><title>Open</title><dc:creator>Ann</dc:creator>
    <description>&lt;p&gt;We are &lt;b&gt;open&lt;/b&gt;.&lt;/p&gt;</description></item>
  <item><title>Closed</title><description><![CDATA[First.

    Second.]]></description><row Id="1" Body="attributes only"/></item>
  <para>mixed <emphasis>words</emphasis> here</para><!-- comment --><?pi words?>
</channel></rss>"""
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def test_texts_come_in_order_and_titles_are_headings_as_deep_as_they_are_nested() -> None:
    parsed = read("a.xml", FEED.encode("iso-8859-1"))

    assert parsed.title == "Café news"
    assert outline(parsed) == [
        ("heading", "# Café news"),
        ("field", "ttl: 60"),
        ("heading", "## Open"),
        ("field", "creator: Ann"),
        ("paragraph", "We are open."),
        ("heading", "## Closed"),
        ("paragraph", "First."),
        ("paragraph", "    Second."),
        ("field", "Id: 1\nBody: attributes only"),
        ("paragraph", "mixed words here"),
    ]
    assert path_of(parsed, "We are") == ("Café news", "Open")


def test_a_page_in_xml_is_read_as_a_page() -> None:
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>T</title></head><body><h1>H</h1><p>x</p></body></html>'

    assert (read("a.xml", page).title, read("a.xml", page).text) == ("T", "# H\n\nx")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>', Reason.CORRUPT),
        (f'<!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a b="&l9;">x</a>', Reason.CORRUPT),
        ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', Reason.CORRUPT),
        ('<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><a>words</a>', Reason.CORRUPT),
        ('<!DOCTYPE a [<!ENTITY x "harmless">]><a>words</a>', Reason.CORRUPT),
        ("<a>" * 100_000 + "</a>" * 100_000, Reason.CORRUPT),
        ("<a>never closed", Reason.CORRUPT),
        ("no markup", Reason.CORRUPT),
        (b'<?xml version="1.0" encoding="utf-8"?><a>caf\xe9</a>', Reason.BAD_ENCODING),
        (b'<?xml version="1.0" encoding="no-such"?><a>x</a>', Reason.BAD_ENCODING),
    ],
    ids=[
        "bomb",
        "bomb in an attribute",
        "outside file",
        "parameter",
        "entity",
        "deep",
        "cut",
        "text",
        "bytes",
        "name",
    ],
)
def test_what_is_malformed_or_dangerous_is_rejected_with_its_reason(
    content: bytes | str, reason: Reason
) -> None:
    with pytest.raises(Rejected) as caught:
        read("a.xml", content)

    assert caught.value.reason is reason


def test_a_document_type_without_entities_is_no_reason_to_reject() -> None:
    assert read("a.xml", '<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a>words</a>').text == "a: words"
