# SPDX-License-Identifier: Apache-2.0
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trocar.app.share import share_folder
from trocar.app.substitution import Scope, expand
from trocar.errors import ConfigurationError


def make_scope() -> Scope:
    return Scope(variables={"arm": "PSM1", "inner": "arm"}, environment={"HOME_SITE": "/x"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("$(var arm)/a", "PSM1/a"),
        ("$(var $(var inner))", "PSM1"),
        ("$(env HOME_SITE)", "/x"),
        ("$(env NOT_SET fall back)", "fall back"),
        ("$(env NOT_SET $(var arm))", "PSM1"),
        ("a$(var arm)b$(var inner)c", "aPSM1barmc"),
        ("$(eval \"'$(var arm)' == 'PSM1'\")", "true"),
        ("$(eval \"'$(var arm)' != 'PSM1'\")", "false"),
        ("$(eval '$(var arm)' == 'PSM2')", "false"),
    ],
)
def test_known_substitutions(text: str, expected: str) -> None:
    assert expand(text, make_scope(), "test") == expected


def test_share_folder_holds_the_launch_file() -> None:
    path = expand("$(find-pkg-share trocar)/launch/trocar.launch.xml", make_scope(), "test")
    assert path == str(share_folder() / "launch/trocar.launch.xml")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$(command ls)", ["command", "var", "env", "find-pkg-share", "eval"]),
        ("$(var nothing)", ["nothing", "arm", "inner"]),
        ("$(env NOT_SET)", ["NOT_SET"]),
        ("$(var arm", ["unclosed"]),
        ("$(var)", ["needs a name"]),
        ("$(eval 1 + 1)", ["not understood"]),
        ("$(find-pkg-share no_such_package)", ["no_such_package"]),
    ],
)
def test_anything_else_is_refused_with_the_valid_ones(text: str, words: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        expand(text, make_scope(), "file.xml <node>")
    message = str(caught.value)
    assert message.startswith("file.xml <node>") and "\n" not in message
    assert all(word in message for word in words)


@given(st.text(alphabet=st.characters(exclude_characters="$"), max_size=40))
def test_text_without_substitution_is_untouched(text: str) -> None:
    assert expand(text, make_scope(), "test") == text


@given(st.text(max_size=30))
def test_any_text_expands_or_is_refused(text: str) -> None:
    try:
        expand("$(" + text, make_scope(), "test")
    except ConfigurationError as error:
        assert str(error)
