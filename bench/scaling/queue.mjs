// The hand-out of native/ranks.cpp as a simulation: how long a list of jobs takes on so many ranks, and what
// decides it. Deterministic: no random numbers, no clock.

/** Arrivals in order of time (a binary heap). */
class Arrivals {
  #times = [];
  #ranks = [];

  get size() { return this.#times.length; }
  get next() { return this.#times[0]; }

  #swap(i, j) {
    [this.#times[i], this.#times[j]] = [this.#times[j], this.#times[i]];
    [this.#ranks[i], this.#ranks[j]] = [this.#ranks[j], this.#ranks[i]];
  }

  push(time, rank) {
    let i = this.#times.push(time) - 1;
    this.#ranks.push(rank);
    for (let up = (i - 1) >> 1; i > 0 && this.#times[up] > this.#times[i]; i = up, up = (i - 1) >> 1) this.#swap(i, up);
  }

  pop() {
    const rank = this.#ranks[0];
    this.#swap(0, this.#times.length - 1);
    this.#times.pop();
    this.#ranks.pop();
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2]) {
        if (child < this.#times.length && this.#times[child] < this.#times[least]) least = child;
      }
      if (least === i) return rank;
      this.#swap(i, least);
      i = least;
    }
  }
}

export const free_hand_out = { out_s: 0, in_s: 0, line_s: 0, sync_s: 0, nap_s: 0, latency_s: 0, byte_s: 0,
  out_bytes: 0, in_bytes: 0 };

const jobs_ahead = 2; // kJobsAhead of native/ranks.cpp

/**
 * seconds: of every job; ranks: how many compute, rank 0 among them; costs: what rank 0 spends on handing a
 * job out (out_s), taking an answer in (in_s), a line of the journal (line_s) and bringing the lines of a
 * round to the disk (sync_s), how late it may look (nap_s), and the network: latency_s for a message, byte_s
 * for a byte, bytes of a job and of an answer.
 * {makespan, efficiency, busy, limit}: busy is the share of the time in which rank 0 is not waiting.
 */
export function simulate(seconds, ranks, costs = free_hand_out) {
  const jobs = [...seconds].sort((a, b) => b - a); // the largest first
  const sent_s = costs.latency_s + costs.out_bytes * costs.byte_s;
  const back_s = costs.latency_s + costs.in_bytes * costs.byte_s;
  const free_at = new Float64Array(ranks);
  const in_flight = new Int32Array(ranks);
  const arrivals = new Arrivals();
  let now = 0, busy = 0, next = 0, done = 0;
  const spend = (time) => {
    now += time;
    busy += time;
  };
  const hand_to = (rank) => {
    spend(rank > 0 ? costs.out_s : 0);
    const there = now + (rank > 0 ? sent_s : 0);
    free_at[rank] = Math.max(free_at[rank], there) + jobs[next++];
    arrivals.push(free_at[rank] + (rank > 0 ? back_s : 0), rank);
    in_flight[rank] += 1;
  };
  /** One job for each rank that has none, then one more for each; rank 0 takes its second last. */
  const hand_out = (candidates) => {
    for (let ahead = 1; ahead <= jobs_ahead; ++ahead) {
      const order = ahead > 1 && candidates[0] === 0 ? [...candidates.slice(1), 0] : candidates;
      for (const rank of order) {
        if (next < jobs.length && in_flight[rank] < ahead) hand_to(rank);
      }
    }
  };
  hand_out(Array.from({ length: ranks }, (_, rank) => rank));
  while (done < jobs.length) {
    if (arrivals.next > now) now = arrivals.next + costs.nap_s;
    const heard = new Set();
    let lines = 0;
    while (arrivals.size > 0 && arrivals.next <= now) {
      const rank = arrivals.pop();
      spend(rank > 0 ? costs.in_s : 0);
      in_flight[rank] -= 1;
      done += 1;
      lines += 1;
      heard.add(rank);
    }
    hand_out([...heard].sort((a, b) => a - b));
    spend(lines * costs.line_s + costs.sync_s);
  }
  const work = jobs.reduce((sum, one) => sum + one, 0);
  const efficiency = now > 0 ? work / (ranks * now) : 1;
  return { makespan: now, efficiency, busy: now > 0 ? busy / now : 0,
    limit: limit_of({ jobs, ranks, makespan: now, efficiency, busy: now > 0 ? busy / now : 0 }) };
}

function limit_of({ jobs, ranks, makespan, efficiency, busy }) {
  if (efficiency >= 0.95) return 'no limit: the work is shared evenly';
  if (busy >= 0.9) return 'rank 0: it hands out no faster';
  if (jobs[0] >= 0.8 * makespan) {
    return jobs.length <= ranks ? 'there are fewer jobs than ranks' : 'the longest job';
  }
  return 'the ranks do not end together';
}
