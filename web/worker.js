// Inside a Web Worker: one instance of the workers' module, one job at a time. It reads the message queue every few
// steps, so that hold and drop take effect within about 50 ms (or one step, if that is longer).
//
// From the page: load {module}, start {ticket, query, index}, answer {ticket, bytes} or {ticket,
//                reason}, helpers {ticket, count}, assist {ticket, query, index, bytes}, shared {ticket,
//                share, bytes, or none: lost}, hold, go, drop, ping, check {group}, rate {probe, ms}.
// To the page:   ready, progress {ticket, fraction}, partial {ticket, bytes}, question {ticket, bytes},
//                help {ticket, most}, share {ticket, share, bytes}, given {ticket}, done {ticket, bytes, memory},
//                failed {ticket, reason}, dropped, alive, died {reason}, checked {groups, lines},
//                rated {probes, name, unit, rate, peak}.
import create_jobs from './jobs.js';

const slice_ms = 40;
const progress_every_ms = 100;

/** @type {JobsModule} */
let compute; // once it is loaded
let dead = false; // it cannot be used any more
let ticket = 0; // of the job in hand; 0: none
let held = false;
let asking = false; // the job waits for an answer from outside
let help_asked = false; // helpers may join; the job does not wait for them
let last_progress = 0;
let scheduled = false;

// A message to itself is handled after the waiting messages, without the delay of a timer.
const turn = new MessageChannel();
turn.port1.onmessage = () => {
  scheduled = false;
  guard(work);
};

function schedule() {
  if (scheduled || !ticket || held || asking || compute._compute_waiting()) return;
  scheduled = true;
  turn.port2.postMessage(0);
}

/**
 * An abort or trap leaves the module unusable: reports it and does nothing more.
 * @param {() => void} action
 */
function guard(action) {
  if (dead) return;
  try {
    action();
  } catch (error) {
    dead = true;
    ticket = 0;
    const memory = /memory|OOM|allocat/i.test(String(error));
    const reason = memory ? 'it ran out of memory' : `it stopped with "${error instanceof Error ? error.message : error}"`;
    postMessage({ type: 'died', reason });
  }
}

const text = () => compute.UTF8ToString(compute._compute_text());

/** @param {string} type @param {object} more */
function post_bytes(type, more = {}) {
  const begin = compute._compute_bytes() >>> 0; // addresses may exceed 2 GB
  const bytes = compute.HEAPU8.slice(begin, begin + compute._compute_bytes_size());
  postMessage({ type, ticket, bytes, ...more }, { transfer: [bytes.buffer] });
}

/** Copies bytes to the module's heap for `use(address)`. (Not `call` of files.js: importing it would cost a request.)
 *  @template Result @param {Uint8Array} bytes @param {(at: number) => Result} use */
function lend(bytes, use) {
  const at = compute._malloc(bytes.length || 1) >>> 0;
  if (!at) throw new Error('out of memory');
  compute.HEAPU8.set(bytes, at);
  const result = use(at);
  compute._free(at);
  return result;
}

function finish() {
  ticket = 0;
  asking = help_asked = false;
  compute._compute_drop();
}

/**
 * Gives the job the answer to its question, or the reason why there is none.
 * @param {Message} message
 */
function answer({ bytes, reason }) {
  asking = false;
  if (reason) {
    postMessage({ type: 'failed', ticket, reason });
    finish();
    return;
  }
  lend(bytes, (at) => compute._compute_answer(at, bytes.length));
  schedule();
}

/**
 * `count` helpers are ready for this job: each gets a share while work remains.
 * @param {number} count
 */
function hand_out(count) {
  help_asked = false;
  compute._compute_help(count);
  for (let share; (share = compute._compute_share());) post_bytes('share', { share });
  postMessage({ type: 'given', ticket });
}

/**
 * Takes a helper's result, or the news that the helper was lost.
 * @param {Message} message
 */
function settle({ share, bytes }) {
  lend(bytes ?? new Uint8Array(), (at) => compute._compute_settle(share, at, bytes?.length ?? 0, bytes ? 1 : 0));
  schedule();
}

/** Whether the job waits for an answer or a share. */
function stopped() {
  return compute._compute_question() || compute._compute_waiting();
}

function work() {
  if (!ticket || held || asking) return;
  const start = performance.now();
  let outcome;
  do outcome = compute._compute_step();
  while (outcome === 0 && !stopped() && performance.now() - start < slice_ms);

  if (outcome === 1) {
    post_bytes('done', { memory: compute.HEAPU8.length });
    finish();
  } else if (outcome === 2) {
    postMessage({ type: 'failed', ticket, reason: text() });
    finish();
  } else {
    const now = performance.now();
    if (now - last_progress >= progress_every_ms) {
      last_progress = now;
      postMessage({ type: 'progress', ticket, fraction: compute._compute_fraction() });
      if (compute._compute_has_partial()) post_bytes('partial');
    }
    if (compute._compute_question()) {
      asking = true;
      post_bytes('question');
    }
    const most = help_asked ? 0 : compute._compute_help_wanted();
    if (most) {
      help_asked = true;
      postMessage({ type: 'help', ticket, most });
    }
    schedule();
  }
}

/**
 * One group of core's self-check.
 * @param {Message} message
 */
function check({ group }) {
  const groups = compute._compute_selftest(group);
  postMessage({ type: 'checked', groups, lines: text().split('\n').filter(Boolean) });
}

/**
 * Best rate of one of core's probes within about `ms` milliseconds.
 * @param {Message} message
 */
function rate({ probe, ms }) {
  let probes = 0;
  const time_of = (/** @type {number} */ runs) => {
    const start = performance.now();
    probes = compute._compute_rate(probe, runs);
    return performance.now() - start;
  };
  const clock_ms = 5; // shortest time that a coarse clock measures well
  const start = performance.now();
  let runs = 1;
  let best = Infinity; // of a run
  do {
    const time = time_of(runs);
    if (time < clock_ms) runs *= 2;
    else best = Math.min(best, time / runs);
  } while (best === Infinity || performance.now() - start < ms);
  const [name, unit, amount, peak] = text().split('\t');
  postMessage({ type: 'rated', probes, name, unit, rate: (1000 * Number(amount)) / best, peak: Number(peak) });
}

/** The page asks for this script by the name of its build: what has run must be of the same. */
function refuse_other_builds() {
  const wanted = new URLSearchParams(self.location.search).get('v');
  const odd = Object.entries(globalThis.attnlab_builds ?? {}).filter(([, build]) => wanted && build !== wanted);
  if (odd.length > 0) throw new Error(`${odd.map(([name]) => name).join(', ')} is of another version of the lab`);
}

/** @param {WebAssembly.Module} module */
async function load(module) {
  refuse_other_builds();
  compute = await create_jobs({
    /** @param {WebAssembly.Imports} imports @param {Function} receive */
    instantiateWasm(imports, receive) {
      WebAssembly.instantiate(module, imports).then((instance) => receive(instance, module), died);
      return {};
    },
  });
  postMessage({ type: 'ready' });
}

/** @param {any} error */
function died(error) {
  dead = true;
  postMessage({ type: 'died', reason: `it could not start (${error.message ?? error})` });
}

/**
 * Starts a job, or a share of another worker's job.
 * @param {Message} message
 */
function start({ ticket: given, query, index, bytes }) {
  ticket = given;
  last_progress = performance.now();
  const run = new TextEncoder().encode(`${query}\0`);
  const begun = lend(run, (at) => (bytes
    ? lend(bytes, (share) => compute._compute_assist(at, index, share, bytes.length))
    : compute._compute_start(at, index)));
  if (begun) {
    schedule();
  } else {
    postMessage({ type: 'failed', ticket, reason: text() });
    finish();
  }
}

onmessage = ({ data }) => {
  switch (data.type) {
    case 'load': load(data.module).catch(died); break;
    case 'start': case 'assist': guard(() => start(data)); break;
    case 'answer': if (asking && data.ticket === ticket) guard(() => answer(data)); break;
    case 'helpers': if (data.ticket === ticket) guard(() => hand_out(data.count)); break;
    case 'shared': if (data.ticket === ticket) guard(() => settle(data)); break;
    case 'hold': held = true; break;
    case 'go': held = false; schedule(); break;
    case 'drop': guard(finish); postMessage({ type: 'dropped' }); break;
    case 'check': guard(() => check(data)); break;
    case 'rate': guard(() => rate(data)); break;
    case 'ping': postMessage({ type: 'alive' }); break;
  }
};
