// Pictures of the page in build/screenshots: widths 1280 and 390, ratio 1 and 2, light and dark, before and after a
// run. Checks that the page is no wider than the window.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import {
  assert_quiet, open_page, press, run_checks, screenshots, settle, wait_for_state,
} from './support/lab.mjs';

mkdirSync(screenshots, { recursive: true });
const small = 'e=rf-learning-curve&dim=8&keys=8&heads=100&samples=16,64,256&test-samples=512&trials=2';
const checks = {};
for (const width of [1280, 390]) {
  for (const ratio of [1, 2]) {
    for (const dark of [false, true]) {
      const name = `page-${width}-${ratio}x-${dark ? 'dark' : 'light'}`;
      checks[name] = async (lab) => {
        const height = width < 600 ? 844 : 860;
        const page = await open_page(lab, `#${small}`, { width, height, ratio, dark });
        const shoot = (what, options) =>
          page.screenshot({ path: path.join(screenshots, `${name}-${what}.png`), ...options });
        await settle(1000);
        await shoot('ready');
        await press(page, 'run');
        await wait_for_state(page, 'finished');
        await settle(1000);
        await page.evaluate(() => scrollTo(0, 0));
        await shoot('finished', { fullPage: true });
        const [wide, inner] =
          await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
        assert.ok(wide <= inner, `the page is ${wide} wide in a window of ${inner}`);
        assert_quiet(page);
      };
    }
  }
}
await run_checks(checks);
