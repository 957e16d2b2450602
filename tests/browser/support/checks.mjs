// Runs named checks one after the other, for every browser test.
import assert from 'node:assert/strict';

/**
 * Runs each check (`run(check)`, then `after()`, also after a failure), prints what it says, repeats all failures at
 * the end, so that the end of a long output has them, and sets the exit code. ATTNLAB_CHECK: only
 * checks whose names begin with it.
 */
export async function run_named(checks, { run, after = async () => {}, close }) {
  const wanted = process.env.ATTNLAB_CHECK ?? '';
  const chosen = Object.entries(checks).filter(([name]) => name.startsWith(wanted));
  assert.ok(chosen.length > 0, `there is no check named ${wanted}`);
  const failures = [];
  for (const [name, check] of chosen) {
    const began = Date.now();
    const seconds = () => `(${((Date.now() - began) / 1000).toFixed(1)} s)`;
    try {
      await run(check);
      console.log(`ok   ${name} ${seconds()}`);
    } catch (error) {
      failures.push(`FAIL ${name} ${seconds()}: ${error.message}`);
      console.log(`FAIL ${name} ${seconds()}\n     ${error.stack}`);
    }
    try {
      await after();
    } catch (error) {
      failures.push(`FAIL after ${name}: ${error.message}`);
      break; // the browser hangs
    }
  }
  await close();
  console.log(failures.length ? `${failures.length} failed:\n${failures.join('\n')}` : 'all passed');
  process.exit(failures.length ? 1 : 0);
}
