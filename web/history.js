// Undo and redo of parameter changes: earlier states of the lab, as permalink texts.

import { key_name } from './dom.js';

const most = 200;

export class History {
  /** @type {string[]} */
  #states = [];
  #at = -1;

  /**
   * go(query): restores that state of the lab.
   * @param {(query: string) => void} go
   */
  constructor(go) {
    this.go = go;
  }

  /**
   * Records the lab's current state.
   * @param {string} query
   */
  note(query) {
    if (query === this.#states[this.#at]) return;
    this.#states.splice(this.#at + 1, Infinity, query);
    if (this.#states.length > most) this.#states.shift();
    this.#at = this.#states.length - 1;
  }

  can_undo() {
    return this.#at > 0;
  }

  can_redo() {
    return this.#at + 1 < this.#states.length;
  }

  undo() {
    if (this.can_undo()) this.go(this.#states[--this.#at]);
  }

  redo() {
    if (this.can_redo()) this.go(this.#states[++this.#at]);
  }

  /**
   * Ctrl+Z and Ctrl+Shift+Z (or Ctrl+Y), except where they belong to a text field.
   * @param {KeyboardEvent} event
   */
  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented) return;
    if (event.target instanceof Element && event.target.closest('input, select, textarea')) return;
    const key = key_name(event);
    if (key !== 'z' && key !== 'y') return;
    event.preventDefault();
    if (key === 'y' || event.shiftKey) this.redo();
    else this.undo();
  }
}
