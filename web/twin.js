// The accessible twin: the whole lab as ordinary page elements. It holds no state of its own: every
// control calls the same App action as the drawing, and shows what App::state_json() says.
import { element, set_text } from './dom.js';

const live_interval_s = 10;

const buttons = [
  ['run', 'Run'],
  ['pause', 'Pause'],
  ['step', 'Step'],
  ['reset', 'Reset'],
];

/** Which buttons do something in a state. */
const enabled = {
  run: (state) => state !== 'running',
  pause: (state) => state === 'running',
  step: (state) => state !== 'running',
  reset: (state) => state !== 'ready',
};

const sentence = (text) => text.replace(/^./, (first) => first.toUpperCase()).replace(/[^.?!]$/, '$&.');
const is_list = (kind) => kind.endsWith('list') || kind.endsWith('tuple');

/** One labelled control for a parameter: {row, show(text, locked), note(sentence)}. */
function parameter_control(parameter, commit) {
  const id = `parameter_${parameter.name}`;
  const help = element('p', { class: 'help', id: `${id}_help` });
  const note = element('p', { class: 'changed', id: `${id}_note`, role: 'status' });
  const described = `${id}_help ${id}_note`;
  const unit = parameter.unit ? ` (${parameter.unit})` : '';
  const symbol = parameter.symbol ? ` ${parameter.symbol}` : '';
  const title = `${parameter.label}${symbol}${unit}`;
  help.textContent = `${sentence(parameter.help)} Allowed: ${parameter.allowed}.`;

  const labels = (choices) => choices.map(({ name, label }) => [name, label || name]);
  let control;
  let show;
  if (parameter.kind === 'choice') {
    control = element(
      'select',
      { id, 'aria-describedby': described, onchange: () => commit(control.value) },
      ...labels(parameter.choices).map(([value, text]) => element('option', { value }, text)),
    );
    show = (text, locked) => {
      control.value = text;
      control.disabled = locked;
    };
  } else if (parameter.kind === 'choice-list') {
    const boxes = labels(parameter.choices).map(([value, text]) => {
      const box = element('input', { type: 'checkbox', value, onchange: () => checked() });
      return [box, element('label', { class: 'check' }, box, text)];
    });
    const checked = () =>
      commit(boxes.flatMap(([box]) => (box.checked ? [box.value] : [])).join(','));
    control = element('fieldset', { 'aria-describedby': described },
      element('legend', {}, title), ...boxes.map(([, label]) => label));
    show = (text, locked) => {
      const chosen = text.split(',');
      for (const [box] of boxes) box.checked = chosen.includes(box.value);
      control.disabled = locked;
    };
  } else {
    const offered = parameter.choices?.length ? `${id}_offered` : undefined;
    control = element('input', {
      id,
      type: 'text',
      inputmode: parameter.kind === 'integer' ? 'numeric' : 'text',
      list: offered,
      autocomplete: 'off',
      spellcheck: 'false',
      'aria-describedby': described,
      onchange: () => commit(control.value),
    });
    if (offered) {
      help.append(element('datalist', { id: offered },
        ...parameter.choices.map(({ name, label }) => element('option', { value: name }, label))));
    }
    show = (text, locked) => {
      if (document.activeElement !== control || control.dataset.shown === control.value) {
        control.value = text;
      }
      control.dataset.shown = text;
      control.disabled = locked;
    };
  }
  const label = parameter.kind === 'choice-list' ? undefined : element('label', { for: id }, title);
  const row = element('div', { class: is_list(parameter.kind) ? 'field wide' : 'field' },
    label, control, help, note);
  const say = (changed) => {
    set_text(note, changed);
    const field = control.matches('fieldset') ? undefined : control;
    if (changed && field) field.value = field.dataset.shown ?? field.value;
  };
  return { row, show, note: say };
}

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

function claim_element({ id, statement, status, evidence, judged }) {
  return element('li', {},
    element('strong', { class: `verdict ${status}` }, status.replace('-', ' ')), ` ${id}. ${statement} `,
    element('span', { class: 'evidence' }, evidence),
    element('span', { class: 'evidence judged' }, judged));
}

export class Twin {
  #controls = new Map();
  #experiment = '';
  #said = { sentence: '', state: '', at: -Infinity };

  /**
   * body: where the controls go; details: what opens and closes them; live: the polite sentence;
   * experiments: of experiments_json(); act(action, name, value): returns the sentence to show.
   */
  constructor({ body, details, live, experiments, act }) {
    Object.assign(this, { body, details, live, experiments, act });
    this.selects = element('div', { class: 'fields' });
    this.experiment = this.#select('Experiment', 'experiment',
      experiments.map(({ id, family, title }) => [id, `${family}: ${title}`]));
    this.preset = this.#select('Preset', 'preset', []);
    this.bar = element('div', { class: 'bar', role: 'group', 'aria-label': 'Run' });
    this.buttons = Object.fromEntries(buttons.map(([action, label]) => {
      const button = element('button', { type: 'button', onclick: () => act(action, '', ''),
        'data-action': action }, label);
      return [action, button];
    }));
    this.progress = element('progress', { max: '1', value: '0', 'aria-label': 'Progress of the run' });
    this.status = element('p', { class: 'status' });
    this.bar.append(...Object.values(this.buttons), this.progress, this.status);
    this.parameters = element('div', { class: 'fields' });
    this.notes = element('ul', { class: 'notes', 'aria-label': 'Notes' });
    this.claims = element('ul', { class: 'claims' });
    this.tables = element('div', {});
    const save = (format, label) =>
      element('button', { type: 'button', onclick: () => act('save', '', format) }, label);
    this.files = element('div', { class: 'bar' }, save('csv', 'Save CSV'), save('json', 'Save JSON'),
      element('button', { type: 'button', onclick: () => act('copy-link', '', '') }, 'Copy link'));
    const compare = (action, label) =>
      element('button', { type: 'button', 'data-action': action, onclick: () => act(action, '', '') }, label);
    this.keep = compare('keep', 'Keep to compare');
    this.forget = compare('forget', 'Forget kept results');
    this.files.append(this.keep, this.forget);
    body.append(
      this.selects, this.bar, this.notes,
      element('h3', {}, 'Parameters'), this.parameters,
      element('h3', {}, 'Claims'), this.claims,
      element('h3', {}, 'Results'), this.tables, this.files);
  }

  #select(label, action, options) {
    const id = `twin_${action}`;
    const select = element('select', { id, onchange: () => this.act(action, '', select.value) });
    this.#fill(select, options);
    this.selects.append(element('div', { class: 'field' },
      element('label', { for: id }, label), select));
    return select;
  }

  #fill(select, options) {
    select.replaceChildren(...options.map(([value, text]) => element('option', { value }, text)));
  }

  #show_experiment(experiment) {
    if (this.#experiment === experiment.id) return;
    this.#experiment = experiment.id;
    this.#fill(this.preset, [['', 'own values'],
      ...experiment.presets.map(({ name, label }) => [name, label])]);
    this.#controls.clear();
    const add = (parameter, action) => {
      const control = parameter_control(parameter,
        (text) => control.note(this.act(action, parameter.name, text)));
      this.#controls.set(parameter.name, control);
      return control.row;
    };
    const seed = { name: 'seed', label: 'Seed', symbol: '', unit: '', kind: 'integer',
      help: 'Names the random numbers: the same seed gives the same result.',
      allowed: '0 to 9007199254740991' };
    this.parameters.replaceChildren(
      ...experiment.parameters.map((parameter) => add(parameter, 'parameter')), add(seed, 'seed'));
  }

  /** The polite sentence: at once when something happened, rarely while numbers only grow. */
  #speak(state) {
    const now = performance.now() / 1000;
    const said = this.#said;
    const happened = state.state !== said.state || state.experiment !== said.experiment;
    if (!happened && (state.state === 'running') && now - said.at < live_interval_s) return;
    const sentence = state.status;
    if (sentence === said.sentence) return;
    this.#said = { sentence, state: state.state, experiment: state.experiment, at: now };
    set_text(this.live, sentence);
  }

  update(state) {
    this.#speak(state);
    if (!this.details.open) return;
    const experiment = this.experiments.find(({ id }) => id === state.experiment);
    this.#show_experiment(experiment);
    const locked = (name) => state.locked.includes(name);
    this.experiment.value = state.experiment;
    this.experiment.disabled = locked('experiment');
    this.preset.value = state.preset;
    this.preset.disabled = locked('preset');
    for (const [action, button] of Object.entries(this.buttons)) {
      // A live experiment needs no run; Reset brings its preset back.
      button.hidden = state.live && action !== 'reset';
      button.disabled = state.live ? state.preset !== '' : !enabled[action](state.state);
    }
    this.keep.disabled = !state.can_keep;
    this.forget.disabled = state.kept.length === 0;
    this.progress.hidden = state.live;
    this.progress.value = state.fraction;
    this.body.dataset.state = state.state;
    set_text(this.status, state.status);
    for (const [name, { show }] of this.#controls) {
      show(name === 'seed' ? String(state.seed) : state.params[name], locked(name));
    }
    this.#list(this.notes, state.notes, (note) => element('li', {}, note));
    this.#list(this.claims, state.claims, claim_element, 'Judged when the run has results.');
    this.#list(this.tables, state.tables, table_element, 'No result yet.');
  }

  /** Makes the children anew only when their data changed, so that focus and selection survive. */
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
