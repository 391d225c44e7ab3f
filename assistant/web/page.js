/* What happens on the page without asking the server: a mark opens its source, an answer is copied or saved.
   One listener on the document serves everything, since Gradio redraws answers while they stream in. */
(() => {
  "use strict";
  let openedBy = null;

  /* Gradio calls every page by the browser's language; screen readers and the shapes of characters need the page's. */
  const root = document.documentElement;
  const language = root.lang;
  new MutationObserver(() => { if (root.lang !== language) root.lang = language; })
    .observe(root, { attributes: true, attributeFilter: ["lang"] });

  /* Gradio names its upload buttons in English for screen readers, whatever stands on them. */
  function nameUploads() {
    document.querySelectorAll("button.upload-container[aria-label]").forEach((button) => {
      const words = button.innerText.replace(/\s+/g, " ").trim();
      if (words && button.ariaLabel !== words) button.ariaLabel = words;
    });
  }

  /* A new question comes to the top of the window once; from then on the reader scrolls, not the page. */
  let lastTurn = "";
  new MutationObserver(() => {
    nameUploads();
    const turn = document.querySelector("#running .turn");
    const id = turn ? turn.id : "";
    if (id === lastTurn) return;
    lastTurn = id;
    if (!turn) return;
    turn.scrollIntoView({ block: "start" });
  }).observe(root, { childList: true, subtree: true });

  const panel = () => document.getElementById("panel");

  function openPanel(button) {
    const card = document.getElementById(button.dataset.card);
    const side = panel();
    if (!card || !side) return;
    const body = document.getElementById("panel-body");
    body.replaceChildren(...Array.from(card.childNodes, (node) => node.cloneNode(true)));
    document.getElementById("panel-title").textContent = `${side.dataset.title} ${card.dataset.number}`;
    side.hidden = false;
    document.body.classList.add("panel-open");
    markCurrent(button);
    const quoted = body.querySelector("mark");
    side.scrollTop = 0;
    if (quoted && quoted.offsetTop + quoted.offsetHeight > side.clientHeight) {
      side.scrollTop = quoted.offsetTop - side.clientHeight / 3;
    }
    document.getElementById("panel-title").focus({ preventScroll: true });
  }

  function markCurrent(button) {
    document.querySelectorAll("[data-card].current").forEach((other) => other.classList.remove("current"));
    if (button) button.classList.add("current");
    openedBy = button;
  }

  function closePanel() {
    const side = panel();
    if (!side || side.hidden) return;
    side.hidden = true;
    document.body.classList.remove("panel-open");
    /* The answer may have been redrawn since; its mark has the same card. */
    const again = openedBy && (openedBy.isConnected ? openedBy : document.querySelector(`[data-card="${openedBy.dataset.card}"]`));
    markCurrent(null);
    (again || document.querySelector("#question textarea"))?.focus();
  }

  function markdownOf(button) {
    return button.closest(".actions").querySelector(".markdown").textContent;
  }

  function say(button) {
    const said = button.closest(".actions").querySelector(".said");
    said.textContent = said.dataset.done;
    setTimeout(() => { said.textContent = ""; }, 2000);
  }

  async function copy(button) {
    const text = markdownOf(button);
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      /* No clipboard on a page that is not 127.0.0.1 or encrypted: the old way. */
      const area = document.createElement("textarea");
      area.value = text;
      document.body.append(area);
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    say(button);
  }

  function save(name, content, type) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  /* A file made on the server comes as base64 and is saved by the browser; the server keeps none. */
  window.fajuSave = (file) => {
    if (!file) return;
    const bytes = Uint8Array.from(atob(file.content), (character) => character.charCodeAt(0));
    save(file.name, bytes, file.type);
  };

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const opener = target.closest("[data-card]");
    if (opener) { openPanel(opener); return; }
    if (target.closest("#panel-close")) { closePanel(); return; }
    const vote = target.closest("[data-helpful]");
    if (vote) {
      const votes = vote.closest(".actions").querySelectorAll("[data-helpful]");
      votes.forEach((each) => each.setAttribute("aria-pressed", String(each === vote)));
    }
    const action = target.closest("[data-act]");
    if (action && action.dataset.act === "copy") copy(action);
    if (action && action.dataset.act === "save") save(action.dataset.name, markdownOf(action), "text/markdown");
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closePanel();
  });

  /* The Enter that takes a word from a Chinese input method is not the Enter that sends the question. Some browsers
     mark it as composing, some only by the number 229; Gradio looks at neither. */
  function ignoreComposing(event) {
    if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopImmediatePropagation();
  }
  document.addEventListener("keydown", ignoreComposing, true);
  document.addEventListener("keypress", ignoreComposing, true);
})();
