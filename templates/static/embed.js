// Shows forms of this post room in a page: <a data-postroom href="…/f/NAME">.
// Without this script the link leads to the form.
(function () {
  "use strict";
  var home = new URL(document.currentScript.src).origin;

  function show(link) {
    var at = new URL(link.href);
    if (at.origin !== home || !/^\/f\/[^/]+$/.test(at.pathname)) return;
    at.pathname = at.pathname.replace("/f/", "/embed/");
    var frame = document.createElement("iframe");
    frame.src = at.href;
    frame.title = link.dataset.title || link.textContent.trim();
    frame.dataset.postroom = "";
    frame.style.cssText = "display:block;width:100%;height:50rem;border:0";
    link.replaceWith(frame);
  }

  function find() { document.querySelectorAll("a[data-postroom]").forEach(show); }

  // A frame of ours says how high its page is; nobody else is believed.
  addEventListener("message", function (e) {
    if (e.origin !== home || !e.data || typeof e.data.postroom !== "number") return;
    document.querySelectorAll("iframe[data-postroom]").forEach(function (frame) {
      if (frame.contentWindow !== e.source) return;
      frame.style.height = Math.min(Math.max(e.data.postroom, 100), 20000) + "px";
      // After a form was sent, what comes next begins at the top of the frame.
      if (e.data.first && frame.seen && frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
      frame.seen = true;
    });
  });

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", find);
  else find();
})();
