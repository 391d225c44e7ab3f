from __future__ import annotations

import pytest

from assistant.chat_template import CHATML, PLAIN, USER_PLACE, render_chat
from assistant.errors import ModelUnusable


def test_chatml_frames_the_users_text() -> None:
    assert render_chat(CHATML, "只引用原句。") == (
        "<|im_start|>system\n只引用原句。<|im_end|>\n<|im_start|>user\n",
        "<|im_end|>\n<|im_start|>assistant\n",
    )
    assert render_chat(PLAIN, "只引用原句。") == ("### system\n只引用原句。\n\n### user\n", "\n\n### assistant\n")


def test_a_template_without_system_role_gets_it_before_the_question() -> None:
    template = (
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system role') }}{% endif %}"
        "{% for message in messages %}<start_of_turn>user\n{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
    )
    assert render_chat(template, "规则", bos="<bos>") == ("<bos><start_of_turn>user\n规则\n\n", "<end_of_turn>\n")


def test_thinking_is_switched_off_where_the_template_can() -> None:
    template = "{{ messages[-1].content }}{% if enable_thinking is false %}<think></think>{% endif %}"
    assert render_chat(template, "规则") == ("", "<think></think>")


@pytest.mark.parametrize(
    "template",
    [
        "{% for message in messages %}",
        "{{ messages.nothing.here }}",
        "{{ raise_exception('never') }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ messages.append(1) }}",
        "{{ self.__init__.__globals__ }}",
    ],
)
def test_a_broken_or_hostile_template_is_refused(template: str) -> None:
    with pytest.raises(ModelUnusable, match="cannot be rendered"):
        render_chat(template + "{{ messages[-1].content }}", "规则")


def test_a_template_that_loses_the_question_is_refused() -> None:
    with pytest.raises(ModelUnusable, match="leaves out the user's text"):
        render_chat("你好", "规则")
    assert USER_PLACE not in "".join(render_chat(CHATML, "规则"))
