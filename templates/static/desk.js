// What makes the desk quicker with a keyboard. Every page works without it.
//
// j and k go down and up a list, Enter opens, / goes to the search, g then t, i,
// p or c goes to Today, Inbox, People or Calls, ? shows the keys. Nothing happens
// while somebody types, or holds a modifier key, or has switched the keys off
// (WCAG 2.2, 2.1.4: whoever speaks to their computer sets off single keys).
"use strict";

(() => {
  const links = () => [...document.querySelectorAll(".items .item :is(h2, h3) a")];
  const places = { t: "/desk/today", i: "/desk/inbox", p: "/desk/people", c: "/desk/calls" };
  let going = false;

  const typing = (at) => at.isContentEditable || /^(input|textarea|select)$/i.test(at.tagName);

  const move = (step) => {
    const all = links();
    const at = all.indexOf(document.activeElement);
    const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : at + step];
    if (next) {
      next.focus();
      next.scrollIntoView({ block: "nearest" });
    }
  };

  // On a phone the menu is wider than the window: show where one is.
  const here = document.querySelector(".rooms [aria-current]");
  if (here) here.closest("ul").scrollLeft = here.offsetLeft - (innerWidth - here.offsetWidth) / 2;

  // A newsletter that is being sent says how it stands, until it has come to its end
  // or the page is left.
  const live = document.querySelector("[data-live]");
  if (live && window.EventSource) {
    const source = new EventSource(live.dataset.live);
    source.addEventListener("message", (event) => { live.innerHTML = event.data; });
    source.addEventListener("end", () => { source.close(); location.reload(); });
    addEventListener("pagehide", () => source.close());
  }

  // The choice is the browser's own. Where it may keep nothing, keys are on.
  const kept = {
    get off() { try { return localStorage.getItem("keys") === "off"; } catch { return false; } },
    set off(yes) { try { localStorage.setItem("keys", yes ? "off" : "on"); } catch { /* until the page is left */ } },
  };
  let off = kept.off;
  const box = document.getElementById("keys-off");
  if (box) {
    document.getElementById("keys-choice").hidden = false;
    box.checked = off;
    box.addEventListener("change", () => { kept.off = off = box.checked; });
  }

  document.addEventListener("keydown", (event) => {
    if (off || typing(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (going) {
      going = false;
      if (places[event.key]) location.href = places[event.key];
      return;
    }
    switch (event.key) {
      case "j": move(1); break;
      case "k": move(-1); break;
      case "g": going = true; break;
      case "/": {
        const search = document.querySelector("input[type=search]");
        if (!search) return;
        event.preventDefault();
        search.focus();
        break;
      }
      case "?": {
        const keys = document.getElementById("keys");
        if (keys) keys.toggleAttribute("open");
      }
    }
  });

  // A button that was pressed once is not pressed again while its answer is on
  // the way. The server would do it once all the same.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });

  // What looks again by itself does so only while somebody sees it and is not in
  // the middle of it, and never puts another page in its place: whoever was signed
  // out meanwhile signs in again.
  document.addEventListener("htmx:beforeRequest", (event) => {
    const at = event.detail.elt;
    if (!/^every/.test(at.getAttribute("hx-trigger"))) return;
    if (document.hidden || at.contains(document.activeElement)) event.preventDefault();
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const from = event.detail.xhr.responseURL;
    if (!from || new URL(from).pathname !== "/desk/sign-in") return;
    event.preventDefault();
    location.reload();
  });

  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((f) => delete f.dataset.sent));
})();
