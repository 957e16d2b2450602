// What browser tests read off a page: its tables as numbers, how long its thread was busy, its workers' memory.

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
 * The longest task of the page's main thread, in milliseconds of processor time: the clock would also
 * count what this machine does meanwhile (workers on every core, WebGL drawn in software).
 */
export function longest_task(events) {
  const thread = ({ pid, tid }) => `${pid}:${tid}`;
  const mains = new Set(events
    .filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain').map(thread));
  const tasks = events
    .filter((event) => event.ph === 'X' && /RunTask$/.test(event.name) && mains.has(thread(event)));
  const longest = (key) => Math.round(Math.max(0, ...tasks.map((task) => task[key] ?? 0)) / 1000);
  return { count: tasks.length, worked: longest('tdur'), waited: longest('dur') };
}

/** Bytes of linear memory of every worker's WebAssembly instance. */
export async function worker_memory(page) {
  return Promise.all(page.workers().map(async (worker) => {
    const client = worker.client;
    const { result: prototype } = await client.send('Runtime.evaluate', { expression: 'WebAssembly.Memory.prototype' });
    const { objects } = await client.send('Runtime.queryObjects', { prototypeObjectId: prototype.objectId });
    const { result } = await client.send('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      functionDeclaration: 'function() { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0); }',
      returnByValue: true,
    });
    return result.value;
  }));
}
