// Still pictures of the canvas: one in light colours for prints, and one that is shown instead while a lab in a course
// page is far from the screen. Browsers give all labs of a page about 16 WebGL contexts: a lab that nobody sees gives
// its own back.
import { element } from './dom.js';

const rest_after_ms = 500;

export class Stills {
  resting = false; // the context is given back
  #far = false; // from the screen
  #timer = 0;
  /** @type {WebGL2RenderingContext | null} */
  #gl;
  /** @type {WEBGL_lose_context | null | undefined} */
  #context;

  /**
   * draw(paper): draws the canvas now, in light colours for paper; rests: also without its context.
   * @param {{ canvas: HTMLCanvasElement, draw(paper: boolean): void, rests: boolean }} lab
   */
  constructor({ canvas, draw, rests }) {
    this.canvas = canvas;
    this.draw = draw;
    this.#gl = canvas.getContext('webgl2');
    this.#context = this.#gl?.getExtension('WEBGL_lose_context');
    const picture = () => /** @type {HTMLCanvasElement} */ (element('canvas', { 'aria-hidden': 'true' }));
    this.paper = picture();
    this.screen = picture();
    this.paper.className = 'paper';
    this.screen.className = 'still';
    this.screen.hidden = true;
    canvas.after(this.screen, this.paper);
    addEventListener('beforeprint', () => this.#take_paper());
    // Some browsers tell a frame of a print only by its media.
    matchMedia('print').addEventListener('change', ({ matches }) => { if (matches) this.#take_paper(); });
    if (rests && this.#context) this.#watch();
  }

  #has_picture() {
    return this.#gl !== null && !this.#gl.isContextLost() && this.canvas.clientWidth > 0;
  }

  /** The canvas as it was drawn just now; later the browser has taken it. @param {HTMLCanvasElement} picture */
  #copy(picture) {
    picture.width = this.canvas.width;
    picture.height = this.canvas.height;
    picture.getContext('2d', { willReadFrequently: true })?.drawImage(this.canvas, 0, 0);
  }

  #take_paper() {
    if (!this.#has_picture()) return;
    this.draw(true);
    this.#copy(this.paper);
    this.draw(false);
  }

  #watch() {
    new IntersectionObserver((entries) => {
      this.#far = !entries.at(-1)?.isIntersecting;
      clearTimeout(this.#timer);
      if (!this.#far) this.#wake();
      else this.#timer = setTimeout(() => this.#rest(), rest_after_ms);
    }).observe(this.canvas);
    this.canvas.addEventListener('webglcontextlost', () => {
      // It can be restored from now on.
      if (this.resting && !this.#far) setTimeout(() => this.#wake());
    });
    this.canvas.addEventListener('webglcontextrestored', () => {
      if (!this.resting) return;
      this.resting = false;
      this.draw(false);
      this.screen.hidden = true;
    });
  }

  #rest() {
    if (this.resting || !this.#has_picture()) return;
    this.#take_paper();
    this.#copy(this.screen);
    this.screen.hidden = false;
    this.resting = true;
    this.#context?.loseContext();
  }

  #wake() {
    if (this.resting && this.#gl?.isContextLost()) this.#context?.restoreContext();
  }
}
