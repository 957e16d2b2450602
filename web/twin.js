// The accessible twin: the whole lab as ordinary page elements. It holds no state of its own: every
// control calls the same App action as the drawing, and shows what App::state_json() says.
import { element, set_text } from './dom.js';

const live_interval_s = 10;

/** @param {string} text */
const sentence = (text) => text.replace(/^./, (first) => first.toUpperCase()).replace(/[^.?!]$/, '$&.');
/** @param {string} kind */
const is_wide = (kind) => /list$|tuple$|^text$/.test(kind);

/**
 * One labelled control for a parameter.
 * @typedef {{ row: HTMLElement, show(text: string, locked: boolean): void, note(sentence: string): void }} Control
 * @param {Parameter} parameter
 * @param {(text: string) => void} commit
 * @returns {Control}
 */
function parameter_control(parameter, commit) {
  const id = `parameter_${parameter.name}`;
  const help = element('p', { class: 'help', id: `${id}_help` });
  const note = element('p', { class: 'changed', id: `${id}_note`, role: 'status' });
  const described = `${id}_help ${id}_note`;
  const unit = parameter.unit ? ` (${parameter.unit})` : '';
  const symbol = parameter.symbol ? ` ${parameter.symbol}` : '';
  const title = `${parameter.label}${symbol}${unit}`;
  help.textContent = `${sentence(parameter.help)} Allowed: ${parameter.allowed}.`;

  const parts = parameter.kind === 'choice' ? choice_parts(id, described, parameter, commit)
    : parameter.kind === 'choice-list' ? choice_list_parts(title, described, parameter, commit)
      : text_parts(id, described, parameter, commit);
  help.append(...parts.offered);
  const label = parameter.kind === 'choice-list' ? undefined : element('label', { for: id }, title);
  const row = element('div', { class: is_wide(parameter.kind) ? 'field wide' : 'field', 'data-parameter': parameter.name },
    label, parts.control, help, note);
  return { row, show: parts.show, note: (changed) => {
    set_text(note, changed);
    if (changed) parts.restore();
  } };
}

/**
 * control: the element; show: sets its value; restore: shows its last value again; offered: nodes after
 * its help.
 * @typedef {{ control: HTMLElement, show: Control['show'], restore(): void, offered: Node[] }} Parts
 */

/** @param {Parameter} parameter @returns {[string, string][]} */
const labels = ({ choices }) => choices.map(({ name, label }) => [name, label || name]);

/**
 * @param {string} id @param {string} described @param {Parameter} parameter
 * @param {(text: string) => void} commit @returns {Parts}
 */
function choice_parts(id, described, parameter, commit) {
  const control = element(
    'select',
    { id, 'aria-describedby': described, onchange: () => commit(control.value) },
    ...labels(parameter).map(([value, text]) => element('option', { value }, text)),
  );
  let shown = '';
  return { control, offered: [],
    restore: () => { control.value = shown; },
    show: (text, locked) => {
      shown = text;
      control.value = text;
      control.disabled = locked;
    } };
}

/**
 * @param {string} title @param {string} described @param {Parameter} parameter
 * @param {(text: string) => void} commit @returns {Parts}
 */
function choice_list_parts(title, described, parameter, commit) {
  const boxes = labels(parameter).map(([value]) =>
    element('input', { type: 'checkbox', value, onchange: () => checked() }));
  const checked = () => commit(boxes.filter((box) => box.checked).map((box) => box.value).join(','));
  const control = element('fieldset', { 'aria-describedby': described }, element('legend', {}, title),
    ...labels(parameter).map(([, text], i) => element('label', { class: 'check' }, boxes[i], text)));
  return { control, offered: [],
    restore: () => {},
    show: (text, locked) => {
      const chosen = text.split(',');
      for (const box of boxes) box.checked = chosen.includes(box.value);
      control.disabled = locked;
    } };
}

/**
 * @param {string} id @param {string} described @param {Parameter} parameter
 * @param {(text: string) => void} commit @returns {Parts}
 */
function text_parts(id, described, parameter, commit) {
  const list = parameter.choices.length > 0 ? `${id}_offered` : undefined;
  const control = element('input', {
    id,
    type: 'text',
    maxlength: parameter.max_length,
    inputmode: parameter.kind === 'integer' ? 'numeric' : 'text',
    list,
    autocomplete: 'off',
    spellcheck: 'false',
    'aria-describedby': described,
    // What a formula means, and what is wrong with it, is shown while it is typed.
    [parameter.kind === 'text' ? 'oninput' : 'onchange']: () => commit(control.value),
  });
  const offered = list ? [element('datalist', { id: list },
    ...parameter.choices.map(({ name, label }) => element('option', { value: name }, label)))] : [];
  /** @type {string | undefined} */
  let shown;
  return { control, offered,
    // A faulty formula stays, with its sentence, so that its author can mend it.
    restore: () => { if (parameter.kind !== 'text') control.value = shown ?? control.value; },
    show: (text, locked) => {
      const kept = parameter.kind === 'text' && text === shown;
      const typed = document.activeElement === control && shown !== control.value;
      if (!kept && !typed) control.value = text;
      shown = text;
      control.disabled = locked;
    } };
}

/** @param {Table} table */
function table_element(table) {
  const head = element('tr', {},
    ...table.columns.map(({ name, label }) =>
      element('th', { scope: 'col', 'data-column': name }, label || name)));
  const rows = table.rows.map((row) =>
    element('tr', {}, ...row.map(({ text, exact }) => element('td', { title: exact }, text))));
  const left_out = table.row_count - rows.length;
  const long = rows.length > 30; // a matrix
  return element('div', { class: long ? 'table long' : 'table', tabindex: '0', role: 'region', 'aria-label': table.caption },
    element('table', { 'data-name': table.name },
      element('caption', {}, table.caption || table.name),
      element('thead', {}, head), element('tbody', {}, ...rows)),
    left_out > 0 ? element('p', {}, `${left_out} more rows are in the saved CSV.`) : undefined);
}

/** @param {Claim} claim */
function claim_element({ id, statement, status, evidence, judged }) {
  return element('li', {},
    element('strong', { class: `verdict ${status}` }, status.replace('-', ' ')), ` ${id}. ${statement} `,
    element('span', { class: 'evidence' }, evidence),
    element('span', { class: 'evidence judged' }, judged));
}

/** @typedef {[value: string, text: string]} Option */

export class Twin {
  /** @type {Map<string, Control>} */
  #controls = new Map();
  #experiment = '';
  #said = { sentence: '', state: '', experiment: '', at: -Infinity };
  #place = { about: '', at: '' }; // of a walk, as it was said

  /**
   * body: container of the controls; details: the element that folds them; live: the polite live region;
   * act(action, name, value): returns the sentence to show.
   * @param {{ body: HTMLElement, details: HTMLDetailsElement, live: HTMLElement, contract: Contract,
   *   experiments: Experiment[], act(action: string, name: string, value: string): string }} given
   */
  constructor({ body, details, live, contract, experiments, act }) {
    this.body = body;
    this.details = details;
    this.live = live;
    this.seed = contract.seed;
    this.experiments = experiments;
    this.act = act;
    this.selects = element('div', { class: 'fields' });
    this.experiment = this.#select('Experiment', 'experiment',
      experiments.map(({ id, family, title }) => /** @type {Option} */ ([id, `${family}: ${title}`])));
    this.preset = this.#select('Preset', 'preset', []);
    this.figure = this.#select('Figure', 'figure', []);
    this.bar = element('div', { class: 'bar', role: 'group', 'aria-label': 'Run' });
    /** @type {Map<string, HTMLButtonElement>} */
    this.buttons = new Map(contract.actions.map(({ id, label, help }) => [id,
      element('button', { type: 'button', title: help, onclick: () => act(id, '', ''),
        'data-action': id }, label)]));
    this.progress = element('progress', { max: '1', value: '0', 'aria-label': 'Progress of the run' });
    this.status = element('p', { class: 'status' });
    const of_run = contract.actions.filter(({ message }) => message).map(({ id }) => this.buttons.get(id) ?? '');
    this.bar.append(...of_run, this.progress, this.status);
    this.parameters = element('div', { class: 'fields' });
    this.notes = element('ul', { class: 'notes', 'aria-label': 'Notes' });
    this.claims = element('ul', { class: 'claims' });
    this.tables = element('div', {});
    const files = contract.formats.filter(({ of_result }) => of_result).map(({ id, label, help }) =>
      element('button', { type: 'button', title: help, onclick: () => act('save', '', id) }, `Save ${label}`));
    this.files = element('div', { class: 'bar' }, ...files,
      ...['walk', 'copy-link', 'keep', 'forget'].map((id) => this.buttons.get(id) ?? ''));
    body.append(
      this.selects, this.bar, this.notes,
      element('h3', {}, 'Parameters'), this.parameters,
      element('h3', {}, 'Claims'), this.claims,
      element('h3', {}, 'Results'), this.tables, this.files);
  }

  /** @param {string} label @param {string} action @param {Option[]} options */
  #select(label, action, options) {
    const id = `twin_${action}`;
    const select = element('select', { id, onchange: () => this.act(action, '', select.value) });
    this.#fill(select, options);
    this.selects.append(element('div', { class: 'field' },
      element('label', { for: id }, label), select));
    return select;
  }

  /** @param {HTMLSelectElement} select @param {Option[]} options */
  #fill(select, options) {
    select.replaceChildren(...options.map(([value, text]) => element('option', { value }, text)));
  }

  /** @param {Experiment} experiment */
  #show_experiment(experiment) {
    if (this.#experiment === experiment.id) return;
    this.#experiment = experiment.id;
    this.#fill(this.preset, [['', 'own values'],
      ...experiment.presets.map(({ name, label }) => /** @type {Option} */ ([name, label]))]);
    this.#controls.clear();
    /** @type {(parameter: Parameter, action: string) => HTMLElement} */
    const add = (parameter, action) => {
      const control = parameter_control(parameter,
        (text) => control.note(this.act(action, parameter.name, text)));
      this.#controls.set(parameter.name, control);
      return control.row;
    };
    this.parameters.replaceChildren(
      ...experiment.parameters.map((parameter) => add(parameter, 'parameter')), add(this.seed, 'seed'));
  }

  /**
   * Says where a walk is if it has moved; a new figure is introduced.
   * @param {State['walk']} walk
   */
  #speak_place(walk) {
    const at = walk ? `${walk.series} ${walk.point}` : '';
    const fresh = walk?.about !== this.#place.about;
    if (!walk || (at === this.#place.at && !fresh)) return false;
    this.#place = { about: walk.about, at };
    set_text(this.live, fresh ? `${walk.about} ${walk.sentence}` : walk.sentence);
    return true;
  }

  /**
   * Updates the live region: at once after an event, rarely while only numbers change.
   * @param {State} state
   */
  #speak(state) {
    const now = performance.now() / 1000;
    const said = this.#said;
    if (this.#speak_place(state.walk)) return;
    const ended = !state.walk && this.#place.at;
    if (!state.walk) this.#place = { about: '', at: '' };
    const happened = ended || state.state !== said.state || state.experiment !== said.experiment;
    if (!happened && (state.walk || (state.state === 'running' && now - said.at < live_interval_s))) return;
    const sentence = state.status;
    if (sentence === said.sentence && !ended) return;
    this.#said = { sentence, state: state.state, experiment: state.experiment, at: now };
    set_text(this.live, sentence);
  }

  /** @param {State} state */
  update(state) {
    this.#speak(state);
    if (!this.details.open) return;
    const experiment = this.experiments.find(({ id }) => id === state.experiment);
    if (!experiment) return;
    this.#show_experiment(experiment);
    const locked = (/** @type {string} */ name) => state.page.locked.includes(name);
    this.experiment.value = state.experiment;
    this.experiment.disabled = locked('experiment');
    this.preset.value = state.preset;
    this.preset.disabled = locked('preset');
    if (this.figure.dataset.titles !== state.figures.join('\n')) {
      this.figure.dataset.titles = state.figures.join('\n');
      this.#fill(this.figure, state.figures.map((title, i) => /** @type {Option} */ ([String(i), title])));
    }
    this.figure.value = String(state.figure);
    /** @type {HTMLElement} */ (this.figure.parentElement).hidden = state.figures.length < 2;
    for (const [id, button] of this.buttons) {
      const now = state.actions.find((action) => action.id === id);
      button.hidden = !now;
      button.disabled = !now?.enabled;
      if (!now) continue;
      set_text(button, now.label);
      button.title = now.help;
    }
    this.progress.hidden = state.live;
    this.progress.value = state.fraction;
    this.body.dataset.state = state.state;
    set_text(this.status, state.status);
    for (const [name, { row, show }] of this.#controls) {
      row.hidden = state.idle.includes(name);
      show(name === 'seed' ? String(state.seed) : state.params[name], locked(name));
    }
    this.#list(this.notes, state.notes, (note) => element('li', {}, note));
    // What the settings cannot decide is one line.
    this.#list(this.claims, [...state.claims.filter(({ needy }) => !needy), ...state.needs],
      (one) => ('offer' in one ? this.#need_element(one, locked) : claim_element(one)), 'Judged when the run has results.');
    this.#list(this.tables, state.tables, table_element, 'No result yet.');
  }

  /** @param {OpenNeed} need @param {(name: string) => boolean} locked */
  #need_element({ sentence, offer, settings }, locked) {
    const offered = offer && !settings.some(([name]) => locked(name));
    return element('li', {}, `${sentence} `, offered ? element('button', { type: 'button',
      onclick: () => settings.forEach(([name, value]) => this.act('parameter', name, value)) }, offer) : undefined);
  }

  /**
   * Rebuilds the children only if their data changed, so that focus and selection survive.
   * @template Item
   * @param {HTMLElement} parent
   * @param {Item[]} items
   * @param {(item: Item) => HTMLElement} make
   */
  #list(parent, items, make, empty = '') {
    const key = JSON.stringify(items);
    if (parent.dataset.key === key) return;
    parent.dataset.key = key;
    const nothing = empty && items.length === 0;
    parent.replaceChildren(...(nothing
      ? [element(parent.matches('ul') ? 'li' : 'p', { class: 'empty' }, empty)]
      : items.map(make)));
  }
}
