import pytest

from schemas.errors import ConfigError
from transforms.prompt import SYSTEM, Passage, Prompt
from transforms.template import Template

PLAIN = "{% for passage in passages %}{{ passage }}\n{% endfor %}Q: {{ question }}"
PASSAGES = [Passage(n=0, title="Title", heading="", text="It is {{ deep }}.")]


def rendered(text: str, question: str = "How deep?") -> list[tuple[str, str]]:
    prompt = Prompt(fence="f00d", template=Template(text, "prompts/x.j2"))
    return [(message.role, message.content) for message in prompt.render(question, PASSAGES)]


def test_a_template_writes_the_users_message_around_fenced_passages() -> None:
    assert rendered(PLAIN) == [
        ("system", SYSTEM),
        ("user", "<f00d [1] Title>\nIt is {{ deep }}.\n</f00d>\nQ: How deep?"),
    ]


def test_a_block_named_system_is_the_system_message() -> None:
    found = rendered("{% block system %}Be brief.{% endblock %}\n" + PLAIN)

    assert found[0] == ("system", "Be brief.")
    assert "Be brief." not in found[1][1]


def test_what_is_retrieved_is_never_read_as_a_template() -> None:
    assert "{{ 7 * 7 }}" in rendered(PLAIN, "{{ 7 * 7 }}")[1][1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("line\n{% for %}", r"line 2 of template prompts/x\.j2"),
        ("line\n\n{{ undefined }}", r"line 3 of template prompts/x\.j2: 'undefined' is undefined"),
        ("{{ question }}", "leaves out a passage"),
        ("{{ passages | join }}", "leaves out the question"),
        ("{{ question.__class__.__mro__ }}", "unsafe"),
        ("{{ passages.append(1) }}", "line 1 of template"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% include 'other' %}", "line 1 of template"),
    ],
)
def test_a_template_that_is_wrong_or_reaches_out_is_an_error_that_says_where(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as caught:
        rendered(text)
    assert "mend it" in str(caught.value.fix)
