"""Chat templates of model files, rendered where they can do no harm.

A template is a program written by whoever made the file: it runs in jinja2's immutable sandbox, sees only the
messages, and never sees text of a document. The question and passages take the place of ``USER_PLACE`` afterwards.
"""

from __future__ import annotations

from datetime import datetime

from assistant.errors import ModelUnusable

USER_PLACE = "{faju:user}"

# ChatML, for files without a template whose vocabulary has its tokens.
CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
PLAIN = (
    "{% for message in messages %}{{ '### ' + message['role'] + '\\n' + message['content'] + '\\n\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '### assistant\\n' }}{% endif %}"
)


def render_chat(template: str, system: str, bos: str = "", eos: str = "") -> tuple[str, str]:
    """Return what stands before and after the user's text in a chat of one system text and one question.

    A template that knows no system role gets the system text at the head of the user's. Thinking is switched off
    where the template lets one. Raises ModelUnusable where it cannot be rendered or swallows the user's text.
    """
    from jinja2 import TemplateError
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}

    def raise_exception(message: str) -> None:
        raise TemplateError(message)

    def render(messages: list[dict[str, str]]) -> str:
        text: str = environment.from_string(template).render(
            messages=messages,
            add_generation_prompt=True,
            enable_thinking=False,
            bos_token=bos,
            eos_token=eos,
            raise_exception=raise_exception,
            strftime_now=lambda layout: datetime.now().strftime(layout),
        )
        return text

    try:
        try:
            text = render([{"role": "system", "content": system}, {"role": "user", "content": USER_PLACE}])
        except TemplateError:
            text = render([{"role": "user", "content": f"{system}\n\n{USER_PLACE}"}])
    except Exception as error:  # a template is foreign code: whatever it raises means the same to the user
        raise ModelUnusable(f"The model's chat template cannot be rendered: {error}") from error
    before, place, after = text.partition(USER_PLACE)
    if not place:
        raise ModelUnusable("The model's chat template leaves out the user's text; use another model")
    return before, after
