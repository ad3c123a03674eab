// Leaves a page at once, and leaves no way back to it in the history. Without
// this the link does the same, but for the history.
"use strict";
for (const way of document.querySelectorAll("a[data-leave]")) {
  way.addEventListener("click", (event) => {
    event.preventDefault();
    document.documentElement.hidden = true;
    document.title = "";
    location.replace(way.href);
  });
}
