"""Text stays text on the page, and highlighting changes no character."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from assistant.web.differences import marked_differences
from assistant.web.markup import Html, element, highlighted, join, merged
from corpus.records import Span

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60)
MARKUP_LIKE = st.text(st.sampled_from("<>&\"'/=abc法律 \n"), max_size=40)


@st.composite
def texts_with_spans(draw: st.DrawFn) -> tuple[str, list[Span]]:
    text = draw(TEXTS | MARKUP_LIKE)
    ends = st.integers(0, len(text))
    return text, [Span(*sorted(pair)) for pair in draw(st.lists(st.tuples(ends, ends), max_size=6))]


def read(markup: str) -> str:
    """What a browser shows of the markup: its text, the tags off."""
    return html.unescape(re.sub(r"<[^>]*>", "", markup))


@given(texts_with_spans())
def test_a_highlighted_passage_reads_exactly_as_the_passage(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    assert read(highlighted(text, spans)) == text


@given(texts_with_spans())
def test_exactly_the_characters_of_the_spans_are_marked(case: tuple[str, list[Span]]) -> None:
    text, spans = case
    marked = "".join(
        html.unescape(piece) for piece in re.findall(r"<mark>(.*?)</mark>", highlighted(text, spans), re.S)
    )
    covered = {place for span in spans for place in range(span.start, span.end)}
    assert marked == "".join(text[place] for place in sorted(covered))


@given(texts_with_spans())
def test_merged_spans_neither_overlap_nor_touch(case: tuple[str, list[Span]]) -> None:
    result = merged(case[1])
    assert all(left.end < right.start for left, right in zip(result, result[1:], strict=False))


@given(TEXTS | MARKUP_LIKE)
def test_text_never_becomes_a_tag_or_leaves_its_attribute(text: str) -> None:
    made = element("p", text, title=text)
    assert re.fullmatch(r'<p title="[^"<>]*">[^<>]*</p>', made, re.S)
    assert read(made) == text


def test_markup_of_ours_is_kept_and_text_escaped() -> None:
    assert join([element("b", "1 < 2"), " & ", Html("<i>x</i>")]) == "<b>1 &lt; 2</b> &amp; <i>x</i>"


def test_attributes_are_written_as_html_names_and_left_out_when_they_do_not_hold() -> None:
    made = element("button", "x", class_="mark", data_card="card-1-2", hidden=True, disabled=False, title=None)
    assert made == '<button class="mark" data-card="card-1-2" hidden>x</button>'


@given(TEXTS, TEXTS)
def test_both_texts_stand_whole_beside_each_other(old: str, new: str) -> None:
    left, right = marked_differences(old, new)
    assert (read(left), read(right)) == (old, new)


@given(TEXTS)
def test_equal_texts_have_no_differences(text: str) -> None:
    left, right = marked_differences(text, text)
    assert "<del>" not in left and "<ins>" not in right


def test_what_changed_is_marked_on_either_side() -> None:
    left, right = marked_differences("处五日以下拘留或者五百元以下罚款", "处五日以下拘留或者一千元以下罚款")
    assert left == "处五日以下拘留或者<del>五百</del>元以下罚款"
    assert right == "处五日以下拘留或者<ins>一千</ins>元以下罚款"
