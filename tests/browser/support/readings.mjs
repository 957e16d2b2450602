// Measurements of a page: its tables as numbers, how busy its thread was, its workers' memory.

/** A table of the twin (exact texts, estimates as "a ± b") with the columns of the document. */
export function document_rows({ columns, rows }, wanted) {
  return rows.map((row) => {
    const cells = Object.fromEntries(row.map((text, i) => [columns[i], text]));
    return wanted.map((name) => {
      let text = cells[name];
      if (name === 'std_error') text = cells.mean.split(' ± ')[1];
      else if (name === 'mean') text = cells.mean.split(' ± ')[0];
      if (text === undefined || text === '') return null;
      return Number.isNaN(Number(text)) ? text : Number(text);
    });
  });
}

/**
 * How busy the page's main thread was during `work`: the number of its tasks, the longest one, and the tasks that
 * missed a frame of 16 ms, in milliseconds of processor time. Wall-clock time would include other work of the machine
 * (workers on every core, WebGL drawn in software).
 */
export async function watch_thread(page, work) {
  await page.tracing.start({ categories: ['toplevel', 'blink.user_timing'] });
  await page.evaluate(() => performance.mark('attnlab-watched'));
  await work();
  const { traceEvents: events } = JSON.parse(Buffer.from(await page.tracing.stop()).toString());
  const mark = events.find(({ name }) => name === 'attnlab-watched');
  const tasks = events.filter(({ ph, name, pid, tid, tdur }) =>
    ph === 'X' && /RunTask$/.test(name) && pid === mark.pid && tid === mark.tid && tdur !== undefined);
  const times = tasks.map(({ tdur }) => Math.round(tdur / 1000));
  const busy = { count: times.length, worked: Math.max(0, ...times), long: times.filter((ms) => ms > 16) };
  console.log(`     ${busy.count} tasks, the longest worked ${busy.worked} ms; over a frame: ${busy.long.join(', ') || 'none'}`);
  return busy;
}

/** For `before` of open_page: keeps the largest memory of a worker's instance in globalThis.worker_memory. */
export const keep_worker_memory = () => {
  globalThis.worker_memory = 0;
  globalThis.Worker = class extends Worker {
    constructor(...words) {
      super(...words);
      this.addEventListener('message', ({ data: { memory = 0 } }) => {
        globalThis.worker_memory = Math.max(globalThis.worker_memory, memory);
      });
    }
  };
};
