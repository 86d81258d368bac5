from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genesys_client.texts import PackedTexts


def packed(texts):
    out = PackedTexts()
    for text in texts:
        out.append(text)
    return out


@given(st.lists(st.text()), st.slices(20))
def test_packed_texts_are_the_texts(texts, piece):
    found = packed(texts)
    assert found == texts
    assert list(found) == texts
    assert len(found) == len(texts)
    assert tuple(texts[piece]) == found[piece]
    assert [found[place] for place in range(-len(texts), len(texts))] == texts * 2


def test_texts_that_run_together_alike_differ():
    assert packed(["ab", "c"]) != packed(["a", "bc"])
    assert packed(["a"]) != packed(["a", ""])
    assert packed(["a"]) != 5


def test_a_place_beyond_is_an_error():
    with pytest.raises(IndexError):
        packed(["a"])[1]
