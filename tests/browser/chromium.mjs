// The short suite in Chromium.
import { start_chromium } from './support/engines.mjs';
import { run_short_suite } from './support/short_suite.mjs';

await run_short_suite(start_chromium);
