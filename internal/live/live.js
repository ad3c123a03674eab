// Waits until what the page is made from has changed. The answer, when it comes, is
// a script that asks for the page anew; it is empty when nothing changed for long.
'use strict';
(() => {
  const since = document.currentScript.dataset.since;
  const wait = () => {
    const answer = document.createElement('script');
    answer.src = '/live/changes.js?since=' + encodeURIComponent(since);
    answer.onload = () => { answer.remove(); wait(); };
    answer.onerror = () => { answer.remove(); setTimeout(wait, 1000); }; // the program is away
    document.head.append(answer);
  };
  // After the page is whole, which would else seem to be loading for ever.
  if (document.readyState === 'complete') wait(); else window.addEventListener('load', wait);
})();
