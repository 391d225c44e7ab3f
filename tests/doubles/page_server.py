"""The page with the scripted assistant, served in a process of its own: python -m tests.doubles.page_server.

Prints its address when it answers. Any attempt of the process to reach another machine fails and is printed as a line
that begins with OUTSIDE. Lines on standard input set the pace: ``PREFILL_SECONDS SENTENCE_SECONDS``.
"""

from __future__ import annotations

import os
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

LOOPBACK = ("127.0.0.1", "::1", "localhost", "")


def block_the_network() -> None:
    """Let sockets reach this machine only."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and address[0] not in LOOPBACK:
            _say(f"OUTSIDE connect {address}")
            raise OSError(f"blocked: {address}")
        connect(self, address)

    def guarded_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host
        if name is not None and name not in LOOPBACK and name != socket.gethostname():
            _say(f"OUTSIDE look-up {host}")
            raise OSError(f"blocked: {host}")
        return look_up(host, *rest, **named)

    socket.socket.connect = guarded_connect  # type: ignore[method-assign,assignment]  # the point of this module
    socket.getaddrinfo = guarded_look_up


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    block_the_network()
    from assistant.opening import Progress, open_search
    from assistant.settings import Settings
    from assistant.web.desk import Desk
    from assistant.web.serving import Place, app_for, listen, own_upload_folder
    from tests.doubles.scripted_assistant import ScriptedAssistant, lawbook

    listener = listen(Place("127.0.0.1", None, 17860))
    port = listener.getsockname()[1]
    assistants = {language: ScriptedAssistant(language) for language in ("zh", "en")}

    def set_pace() -> None:
        for line in sys.stdin:
            prefill, sentence = map(float, line.split())
            for assistant in assistants.values():
                assistant.prefill_seconds, assistant.sentence_seconds = prefill, sentence
            _say("PACE")

    with tempfile.TemporaryDirectory() as home, own_upload_folder():
        from assistant.web.page import Office

        settings = Settings(home=Path(home), index=Path(home) / "index")
        # Choosing a model writes the settings file: here one of its own, and no settings of the machine's user.
        os.environ["FAJU_SETTINGS"] = str(Path(home) / "settings.toml")

        def opening(progress: Progress) -> dict[str, ScriptedAssistant]:
            index = open_search(settings, progress)
            for assistant in assistants.values():
                assistant.index, assistant.settings = index, settings
            return assistants

        desk = Desk(opening)
        desk.start()
        desk.when_ready(60)
        app = app_for(Office(desk, lawbook(), settings), "127.0.0.1", port)
        import uvicorn

        server = uvicorn.Server(uvicorn.Config(app, log_level="error", ws="none", timeout_graceful_shutdown=1))
        threading.Thread(target=set_pace, daemon=True).start()
        _say(f"http://127.0.0.1:{port}/")
        server.run(sockets=[listener])


if __name__ == "__main__":
    main()
