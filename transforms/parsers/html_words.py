"""The tags of HTML, by what they mean for a page's text."""

from __future__ import annotations

_LEFT_OUT = """
annotation annotation-xml applet audio canvas datalist embed iframe nav noembed noframes noscript object
script select style svg template textarea video
"""
_BLOCKS = """
address article aside blockquote body caption center dd details dialog dir div dl dt fieldset figcaption
figure footer form header hgroup hr html legend li main menu ol p search section summary table tbody td tfoot
th thead tr ul
"""
_INLINE = """
a abbr acronym area b base bdi bdo big br button cite code col colgroup data del dfn em font frame frameset g
head i img input ins kbd label link map mark math meta meter nobr optgroup option output param path picture
progress q rp rt ruby s samp slot small source span strike strong sub sup time title track tt u var wbr
"""

LEFT_OUT = frozenset(_LEFT_OUT.split())
"""Not seen on the page, or not the page's own text."""
BLOCKS = frozenset(_BLOCKS.split())
"""Where one paragraph ends and the next begins."""
CODE = frozenset(("pre", "xmp", "listing", "plaintext"))
"""Where line breaks and spaces are kept."""
HEADINGS = {f"h{depth}": depth for depth in range(1, 7)}
LISTS = frozenset(("ul", "ol", "menu", "dir"))
KNOWN = LEFT_OUT | BLOCKS | CODE | LISTS | HEADINGS.keys() | frozenset(_INLINE.split())
"""All there are."""
