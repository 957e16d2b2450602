// `attnlab lesson`: faults with their place, texts, and answers that are cells of the run's own table.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertDone, assertRefused, attnlab, inFolder } from './support/attnlab.mjs';

const state = ['--dim', '2', '--heads', '1,2', '--prompt-length', '10,20', '--prompts', '1000'];
const lesson = (check) => JSON.stringify({ attnlab_lesson: 1, title: 'Heads', language: 'en', steps: [
  { title: 'Risk', text: 'Look at *both* curves.', state: 'e=icl-risk&dim=2&heads=1,2&prompt-length=10,20&prompts=1000', check },
] });
const number = { kind: 'number', question: 'Risk of two heads?', table: 'risk', column: 'risk', tolerance: 0.1,
  row: { predictor: 'softmax', heads: 2, prompt_length: 20 } };

test('the answer of a number is the cell of the run', () => inFolder((_, path) => {
  writeFileSync(path('lesson.json'), lesson(number));
  const [head, ...rows] = assertDone(attnlab(['run', 'icl-risk', ...state, '--format', 'csv', '--quiet'])).trim().split('\n')
    .map((line) => line.split(','));
  const cell = (row, name) => row[head.indexOf(name)];
  const row = rows.find((one) => cell(one, 'predictor') === 'softmax' && cell(one, 'heads') === '2' && cell(one, 'prompt_length') === '20');
  const shown = Number(Number(cell(row, 'risk')).toPrecision(3));
  assert.match(assertDone(attnlab(['lesson', 'answers', path('lesson.json')])), new RegExp(`Risk of two heads\\? +${shown} +0\\.1`));
  assert.match(assertDone(attnlab(['lesson', 'check', path('lesson.json')])), /lesson\.json: 1 step, 1 check, no fault/);
  assert.match(assertDone(attnlab(['lesson', 'show', path('lesson.json')])), /^Heads\n\n1\. Risk\n {2}Look at both curves\.\n {2}e=icl-risk/);
}));

test('what is wrong is one line a fault with file and place, and nothing is written', () => inFolder((folder, path) => {
  const file = path('lesson.json');
  writeFileSync(file, lesson({ ...number, column: 'rusk', hint: '' }));
  const before = readFileSync(file, 'utf8');
  for (const action of ['check', 'show', 'answers']) {
    const { code, out, err } = attnlab(['lesson', action, file]);
    assert.equal(code, 2);
    assert.equal(out, '');
    assert.match(err, /lesson\.json: steps\[0\]\.check\.hint: hint must be a text of 1 to 300 letters, not ""\n$/);
  }
  writeFileSync(file, lesson({ ...number, row: { heads: 2 } }));
  assertRefused(attnlab(['lesson', 'answers', file]), 2, [/step 1: \d+ rows of risk are meant; the answer needs one/]);
  writeFileSync(file, before);
  assert.deepEqual(readdirSync(folder), ['lesson.json']);
  assertRefused(attnlab(['lesson', 'check', path('none.json')]), 2, [/none\.json cannot be read: No such file or directory/]);
  assertRefused(attnlab(['lesson', 'show', folder]), 2, [/cannot be read: it is not a regular file/]);
  assertRefused(attnlab(['lesson', 'chekc', file]), 2, [/unknown action "chekc".*did you mean "check"\?/]);
  assertRefused(attnlab(['lesson']), 2, [/lesson needs an action: check, show, answers, schema/]);
  assertRefused(attnlab(['lesson', 'check']), 2, [/lesson check needs a file/]);
}));

test('the published schema is JSON, and names what the reader asks for', () => {
  const schema = JSON.parse(assertDone(attnlab(['lesson', 'schema'])));
  assert.deepEqual(schema.required, ['attnlab_lesson', 'title', 'language', 'steps']);
  assert.deepEqual(schema.$defs.check.oneOf.map(({ properties }) => properties.kind.const),
    ['choice', 'number', 'order', 'sketch', 'sentence']);
});
