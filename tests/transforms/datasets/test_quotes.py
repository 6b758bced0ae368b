import pytest

from transforms.datasets.quotes import own_words


@pytest.mark.parametrize(
    ("mail", "own"),
    [
        ("Yes.\n\nOn Mon, 3 Mar 2025 at 10:00, Kit <k@acme.test> wrote:\n> Is it flat?\n> Kit\n", "Yes."),
        ("On Monday Kit\n<k@acme.test> wrote:\n\n> Is it flat?\n\nYes.\n> Sure?\nSure.", "Yes.\nSure."),
        ("Yes.\n\nOn Monday, Kit wrote:\nIs it flat?\nKit", "Yes."),
        ("Ja.\n\nAm Montag, 3. März, schrieb Kit:\n> Alles flach?", "Ja."),
        ("Oui.\n\nLe lundi 3 mars, Kit a écrit :\n> C'est plat ?", "Oui."),
        ("See below.\n\n-----Original Message-----\nFrom: Kit\nIs it flat?", "See below."),
        ("Yes.\n\nFrom: Kit\nSent: Monday\n\nIs it flat?", "Yes."),
        ("Yes.\n\n-- \nMara\n+1 555 0100", "Yes."),
        ("&gt; Is it flat?\nYes.", "Yes."),
        ("  > Is it flat?", ""),
        ("1 > 0, and on Monday she wrote: a poem.", "1 > 0, and on Monday she wrote: a poem."),
        ("On it.\n\nYou wrote:\nit is flat.", "On it.\n\nYou wrote:\nit is flat."),
        ("a --\nb", "a --\nb"),
    ],
)
def test_what_others_wrote_is_left_out_and_the_authors_own_words_stay(mail: str, own: str) -> None:
    assert own_words(mail) == own
    assert own_words(mail.replace("\n", "\r\n")) == own
