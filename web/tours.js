// The guided tours, one per family. Each step is a state of the lab, as permalink text, and says what to
// look for in it.

import { element } from './dom.js';

/** @type {Record<string, { title: string, steps: { query: string, title: string, text: string }[] }>} */
export const tours = {
  A: {
    title: 'What can one attention layer learn?',
    steps: [
      { query: 'e=rf-function', title: 'What a layer learns',
        text: 'Tokens in the plane: every key is an angle, and every key adds the same function of it (dotted). From ' +
          'the same samples, attention learns one curve for all keys; RFMLP needs a curve for each place, and they ' +
          'differ. Drag the query. Then raise the samples, and look which curves come close to the target.' },
      { query: 'e=rf-learning-curve&preset=first-look', title: 'Four models, one target',
        text: 'Four models with random inner weights learn the same function of a set of tokens. RFA and BRFA are ' +
          'layers of attention heads; RFMLP is an ordinary network that reads the tokens as one long vector; ' +
          'RF-invariant is a network that reads one key at a time and averages, without attention. Press Run. Error ' +
          '1 is that of the best constant. Look for the curves that leave it together, and for what that says about ' +
          'attention.' },
      { query: 'e=rf-learning-curve&preset=mean-power-4', title: 'A harder function of the set',
        text: 'The target now averages fourth powers instead of squares. Before you run it: will the curves move to ' +
          'the right by a little, or by a factor? Compare the sample sizes where error 0.5 is crossed.' },
      { query: 'e=rf-learning-curve&preset=correlation-value-3', title: 'When the query matters',
        text: 'Each key counts by its similarity to the query token. BRFA, whose scores contain that similarity from ' +
          'the start, should lead. Look for the gap between BRFA and RFA, and whether more samples close it.' },
      { query: 'e=rf-bias&preset=helps', title: 'How large a mean is good?',
        text: 'The mean of the query-key matrices grows from left to right; 0 is RFA. Look for the mean from ' +
          'which a larger one no longer helps.' },
      { query: 'e=rf-heads&preset=levels-off', title: 'More heads, or more samples?',
        text: 'The number of heads grows while the samples stay the same. Look for the point from which more heads ' +
          'no longer help: from there on only samples do.' },
      { query: 'e=rf-length&preset=squares', title: 'Longer inputs',
        text: 'How many samples are needed as the set gets longer? Look at the slopes: attention shares one small ' +
          'function among all tokens, and so does a network averaged over them (RF-invariant); RFMLP has to learn it ' +
          'separately at every position.' },
      { query: 'e=rf-trained&preset=first-look', title: 'Heads that are not frozen',
        text: 'A few heads learn what to compare, next to frozen heads with as many trained parameters. Press Run. Look ' +
          'for the number of samples from which training pays, and in the last figure for the heads turning: the ' +
          'share of W that reads the direction \u03b2 of the target from the key grows.' },
    ],
  },
  B: {
    title: 'What do answers give away?',
    steps: [
      { query: 'e=extract-by-hand', title: 'Ask it yourself',
        text: 'A head hides a 2 \u00d7 2 matrix W and a vector v. You choose two tokens, a and b, and see one number. ' +
          'Press Ask, drag a, and ask again: each answer puts a column of W on a line. Then move b to (0, 1) for the ' +
          'other column. Look for a place of a where asking would teach nothing.' },
      { query: 'e=extract-steps', title: 'Question by question',
        text: 'Now the lab asks. Move the number of questions asked: single tokens give v, and each question of two ' +
          'tokens gives one entry of W. The sentence under the title says how its answer does that.' },
      { query: 'e=extract-single&preset=first-look', title: 'Take a head apart',
        text: 'Now heads are larger. Press Run and watch W appear. Look at the number of questions: ' +
          'd\u00b2 + d, one for each unknown.' },
      { query: 'e=extract-single&preset=large-weights', title: 'Very sharp attention',
        text: 'With a large W the answers hardly depend on it. Look for the sizes where the forms without scaling ' +
          'lose digits and the robust form does not.' },
      { query: 'e=extract-single&preset=no-value', title: 'What cannot be known',
        text: 'With v = 0 every answer is 0, whatever W is. Look at the status: the learner says that W is not ' +
          'identifiable, instead of making one up.' },
      { query: 'e=extract-low-rank&preset=queries-by-dimension', title: 'Fewer questions',
        text: 'When W has low rank r, far fewer questions are enough. Look at how the number of queries grows with ' +
          'd compared with d\u00b2 + d: the gap is (d \u2212 r)\u00b2.' },
      { query: 'e=extract-noise&preset=averaging', title: 'When answers are noisy',
        text: 'Every answer now carries an error, and every question is asked up to 64 times. Look for how much ' +
          'repeating buys. Then set the kind of noise to rounding: repeating buys nothing.' },
      { query: 'e=extract-multi-head', title: 'Several heads',
        text: 'A sum of heads can hide what a single head cannot: different heads may give the same answers to ' +
          'every question of up to two tokens. Look for which of them longer questions tell apart.' },
    ],
  },
  C: {
    title: 'How many heads does learning from examples need?',
    steps: [
      { query: 'e=icl-attention', title: 'Look inside a prompt',
        text: 'A prompt in the plane: examples (x, y) of a linear rule, and a question x. Drag the examples. Look ' +
          'at where each head puts its weight and how the labels there make its prediction.' },
      { query: 'e=icl-risk&preset=first-look', title: 'One head, two heads',
        text: 'A prompt shows examples (x, y) of a linear rule and asks for y at a new x. One softmax head averages ' +
          'labels of similar examples. Press Run and look at the gap between one head and two.' },
      { query: 'e=icl-risk&preset=long-prompts', title: 'Longer prompts',
        text: 'Both errors fall like 1/D. Look at the curves for large D: they become parallel, two heads lower by ' +
          'a constant factor.' },
      { query: 'e=icl-scenarios&preset=noise', title: 'Noisy labels',
        text: 'Labels get noisier from left to right. Look for whether the advantage of several heads survives.' },
      { query: 'e=icl-scenarios&preset=local', title: 'Examples near the query',
        text: 'All examples now lie close to the question. Their mean label is already a good guess. Look for the ' +
          'radius below which a second head adds nothing: claim C4 tests it, and C3 is undecided there.' },
      { query: 'e=icl-training&preset=race', title: 'Does training find it?',
        text: 'The same heads, trained step by step. Look at whether the loss reaches the dotted level, the best ' +
          'that multiples of the identity can do, and at the matrices: two heads of opposite sign.' },
      { query: 'e=icl-training&preset=trap', title: 'A trap',
        text: 'Both heads start alike. Look at the loss: heads that start alike stay alike, and end at the loss of ' +
          'one head.' },
      { query: 'e=icl-diversity&preset=transition&figure=transition', title: 'Memorise or learn',
        text: 'A layer fitted to prompts from few tasks remembers the tasks and fails on a new one. Press Run and ' +
          'look for the number of tasks from which its errors on new and on trained tasks are alike.' },
      { query: 'e=icl-plateaus&preset=stairs', title: 'Waiting, then jumping',
        text: 'Linear attention learns from a small start. Press Run and watch the risk rest at one dashed level, drop, and ' +
          'rest at the next: one direction of the data at a time, the largest variance first. Then choose "One drop".' },
      { query: 'e=icl-depth&preset=first-look', title: 'More layers',
        text: 'One layer of linear attention is one step of gradient descent. Press Run: two and three layers get far below ' +
          'two and three steps, because each layer also changes the examples for the next one.' },
    ],
  },
};

/** The tour in the page's text: shows a step and sets the lab to its state. */
export class Tour {
  #family = '';
  #step = 0;

  /**
   * box: the element to fill; load(query): sets the lab's state; done(): the tour was closed.
   * @param {{ box: HTMLElement, load(query: string): void, done(): void }} given
   */
  constructor({ box, load, done }) {
    this.box = box;
    this.load = load;
    this.done = done;
  }

  /** @param {string} family */
  start(family) {
    this.#family = family in tours ? family : 'A';
    this.#show(0);
  }

  /** @param {number} step */
  #show(step) {
    const { steps, title } = tours[this.#family];
    this.#step = Math.max(0, Math.min(step, steps.length - 1));
    const { query, title: name, text } = steps[this.#step];
    /** @type {(label: string, to: number, enabled: boolean, mark: string) => HTMLElement} */
    const go = (label, to, enabled, mark) => element('button', { type: 'button', disabled: !enabled,
      'data-tour': mark, onclick: () => this.#show(to) }, label);
    const heading = element('h3', { tabindex: '-1' }, name);
    this.box.replaceChildren(
      element('p', { class: 'kicker' }, `${title} Step ${this.#step + 1} of ${steps.length}`),
      heading, element('p', {}, text),
      element('div', { class: 'bar' },
        go('Back', this.#step - 1, this.#step > 0, 'back'),
        go('Next', this.#step + 1, this.#step + 1 < steps.length, 'next'),
        element('button', { type: 'button', 'data-tour': 'end', onclick: () => this.#end() }, 'End tour')));
    this.box.hidden = false;
    heading.focus({ preventScroll: true });
    this.load(query);
  }

  #end() {
    this.box.hidden = true;
    this.done();
  }
}
