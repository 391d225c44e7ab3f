"""Gradio's components as this page uses them: markup without its styles, events without an interface for programs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import gradio as gr

from assistant.web.markup import element


def markup(value: str = "", **options: Any) -> gr.HTML:  # options as Gradio has them
    """Return a place for our own markup, with the page's own style and no script."""
    return gr.HTML(value, js_on_load=None, apply_default_css=False, **options)


def pressable(*names: str, value: str = "", **options: Any) -> gr.HTML:
    """Return a place for our own markup that fires ``click`` with the data-``names`` of the element pressed."""
    wanted = "".join(f"[data-{name}]" for name in names)
    told = ", ".join(f"{name}: pressed.dataset.{name}" for name in names)
    script = f"""
        element.addEventListener("click", (event) => {{
            const pressed = event.target.closest("{wanted}");
            if (pressed) trigger("click", {{ {told} }});
        }});
    """
    return gr.HTML(value, js_on_load=script, apply_default_css=False, **options)


def connect(
    trigger: Callable[..., Any],
    act: Callable[..., Any],
    inputs: Sequence[Any] = (),
    outputs: Sequence[Any] = (),
    **options: Any,  # what Gradio gives its triggers to choose from has no narrower type
) -> Any:
    """Let ``act`` run when ``trigger`` fires. Visitors do not wait for one another here: the desk has its own queue."""
    return trigger(
        act,
        list(inputs),
        list(outputs),
        **{"show_progress": "hidden", "api_visibility": "private", "concurrency_limit": None, **options},
    )


def date_field(label: str, elem_id: str) -> gr.HTML:
    """Return a date field of the browser's own: it knows calendars, keyboards and phones better than any widget.

    Its value is "" or a day such as 2026-01-01.
    """
    return gr.HTML(
        "",
        html_template=element("label", label, element("input", type="date", min="1980-01-01", max="2100-01-01")),
        # A day may have been chosen before this runs, and Gradio may draw the field anew.
        js_on_load="""
            const read = () => {
                const day = element.querySelector("input").value;
                if (day !== (props.value || "")) props.value = day;
            };
            element.addEventListener("change", read);
            read();
        """,
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes="date-field",
    )


def day_from(text: str | None) -> date | None:
    """Return the day of a date field, None where it is empty or no day."""
    try:
        return date.fromisoformat((text or "").strip())
    except ValueError:
        return None
