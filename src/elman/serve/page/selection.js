// Which word has the focus and which words are selected: by arrows, Shift+arrows, click and drag.

export class Selection {
  constructor(changed) {
    this.changed = changed;
    this.reset(null);
  }

  /** Take a new sentence element; the focus goes to a word of it. */
  reset(sentence, focus = 0) {
    this.sentence = sentence;
    this.tokens = sentence ? [...sentence.children] : [];
    this.focus = Math.min(focus, Math.max(0, this.tokens.length - 1));
    this.anchor = this.focus;
    this.explicit = false; // whether words were selected, if only one
    this.dragging = false;
    if (!sentence) return;
    sentence.addEventListener("pointerdown", (event) => this.press(event));
    sentence.addEventListener("pointerover", (event) => this.drag(event));
    sentence.addEventListener("dblclick", () => this.moveTo(this.focus, true));
    this.paint();
  }

  /** Return the selected words, end exclusive. */
  get range() {
    return { start: Math.min(this.anchor, this.focus), end: Math.max(this.anchor, this.focus) + 1 };
  }

  moveTo(i, extend = false) {
    this.focus = Math.max(0, Math.min(i, this.tokens.length - 1));
    if (!extend) this.anchor = this.focus;
    this.explicit = extend;
    this.paint();
    this.tokens[this.focus]?.focus({ preventScroll: false });
    this.changed();
  }

  /** Move by words: 1 is the next word, which is to the left where the text runs to the left. */
  moveBy(step, extend) {
    this.moveTo(this.focus + step, extend);
  }

  get leftward() {
    return this.sentence !== null && getComputedStyle(this.sentence).direction === "rtl";
  }

  paint() {
    const { start, end } = this.range;
    this.tokens.forEach((token, i) => {
      token.tabIndex = i === this.focus ? 0 : -1;
      token.setAttribute("aria-selected", String(this.explicit && i >= start && i < end));
    });
  }

  place(event) {
    const token = event.target.closest?.(".token");
    return token ? Number(token.dataset.i) : null;
  }

  press(event) {
    const i = this.place(event);
    if (i === null || event.button !== 0) return;
    event.preventDefault();
    if (event.target.hasPointerCapture?.(event.pointerId)) event.target.releasePointerCapture(event.pointerId);
    this.dragging = true;
    window.addEventListener("pointerup", () => { this.dragging = false; }, { once: true });
    this.moveTo(i, event.shiftKey);
  }

  drag(event) {
    const i = this.place(event);
    if (this.dragging && event.buttons && i !== null && i !== this.focus) this.moveTo(i, true);
  }
}
