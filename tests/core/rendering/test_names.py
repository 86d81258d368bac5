"""Whatever somebody is called, it stays a name."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.rendering.names import (
    capped,
    escaped,
    fitted,
    marked_up,
    plain_text,
    raw_text,
    safe_text,
    units,
    width_of,
)


@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        pytest.param("Ana Díaz", "Ana Díaz", id="plain"),
        pytest.param("Ana Di\u0301az", "Ana Díaz", id="composed"),
        pytest.param("  Ana\n\t Díaz\u00a0 ", "Ana Díaz", id="blanks"),
        pytest.param("Ana\x00\x1b[31m\u200b", "Ana[31m", id="control and invisible"),
        pytest.param("\u202eevil\u202c \u2066x\u2069", "evil x", id="direction"),
        pytest.param("", "(no name)", id="empty"),
        pytest.param("\u200d\u3164\u2800 ", "(no name)", id="blank to the eye"),
        pytest.param("Z" + "\u0301" * 20, "Ź" + "\u0301" * 4, id="a tower of marks"),
        pytest.param("👩\u200d👩\u200d👧", "👩\u200d👩\u200d👧", id="a family stays together"),
        pytest.param("x" * 41, "x" * 39 + "…", id="too long"),
        pytest.param("🙂" * 21, "🙂" * 19 + "…", id="too long in UTF-16"),
        pytest.param("דנה כהן", "\u2068דנה כהן\u2069", id="right to left, isolated"),
        pytest.param("<!channel> & co", "<!channel> & co", id="not escaped"),
    ],
)
def test_raw_text_is_clean_and_literal(outside, shown):
    assert raw_text(outside) == shown


@pytest.mark.parametrize(
    ("outside", "shown"),
    [
        pytest.param("<!channel>", "&lt;!channel&gt;", id="channel"),
        pytest.param("<@U123|you>", "&lt;@\u200bU123|you&gt;", id="mention"),
        pytest.param("a & b", "a &amp; b", id="ampersand"),
        pytest.param("&lt;", "&amp;lt;", id="an entity"),
        pytest.param("```code```", "ˋˋˋcodeˋˋˋ", id="fence"),
        pytest.param("*bold* ~gone~", "∗bold∗ ∼gone∼", id="marks"),
        pytest.param("_it_ ana_diaz", "ˍitˍ ana_diaz", id="underscores, but not inside a word"),
        pytest.param("https://evil.example", "https:\u200b//evil.example", id="link"),
        pytest.param("@here #general", "@\u200bhere #\u200bgeneral", id="automatic mentions"),
        pytest.param("ana@example.com", "ana@example.com", id="an address stays one"),
    ],
)
def test_safe_text_neither_notifies_nor_links_nor_formats(outside, shown):
    assert safe_text(outside) == shown


def test_plain_text_leaves_smileys_alone_and_keeps_to_its_limit():
    assert plain_text(":smile:") == {"type": "plain_text", "text": ":smile:", "emoji": False}
    assert units(plain_text("ש" * 100, limit=75)["text"]) == 75


@pytest.mark.parametrize(
    ("text", "limit", "cut"),
    [
        pytest.param("abcdef", 6, "abcdef", id="fits"),
        pytest.param("abcdefg", 6, "abcde…", id="cut"),
        pytest.param("abcde\u0301\u0323x", 6, "abcd…", id="not between a letter and its mark"),
        pytest.param("ab👩\u200d👧xyz", 6, "ab…", id="not inside a family"),
        pytest.param("abc defgh", 5, "abc…", id="no blank before the ellipsis"),
    ],
)
def test_a_cut_never_parts_a_character(text, limit, cut):
    assert capped(text, limit) == cut


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("Ana", 3),
        ("李小龍", 6),
        ("🙂", 2),
        ("e\u0301", 1),
        ("👩\u200d👩\u200d👧", 2),
        ("❤\ufe0f", 2),
        ("\u2068דנה\u2069", 3),
        ("👍🏽", 2),
    ],
)
def test_width_is_what_a_monospaced_font_takes(text, columns):
    assert width_of(text) == columns


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [
        ("李小龍", 6, "李小龍"),
        ("李小龍", 5, "李小…"),
        ("李小龍", 4, "李…"),
        ("\u2068דנהכהן\u2069", 4, "\u2068דנה…\u2069"),
    ],
)
def test_fitted_text_keeps_to_its_columns(text, width, shown):
    assert fitted(text, width) == shown
    assert width_of(shown) <= width


@given(st.text(max_size=300))
def test_no_name_survives_with_markup_controls_or_length(outside):
    safe, raw = safe_text(outside), raw_text(outside)
    assert not set("<>`*~") & set(safe)
    assert units(raw) <= 42
    assert raw.strip("\u2068\u2069 ")
    invisible = {"\u200c", "\u200d", "\u2068", "\u2069"}
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs"} or c in invisible for c in raw)
    assert raw.count("\u2068") == raw.count("\u2069") <= 1


@given(st.text(max_size=300), st.integers(1, 60))
def test_a_cut_keeps_to_its_limit(text, limit):
    assert units(capped(text, limit)) <= limit
    assert width_of(fitted(raw_text(text), limit)) <= max(limit, 1)


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        pytest.param("`yestreday` is no word", "`yestreday` is no word", id="quoted"),
        pytest.param("`<!here>` & `*x*`", "`&lt;!here&gt;` &amp; `*x*`", id="quoted markup"),
        pytest.param("`a`b` is no word", "`a`bˋ is no word", id="a backtick was typed"),
        pytest.param("```fence```", "ˋˋˋfenceˋˋˋ", id="no fence"),
        pytest.param("` x `", "ˋ x ˋ", id="blanks make no code"),
        pytest.param("a `b *c*", "a ˋb ∗c∗", id="without a partner"),
    ],
)
def test_words_quoted_in_our_own_sentences_are_code_and_nothing_more(sentence, shown):
    assert marked_up(sentence) == shown


@given(st.text(alphabet="`*_~<>& ab", max_size=40))
def test_code_opens_and_closes_whatever_was_typed(text):
    shown = marked_up(f"`{text}` is no word I know.")
    assert shown.count("`") % 2 == 0
    assert "``" not in shown
    outside = "".join(shown.split("`")[::2])
    assert not set("*~<>") & set(outside)


@given(st.text(max_size=100))
def test_escaping_leaves_no_lone_entity(text):
    shown = escaped(text)
    assert shown.count("&") == sum(shown.count(entity) for entity in ("&amp;", "&lt;", "&gt;"))
