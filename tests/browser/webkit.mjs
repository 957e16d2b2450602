// The short suite in WebKit, the engine of Safari and of every browser on iPhone and iPad.
import { start_webkit } from './support/engines.mjs';
import { run_short_suite } from './support/short_suite.mjs';

await run_short_suite(start_webkit);
