from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.prose import MAX_SENTENCE_CHARS, Ending, ProseReader, ProseSentence, read_marks
from corpus.records import UnitRole


def read(text: str, step: int = 1) -> tuple[list[ProseSentence], str]:
    """What a reader makes of ``text`` that comes ``step`` characters at a time, and the thinking."""
    reader = ProseReader()
    sentences: list[ProseSentence] = []
    for start in range(0, len(text), step):
        sentences += reader.feed(text[start : start + step])
    sentences += reader.finish()
    return sentences, reader.thinking


def said(text: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(sentence.text, sentence.citations) for sentence in read(text)[0]]


@pytest.mark.parametrize(
    ("mark", "numbers"),
    [
        ("[1]", (1,)),
        ("［1］", (1,)),
        ("【1】", (1,)),
        ("[[1]]", (1,)),
        ("[1, 2]", (1, 2)),
        ("[1、2]", (1, 2)),
        ("[1][2]", (1, 2)),
        ("[2-4]", (2, 3, 4)),
        ("[资料3]", (3,)),
        ("【来源：3】", (3,)),
        ("[source 3]", (3,)),
        ("[1][1]", (1,)),
        (" [1]", (1,)),
    ],
)
def test_every_form_of_mark_is_read_and_taken_off(mark: str, numbers: tuple[int, ...]) -> None:
    assert read_marks(f"催收违法{mark}。") == (numbers, "催收违法。")


@pytest.mark.parametrize("text", ["法释〔2019〕15号", "[2026]第5号", "[第五十条]", "“[略]”"])
def test_brackets_that_hold_no_passage_number_stay(text: str) -> None:
    assert read_marks(text) == ((), text)


def test_a_sentence_comes_out_as_soon_as_it_is_whole() -> None:
    reader = ProseReader()
    assert list(reader.feed("催收违法[1]")) == []
    assert list(reader.feed("。")) == []  # a mark may still follow the stop
    assert [sentence.text for sentence in reader.feed("可以")] == ["催收违法。"]


def test_marks_behind_the_stop_belong_to_the_sentence_before() -> None:
    assert said("催收违法。[1] 可以报警[2]。") == [("催收违法。", (1,)), ("可以报警。", (2,))]


def test_marks_that_open_a_line_belong_to_the_sentence_behind_them() -> None:
    assert said("催收违法[1]。\n[2] 可以报警。") == [("催收违法。", (1,)), ("可以报警。", (2,))]


def test_a_stop_in_a_quotation_ends_nothing() -> None:
    text = "法律写明「自然人享有隐私权。任何组织或者个人不得侵害。」[1]。"
    assert said(text) == [("法律写明「自然人享有隐私权。任何组织或者个人不得侵害。」。", (1,))]


def test_a_point_ends_an_english_sentence_but_no_abbreviation_number_or_address() -> None:
    text = "See Art. 42 of it [1]. Write to 12386.gov.cn or pay 3.5 yuan, e.g. today [2]. Done [3]."
    assert said(text) == [
        ("See Art. 42 of it.", (1,)),
        ("Write to 12386.gov.cn or pay 3.5 yuan, e.g. today.", (2,)),
        ("Done.", (3,)),
    ]


def test_a_semicolon_ends_a_sentence_only_behind_a_mark() -> None:
    assert said("一是报警[1]；二是录音；截图[2]。") == [("一是报警。", (1,)), ("二是录音；截图。", (2,))]


def test_lists_and_emphasis_are_taken_off_and_headings_say_nothing() -> None:
    text = "## 小结\n\n**第一步**\n- **保存**通话记录[1]。\n1. 向派出所报案[2]\n你可以：\n（1）投诉[3]。"
    assert said(text) == [("保存通话记录。", (1,)), ("向派出所报案", (2,)), ("投诉。", (3,))]


def test_a_heading_gives_its_role_to_what_stands_under_it_and_a_label_to_its_own_sentence() -> None:
    sentences, _ = read("结论：违法[1]。有依据[1]。\n## 怎么做\n先录音[2]。再报警[2]。")
    assert [sentence.role for sentence in sentences] == [UnitRole.CONCLUSION, None, UnitRole.ACTION, UnitRole.ACTION]
    assert sentences[0].text == "违法。"


def test_thinking_is_set_apart_however_its_tags_are_cut() -> None:
    text = "<think>先想一想，违法[1]。\n</think>\n\n催收违法[1]。"
    for step in (1, 2, 3, 5, 100):
        sentences, thinking = read(text, step)
        assert [(sentence.text, sentence.citations) for sentence in sentences] == [("催收违法。", (1,))]
        assert thinking == "先想一想，违法[1]。\n"


def test_thinking_that_nothing_opened_is_thinking() -> None:
    assert read("想一想，大概</think>违法[1]。") == (
        [ProseSentence("违法。", (1,), None, Ending.WHOLE)],
        "想一想，大概",
    )


def test_thinking_that_never_ends_is_no_answer() -> None:
    assert read("<think>想啊想[1]。想[2]。") == ([], "想啊想[1]。想[2]。")


def test_a_lesser_sign_is_no_tag() -> None:
    assert said("年利率<24%的部分<不变[1]。") == [("年利率<24%的部分<不变。", (1,))]


def test_a_sentence_that_the_model_broke_off_is_cut_short() -> None:
    whole, broken = read("催收违法[1]。你还可以向")[0]
    assert (whole.ending, broken.ending) == (Ending.WHOLE, Ending.CUT_SHORT)


def test_a_last_sentence_with_its_mark_and_no_stop_is_whole() -> None:
    assert [sentence.ending for sentence in read("催收违法[1]")[0]] == [Ending.WHOLE]


@pytest.mark.parametrize(
    "text",
    ["可以报警，" * 30, "啊" * 200, "「" + "很长的话，没有两句一样：" + "".join(map(chr, range(0x4E00, 0x4E00 + 900)))],
)
def test_a_sentence_without_end_is_a_runaway_and_found_early(text: str) -> None:
    sentences, _ = read(text)
    assert sentences[0].ending is Ending.RUNAWAY
    assert len(sentences[0].text) <= MAX_SENTENCE_CHARS + 1


@given(
    st.lists(
        st.tuples(
            st.text("催收违法报警录音的是在", min_size=3, max_size=9),
            st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True),
            st.sampled_from("。！？"),
        ),
        max_size=6,
    ),
    st.integers(1, 9),
)
def test_what_was_written_is_read_back_however_it_is_cut(parts: list[tuple[str, list[int], str]], step: int) -> None:
    text = "".join(words + "".join(f"[{number}]" for number in numbers) + stop for words, numbers, stop in parts)
    sentences, thinking = read(text, step)
    assert [(s.text, s.citations) for s in sentences] == [(words + stop, tuple(ns)) for words, ns, stop in parts]
    assert thinking == ""
