// The short suite in Firefox.
import { start_firefox } from './support/engines.mjs';
import { run_short_suite } from './support/short_suite.mjs';

await run_short_suite(start_firefox);
