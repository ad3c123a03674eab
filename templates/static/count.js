// Says below a long answer how many characters are left, for each field that has a
// data-count. Without this file the hint above the field says how many there may
// be, and the server counts. What is seen changes with each key; what is read out
// waits until the writer pauses, or a screen reader would never fall silent.

const pause = 1000; // milliseconds

class Count {
  constructor(texts) {
    this.texts = texts;
    this.area = document.getElementById(texts.dataset.count);
    this.max = Number(texts.dataset.max);
    this.plural = new Intl.PluralRules(document.documentElement.lang || "en");
    this.seen = document.createElement("p");
    this.seen.className = "hint";
    this.seen.setAttribute("aria-hidden", "true");
    this.heard = document.createElement("p");
    this.heard.className = "away";
    this.heard.setAttribute("role", "status");
    texts.after(this.seen, this.heard);
    this.area.addEventListener("input", () => this.show());
    // A browser that goes back brings the answer with it.
    addEventListener("pageshow", () => { this.seen.textContent = this.words(); });
    this.seen.textContent = this.words();
  }

  // words counts as the server does: characters, not the units of UTF-16, and none
  // for the blanks around them.
  words() {
    const left = this.max - [...this.area.value.trim()].length;
    const which = left < 0 ? "over" : "left";
    const n = Math.abs(left);
    const text = this.texts.querySelector(`[data-${which}="${this.plural.select(n)}"]`) || this.texts.querySelector(`[data-${which}="other"]`);
    const digits = [...this.texts.dataset.digits];
    return text.textContent.replace("#", String(n).replace(/[0-9]/g, d => digits[d] || d));
  }

  show() {
    this.seen.textContent = this.words();
    clearTimeout(this.waits);
    this.waits = setTimeout(() => { this.heard.textContent = this.words(); }, pause);
  }
}

for (const texts of document.querySelectorAll("[data-count]")) new Count(texts);
