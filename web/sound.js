// Points of curves as tones: higher on its axis sounds higher, further right comes from further right, and the ends of
// the error bar sound along, so that an uncertain point is rough or a chord.

const lowest_hz = 165;
const octaves = 3; // of the axis
const loudness = 0.16;
const error_loudness = 0.05;
const attack_s = 0.012; // without a click
const rest_s = 1; // after the last tone: then the device is let go

export class Sound {
  #rest = 0;

  constructor() {
    if (typeof AudioContext !== 'function') throw new Error('this browser has no Web Audio');
    this.context = new AudioContext();
  }

  #runs() {
    return this.context.state === 'running';
  }

  /** Fulfilled when the device plays; browsers start it only while they handle a press. */
  async wake() {
    clearTimeout(this.#rest);
    if (this.#runs()) return;
    await Promise.race([this.context.resume(), new Promise((resolve) => setTimeout(resolve, 2000))]);
    if (!this.#runs()) throw new Error('the browser does not let this page play sound');
  }

  /**
   * @param {{ along: number, height: number, low: number, high: number }} place shares 0..1 of the axes
   * @param {number} seconds
   */
  play({ along, height, low, high }, seconds) {
    const { context } = this;
    const pan = new StereoPannerNode(context, { pan: 2 * along - 1 });
    pan.connect(context.destination);
    this.#one(pan, height, loudness, seconds);
    if (high > low) {
      this.#one(pan, low, error_loudness, seconds);
      this.#one(pan, high, error_loudness, seconds);
    }
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => context.suspend(), 1000 * (seconds + rest_s));
  }

  /** @param {AudioNode} to @param {number} height @param {number} loud @param {number} seconds */
  #one(to, height, loud, seconds) {
    const { context } = this;
    const begin = context.currentTime;
    const tone = new OscillatorNode(context, { type: 'triangle', frequency: lowest_hz * 2 ** (octaves * height) });
    const gain = new GainNode(context, { gain: 0 });
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(loud, begin + attack_s);
    gain.gain.setValueAtTime(loud, begin + Math.max(attack_s, seconds - 3 * attack_s));
    gain.gain.linearRampToValueAtTime(0, begin + seconds);
    tone.connect(gain).connect(to);
    tone.start(begin);
    tone.stop(begin + seconds);
  }
}
