// The programs of docs/oracle-protocol.md, unchanged, do what the document says.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { assertDone, attnlab, inFolder } from './support/attnlab.mjs';

const root = process.env.ATTNLAB_ROOT ?? process.cwd();
const text = readFileSync(join(root, 'docs/oracle-protocol.md'), 'utf8');
const blocks = (language) =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, program]) => program);
const block = (language) => blocks(language)[0];

// The head of both programs.
const v = [1, -2, 0.5];
const W = [[0.5, 1, 0], [-1, 0.25, 2], [0, 0.75, -0.5]];

for (const [language, file, program] of [['python', 'box.py', 'python3'], ['js', 'box.mjs', 'node']]) {
  test(`the ${language} example is recovered by the command next to it`, () =>
    inFolder((folder, path) => {
      writeFileSync(path(file), block(language));
      const command = `--oracle-cmd "${program} ${file}" --dim 3`;
      assert.ok(text.includes(`attnlab extract ${command}`), command);
      const args = ['extract', '--oracle-cmd', `${program} ${file}`, '--dim', '3', '--format', 'json'];
      const { tables } = JSON.parse(assertDone(attnlab(args, { cwd: folder })));
      const row = Object.fromEntries(tables.recovery.columns.map((name, i) => [name, tables.recovery.rows[0][i]]));
      assert.equal(row.status, 'recovered', row.evidence);
      assert.equal(row.queries, 12);
      assert.deepEqual(tables.value.rows, v.map((entry, i) => [i + 1, entry]));
      for (const [i, j, entry] of tables.weight.rows) {
        assert.ok(Math.abs(entry - W[i - 1][j - 1]) < 1e-13, `${i}, ${j}: ${entry}`);
      }
    }));
}

for (const [language, file, program] of [['python', 'logits.py', 'python3'], ['js', 'logits.mjs', 'node']]) {
  test(`the ${language} source of logits shows its hidden size`, () => inFolder((folder, path) => {
    writeFileSync(path(file), blocks(language)[1]);
    const words = ['--dim', '2', '--method', 'logits', '--logits', '8'];
    assert.ok(text.includes(`attnlab extract --oracle-cmd "${program} ${file}" ${words.join(' ')}`));
    const args = ['extract', '--oracle-cmd', `${program} ${file}`, ...words, '--format', 'json'];
    const { tables } = JSON.parse(assertDone(attnlab(args, { cwd: folder })));
    const row = Object.fromEntries(tables.recovery.columns.map((name, i) => [name, tables.recovery.rows[0][i]]));
    assert.equal(row.status, 'recovered', row.evidence);
    assert.equal(row.hidden_found, 3);
    assert.equal(row.queries, 64);
  }));
}
