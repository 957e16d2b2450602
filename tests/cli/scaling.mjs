// The queue simulation (bench/scaling/queue.mjs) against closed forms.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { free_hand_out, simulate } from '../../bench/scaling/queue.mjs';

const equal = (count, seconds = 1) => Array(count).fill(seconds);
const close = (a, b) => assert.ok(Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

test('one rank takes the sum of the jobs', () => {
  close(simulate([3, 1, 2], 1).makespan, 6);
  close(simulate([3, 1, 2], 1).efficiency, 1);
});

test('equal jobs without costs take ceil(jobs / ranks) rounds', () => {
  for (const [jobs, ranks] of [[1, 1], [7, 3], [10, 10], [11, 10], [1000, 7], [5, 8], [100000, 9999]]) {
    const { makespan, efficiency } = simulate(equal(jobs, 2), ranks);
    close(makespan, 2 * Math.ceil(jobs / ranks));
    close(efficiency, jobs / (ranks * Math.ceil(jobs / ranks)));
  }
});

test('one long job determines the time, and is named', () => {
  const found = simulate([100, ...equal(300)], 10);
  close(found.makespan, 100 + 1);
  assert.equal(found.limit, 'the longest job');
  // With 999 short jobs the total work decides: all ranks end within the last second.
  close(simulate([100, ...equal(999)], 10).makespan, Math.ceil((100 + 999) / 10));
});

test('fewer jobs than ranks take the time of the longest, which is named', () => {
  const found = simulate([5, 4, 3], 100);
  close(found.makespan, 5);
  assert.equal(found.limit, 'there are fewer jobs than ranks');
});

test('a round of jobs includes the times of its messages', () => {
  const costs = { ...free_hand_out, latency_s: 0.25, byte_s: 0.001, out_bytes: 100, in_bytes: 50 };
  // Rank 0 computes one itself; the other rank's job travels 0.25 + 0.1 s, its answer 0.25 + 0.05 s.
  close(simulate(equal(2), 2, costs).makespan, 1 + 0.35 + 0.3);
  // With a second job ahead no further message is waited for: 5 jobs there, one after the other.
  close(simulate(equal(10), 2, costs).makespan, 5 + 0.35 + 0.3);
});

test('jobs without work take rank 0 its time for each, and rank 0 is named', () => {
  const costs = { ...free_hand_out, out_s: 0.003, in_s: 0.002, line_s: 0.005 };
  const found = simulate(equal(1000, 1e-12), 5, costs);
  const away = 1000 * 0.01;
  assert.ok(found.makespan <= away + 1e-9 && found.makespan >= 0.7 * away, `${found.makespan}`);
  assert.equal(found.limit, 'rank 0: it hands out no faster');
});

test('a slow disk collects the answers that arrive meanwhile into one round', () => {
  const costs = { ...free_hand_out, sync_s: 1 };
  // 8 ranks with two jobs each: 16 answers arrive during a round of the disk, 8 before the first and after the last.
  close(Math.round(simulate(equal(160, 1e-6), 8, costs).makespan), 11);
});

test('more ranks never take longer when hand-out is free, and never less than work and longest job', () => {
  const jobs = Array.from({ length: 500 }, (_, i) => 1 + ((i * 7919) % 97) / 10);
  const work = jobs.reduce((sum, one) => sum + one, 0), longest = Math.max(...jobs);
  let before = Infinity;
  for (const ranks of [1, 2, 3, 5, 8, 13, 50, 200, 500, 1000]) {
    const { makespan } = simulate(jobs, ranks);
    const least = Math.max(work / ranks, longest);
    assert.ok(makespan <= before + 1e-9 && makespan >= least - 1e-9);
    // Largest first takes at most 4/3 of the optimal time (Graham 1969).
    assert.ok(makespan <= least * 4 / 3 + longest / 3 + 1e-9, `${ranks}: ${makespan} against ${least}`);
    before = makespan;
  }
});
