import { open_page, press, run_checks, wait_for_state } from './support/lab.mjs';
const query = 'e=rf-learning-curve&models=rfa&degree=2&target=mean-power&trials=1&samples=16,32,64,128,256,512,1024,2048,4096';
const counts = process.argv.slice(2).map(Number);
const all = {};
counts.forEach((count, i) => { all[`${i}: ${count}`] = async (lab) => {
    const page = await open_page(lab, `#${query}`, { prepare: (p) => p.evaluateOnNewDocument((workers) => {
      Object.defineProperty(navigator, 'hardwareConcurrency', { get: () => workers });
      globalThis.log = []; 
      globalThis.Worker = class extends Worker {
        constructor(...w) { super(...w); globalThis.n = (globalThis.n ?? 0) + 1; this.n = globalThis.n;
          this.addEventListener('message', ({ data }) => { if (data.type !== 'progress' && data.type !== 'alive') globalThis.log.push([Math.round(performance.now()), this.n, '<', data.type, data.bytes?.length]); }); }
        postMessage(m, ...w) { if (m.type !== 'ping') globalThis.log.push([Math.round(performance.now()), this.n, '>', m.type, m.bytes?.length]); super.postMessage(m, ...w); }
      };
    }, count) });
    const start = performance.now();
    await press(page, 'run');
    await wait_for_state(page, 'finished');
    console.log(count, 'workers', ((performance.now() - start) / 1000).toFixed(2), 's');
    if (process.env.LOG) for (const line of await page.evaluate(() => globalThis.log)) console.log(line.join(' '));
    await page.close();
}; });
await run_checks(all);
