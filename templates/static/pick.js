// A list that can be searched by writing, made of each select that has
// data-pick. Without this file the select itself is there and does the same
// work. The pattern is the one of an editable combobox with a list (ARIA
// Authoring Practices): the focus stays in the input, the arrows walk through
// the list, Enter takes an answer, Escape closes the list.

function fold(text) {
  return text.normalize("NFKD").replace(/[\u0300-\u036f\u200c\u200d]/g, "").replace(/ي/g, "ی").replace(/ك/g, "ک").toLowerCase().trim();
}

class Pick {
  constructor(select) {
    this.select = select;
    this.at = -1;
    this.input = this.make("input", { type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", dir: "auto",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": select.id + "-list" });
    for (const name of ["aria-describedby", "aria-required", "aria-invalid"]) {
      if (select.hasAttribute(name)) this.input.setAttribute(name, select.getAttribute(name));
    }
    this.list = this.make("ul", { role: "listbox", id: select.id + "-list", hidden: "" });
    this.status = this.make("p", { class: "away", role: "status" });
    this.box = this.make("div", { class: "pick" });
    this.label = document.querySelector(`label[for="${select.id}"]`);
    if (this.label) {
      this.label.id = this.label.id || select.id + "-label";
      this.list.setAttribute("aria-labelledby", this.label.id);
    }
    // The input takes the id, so that labels and links to the field find it.
    this.input.id = select.id;
    select.id += "-plain";
    select.hidden = true;
    this.box.append(this.input, this.list, this.status);
    select.before(this.box);
    this.input.value = this.chosen() ? this.chosen().text : "";
    this.listen();
  }

  make(name, attributes) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  answers() { return [...this.select.options].filter(o => o.value !== ""); }

  chosen() { return this.answers().find(o => o.selected); }

  listen() {
    this.input.addEventListener("input", () => this.open(this.input.value));
    this.input.addEventListener("click", () => { if (this.list.hidden) this.open(""); });
    this.input.addEventListener("keydown", event => this.key(event));
    this.input.addEventListener("blur", () => { this.settle(); this.close(); });
    // A browser that goes back restores the select, and the input is ours to set.
    addEventListener("pageshow", () => { this.input.value = this.chosen() ? this.chosen().text : this.input.value; });
    this.list.addEventListener("mousedown", event => {
      event.preventDefault(); // or the input would lose the focus first
      const item = event.target.closest("[role=option]");
      if (item) this.take(this.shown[[...this.list.children].indexOf(item)]);
    });
  }

  open(written) {
    const wanted = fold(written);
    this.shown = this.answers().filter(o => fold(o.text).includes(wanted));
    this.list.replaceChildren(...this.shown.map((o, i) => {
      const item = this.make("li", { role: "option", id: this.list.id + "-" + i, "aria-selected": "false" });
      if (o.lang) item.lang = o.lang;
      if (o.dir) item.dir = o.dir;
      item.textContent = o.text;
      return item;
    }));
    this.list.hidden = this.shown.length === 0;
    this.input.setAttribute("aria-expanded", String(!this.list.hidden));
    const { none, found } = this.select.dataset;
    this.status.textContent = this.shown.length === 0 ? none : found.replace("#", this.shown.length);
    this.move(-1);
  }

  close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.move(-1);
  }

  move(to) {
    this.at = to;
    [...this.list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === to)));
    const item = this.list.children[to];
    if (!item) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", item.id);
    item.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (this.list.hidden) this.open("");
      const n = this.shown.length;
      if (n > 0) this.move(this.at < 0 && step < 0 ? n - 1 : (this.at + step + n) % n);
    } else if (event.key === "Enter" && !this.list.hidden) {
      event.preventDefault(); // it takes an answer, and does not send the form
      this.take(this.shown[Math.max(this.at, 0)]);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
    }
  }

  take(option) {
    option.selected = true;
    this.input.value = option.text;
    this.close();
  }

  // settle chooses what was written out in full, and nothing where nothing was.
  // What is like no answer is shown again as it was: an answer is never guessed.
  settle() {
    const written = fold(this.input.value);
    const same = this.answers().find(o => fold(o.text) === written);
    if (same) return this.take(same);
    this.select.selectedIndex = this.select.options[0].value === "" ? 0 : -1;
  }
}

for (const select of document.querySelectorAll("select[data-pick]")) new Pick(select);
