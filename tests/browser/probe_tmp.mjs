import { start_chromium, start_firefox } from './support/engines.mjs';
import { start_suite_server } from './support/suite_server.mjs';
import { give_hands, of_heads } from './support/short_hands.mjs';
import { open } from './support/short_pages.mjs';
const server = await start_suite_server(); 
for (const [w,h] of [[1280,900],[700,500],[700,420],[1000,420]]) {
const engine = await start_chromium(); const page = await engine.new_page();
await open({ page, server }, of_heads, { before: give_hands, width: w, height: h });
console.log(await page.evaluate(async () => { const { top, right, width, height } = document.getElementById('canvas').getBoundingClientRect(); const t = performance.now(); const f = await hands.field().catch(String); const t2 = performance.now(); for (let i = 0; i<10;++i) await hands.pointer('pointermove', [10+i, 200]); return [top, right, width, height, f, t2 - t, (performance.now()-t2)/20]; }));
await engine.close(); }
process.exit(0)
