from collections.abc import Callable

from infra.store import Store, releases
from infra.store.denials import forbidden, lift
from infra.store.rollback import resume, rollback
from schemas.release import Release
from tests.infra.store.rows import NOW, document

Publisher = Callable[..., Release]
ANYBODY = ("everyone",)


def test_an_older_release_does_not_give_a_revoked_right_back(store: Store, release: Publisher) -> None:
    first = release(document("a"), document("b"))
    second = release(document("a", acl=("group:hr",)))

    assert forbidden(store, first, second, ANYBODY) == ("a",)
    assert forbidden(store, first, second, (*ANYBODY, "group:hr")) == ()
    assert forbidden(store, second, second, ANYBODY) == ()


def test_a_rollback_does_not_give_a_revoked_right_back(store: Store, release: Publisher) -> None:
    release(document("a"), document("b"))
    release(document("a", acl=("group:hr",)))

    back = rollback(store, 1, now=NOW)

    assert forbidden(store, back, back, ANYBODY) == ("a",)
    assert forbidden(store, back, back, ("user:ann",)) == ("a",)


def test_a_document_its_source_publishes_again_is_no_longer_denied(store: Store, release: Publisher) -> None:
    release(document("a"))
    release(document("a", acl=("group:hr",)))
    rollback(store, 1, now=NOW)
    resume(store, now=NOW)
    again = release(document("a"))

    lift(store, ["a"])

    assert forbidden(store, again, again, ANYBODY) == ()


def test_a_document_the_newest_release_does_not_know_is_closed(store: Store, release: Publisher) -> None:
    first = release(document("a"), document("b"))
    second = release(document("c"), gone=("a",))

    assert forbidden(store, first, second, ANYBODY) == ("a",)
    assert releases.current(store) == second
