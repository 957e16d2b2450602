// Ten thousand random inputs: self-contained functions for page.evaluate.

/** Opens ten thousand random permalinks in bare_app; the first few after which the state was none the schema allows. */
export async function open_random_permalinks() {
  const app = await globalThis.bare_app({ total: () => 1, free: () => 0, post: () => {} });
  call(app, '_app_open', '', '', 3e9);
  const { experiments } = JSON.parse(app.UTF8ToString(app._app_experiments()));
  const open = (query) => {
    call(app, '_app_open_query', query, '');
    return JSON.parse(app.UTF8ToString(app._app_state()));
  };
  let seed = 2024;
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const one_of = (list) => list[random(list.length)];
  const names = ['e', 'seed', 'preset', 'run', 'ui', 'theme', 'lock', 'embed', '', '__proto__', '%00', 'é'];
  const values = ['', '0', '1', '-1', '1e308', 'nan', 'inf', '0x10', '1,2', '1,,2', ',', '16,64,256', 'x'.repeat(300),
    '%', '%zz', '%2C', '+', '9007199254740993', '0.1', '-0', 'true', 'min', 'dark', '1'];
  const permalink = () => {
    const experiment = one_of(experiments);
    const parts = [random(8) ? `e=${experiment.id}` : `e=${one_of(values)}`];
    for (let i = random(7); i > 0; --i) {
      const parameter = random(6) ? one_of(experiment.parameters).name : one_of(names);
      parts.push(random(12) ? `${parameter}=${one_of(values)}` : one_of(values));
    }
    return parts.join(random(30) ? '&' : one_of([';', '&&', '#', '?']));
  };
  /** Links leave out what has no effect. */
  const counted = ({ params, idle }) =>
    JSON.stringify(Object.entries(params).filter(([name]) => !idle.includes(name)));
  const wrong = [];
  for (let i = 0; i < 10000 && wrong.length < 5; ++i) {
    const query = permalink();
    const state = open(query);
    const { parameters } = experiments.find(({ id }) => id === state.experiment);
    const missing = parameters.filter(({ name }) => typeof state.params[name] !== 'string');
    // A state inside the schema reads back unchanged, without a note.
    const again = open(state.query.replace(/&(ui|lock|theme|embed)=[^&]*/g, ''));
    if (missing.length || again.notes.length || counted(again) !== counted(state)) {
      wrong.push({ query, shown: state.query, notes: again.notes });
    }
  }
  return wrong;
}

/**
 * Reads ten thousand damaged files as dropped ones are read, and opens what they say in bare_app: the first few that did
 * harm, and how many said something. `saved`: the text of a whole one.
 */
export async function read_random_files(saved) {
  const app = await globalThis.bare_app({ total: () => 1, free: () => 0, post: () => {} });
  const { query_in_file } = await import('./transfer.js');
  call(app, '_app_open', '', '', 3e9);
  let seed = 4711;
  const random = (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const one_of = (list) => list[random(list.length)];
  const pieces = ['"experiment":', '"params":', '"seed":', 'null', '{', '}', '[', ']', '""', ',', '"', '\\', '1e999', '-1',
    '"__proto__":', '"toString":', '\u0000', '\uD800', 'e=icl-risk', '?', '#', '&', '%zz', 'x'.repeat(30000), '\n', '\uFEFF'];
  const damaged = () => {
    let text = one_of([saved, saved, JSON.stringify({ experiment: 'icl-risk', params: { dim: 6 }, seed: 7 }), '']);
    for (let i = random(3); i >= 0; --i) {
      const at = random(text.length + 1);
      text = text.slice(0, at) + (random(3) ? one_of(pieces) : '') + text.slice(at + (random(2) ? random(40) : 0));
    }
    return text;
  };
  const wrong = [];
  let told = 0;
  for (let i = 0; i < 10000 && wrong.length < 5; ++i) {
    const text = damaged();
    try {
      const query = query_in_file(text);
      if (typeof query !== 'string') throw new Error(`it gave ${typeof query}`);
      if (!query) continue;
      told += 1;
      call(app, '_app_open_query', query, '');
      JSON.parse(app.UTF8ToString(app._app_state()));
    } catch (error) {
      wrong.push(`${String(error)}: ${text.slice(0, 200)}`);
    }
  }
  return { wrong, told };
}

/** Sends ten thousand random messages to the first lab of a page around labs. */
export async function send_random_messages() {
  let seed = 12345;
  const random = (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return (seed >>> 8) % below;
  };
  const one_of = (list) => list[random(list.length)];
  const names = ['e', 'dim', 'heads', 'samples', 'trials', 'seed', 'preset', 'models', 'value',
    'prompt-length', 'run', 'lock', '__proto__', 'constructor', '', '\u0000', 'é'.repeat(50)];
  const experiments = ['rf-learning-curve', 'icl-risk', 'extract-single', 'rf-bias', 'nothing'];
  const values = () => one_of([random(1e9), -random(99), 0.5, NaN, Infinity, null, undefined, true,
    '1,2', '1e308', '', 'x'.repeat(random(3000)), '%', '%zz', '\uD800', [], [1, [2]], {}, { a: 1 },
    [1, 2, 4], '16,64', 8, 3]);
  const query = () => Array.from({ length: random(6) }, () =>
    `${one_of(names)}=${one_of([...experiments, 8, 2, '1,2', 'nan', '1e-9', '%41', '&', '#'])}`).join('&');
  const message = () => {
    const type = one_of(['load', 'load', 'load', 'get', 'pause', 'reset', 'height', 7, null, 'ready']);
    const attnlab = random(20) ? 1 : values();
    return { attnlab, type, query: random(2) ? query() : values(), seed: values(),
      ...(random(2) ? { experiment: random(3) ? one_of(experiments) : values() } : {}),
      parameters: random(3) ? { [one_of(names)]: values(), [one_of(names)]: values() } : values() };
  };
  const element = document.querySelector('attention-lab');
  const frame = element.querySelector('iframe').contentWindow;
  for (let i = 0; i < 10000; ++i) {
    frame.postMessage(random(30) ? message() : values(), '*');
    if (i % 250 === 249) await element.get();
  }
}
