// The short suite in a Chromium whose WebGL is switched off, as on machines with a blocked graphics driver: the figure
// is made of page elements (web/drawing.js).
import { start_chromium_without_webgl } from './support/engines.mjs';
import { run_short_suite } from './support/short_suite.mjs';

await run_short_suite(start_chromium_without_webgl);
