// A program that works on request: "prepare NAME", "run", "result" on its standard input, one line
// of JSON for each on its standard output.
import { spawn } from 'node:child_process';
import readline from 'node:readline';

// Memory is kept between runs, so that no run pays for page faults again.
const keep_memory = {
  MALLOC_MMAP_THRESHOLD_: '8589934592',
  MALLOC_TRIM_THRESHOLD_: '8589934592',
  MALLOC_TOP_PAD_: '268435456',
};

export class Program {
  constructor(name, command, words, environment = {}) {
    this.name = name;
    this.child = spawn(command, words, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, ...keep_memory, ...environment },
    });
    this.gone = new Promise((resolve) => {
      this.child.once('exit', resolve);
      this.child.once('error', resolve);
    });
    this.child.stdin.on('error', () => {}); // a program that ended is reported by ask()
    this.lines = readline.createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async ask(words) {
    this.child.stdin.write(`${words}\n`);
    const { value, done } = await this.lines.next();
    if (done) throw new Error(`${this.name} ended instead of answering "${words}"`);
    const answer = JSON.parse(value);
    if (answer.error) throw new Error(`${this.name}: ${answer.error}`);
    return answer;
  }

  async prepare(work) {
    const { simd } = await this.ask(`prepare ${work}`);
    if (simd) this.name += ` (${simd})`;
  }
  async run() { return (await this.ask('run')).seconds; }
  async result() { return (await this.ask('result')).values; }
  async close() {
    this.child.stdin.end();
    await this.gone;
  }
}
