"""Copy and save as buttons that work in the browser, from a text that lies beside them: the server writes no file."""

from __future__ import annotations

from assistant.commands.common import Say
from assistant.web.markup import Html, element


def keep_buttons(markdown: str, name: str, say: Say, *more: Html) -> Html:
    """Return buttons to copy ``markdown`` and to save it as the file ``name``, with ``more`` after them."""
    return element(
        "div",
        element("button", say("复制", "Copy"), type="button", class_="quiet", data_act="copy"),
        element(
            "button",
            say("存为 Markdown", "Save as Markdown"),
            type="button",
            class_="quiet",
            data_act="save",
            data_name=name,
        ),
        *more,
        element("span", class_="said", role="status", data_done=say("已复制", "Copied")),
        element("div", markdown, class_="markdown", hidden=True),
        class_="actions",
    )
