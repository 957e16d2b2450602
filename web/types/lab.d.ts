// What the scripts of the page exchange with core, for `tsc --noEmit` (tests/source/types.mjs): the JSON of
// core/codecs/contract.h, core/codecs/codecs.h and ui/app.h, and the exported functions of both modules.
// A test compares the first two with what `attnlab list --json` prints.

interface Parameter {
  name: string;
  label: string;
  symbol: string;
  unit: string;
  help: string;
  kind: 'integer' | 'real' | 'choice' | 'choice-or-real' | 'integer-list' | 'real-list' | 'real-tuple'
    | 'choice-list' | 'text';
  min?: number;
  max?: number;
  max_length?: number;
  max_items: number;
  min_items?: number;
  group?: number;
  choices: { name: string; label: string; help: string }[];
  default: number | string | number[] | string[];
  suggested: number[];
  allowed: string;
  logarithmic: boolean;
  primary: boolean;
  applies: { parameter: string; values: string[] }[];
}

/** What a letter of the layer's formulas stands for; parameter: the name of one, or ''. */
interface LayerSymbol {
  symbol: string;
  words: string;
  parameter: string;
}

interface Experiment {
  id: string;
  family: 'A' | 'B' | 'C';
  title: string;
  question: string;
  summary: string;
  live: boolean;
  layer: {
    formulas: string[];
    symbols: LayerSymbol[];
    blocks: { name: string; term: string; shape: string }[];
  };
  parameters: Parameter[];
  presets: { name: string; label: string; text: string; values: Record<string, unknown> }[];
}

interface SaveFormat {
  id: string;
  label: string;
  help: string;
  mime: string;
  extension: string;
  of_result: boolean;
}

/** To and from a worker (docs/web.md) or a frame (docs/embed). */
interface Message {
  type: string;
  [member: string]: any;
}

type NewsKind = 'progress' | 'partial' | 'done' | 'failed' | 'lost';
type PointerKind = 'move' | 'down' | 'up' | 'leave';
type Modifier = 'ctrl' | 'shift' | 'alt' | 'meta';

interface Contract {
  keys: { name: string; allowed: string; meaning: string; page: boolean }[];
  actions: { id: string; label: string; help: string; key: string; when: string; message: boolean }[];
  formats: SaveFormat[];
  messages: { type: string; to_frame: boolean; members: string; meaning: string }[];
  news: Record<NewsKind, number>;
  pointer: Record<PointerKind, number>;
  modifiers: Record<Modifier, number>;
  seed: Parameter;
}

interface Claim {
  id: string;
  statement: string;
  status: string;
  evidence: string;
  judged: string;
  /** The settings cannot decide it: see State.needs. */
  needy: boolean;
}

interface OpenNeed {
  sentence: string;
  offer: string;
  settings: [parameter: string, text: string][];
}

interface Table {
  name: string;
  caption: string;
  columns: { name: string; label: string; type: string }[];
  rows: { text: string; exact: string }[][];
  row_count: number;
}

/** App::state_json. */
interface State {
  experiment: string;
  title: string;
  question: string;
  family: 'A' | 'B' | 'C';
  preset: string;
  seed: number;
  params: Record<string, string>;
  idle: string[];
  marked: string;
  file: string;
  live: boolean;
  changed: boolean;
  page: { embed: boolean; fit: boolean; minimal: boolean; svg: boolean; locked: string[] };
  state: 'ready' | 'running' | 'paused' | 'finished' | 'failed';
  precomputed: boolean;
  fraction: number;
  jobs_done: number;
  jobs: number;
  rate: number | null;
  remaining: number | null;
  elapsed: number;
  status: string;
  error: string;
  notes: string[];
  query: string;
  link: string;
  actions: { id: string; label: string; help: string; enabled: boolean }[];
  kept: string[];
  figures: string[];
  figure: number;
  walk: { about: string; sentence: string; series: number; point: number; count: number; along: number; height: number; low: number;
    high: number } | null;
  claims: Claim[];
  needs: OpenNeed[];
  tables: Table[];
}

/** What Emscripten gives every module. */
interface WasmModule {
  HEAPU8: Uint8Array<ArrayBuffer>;
  UTF8ToString(address: number): string;
  _malloc(size: number): number;
  _free(address: number): void;
}

/** web/app/app.cpp. Texts and bytes are passed through `call` of files.js. */
interface AppModule extends WasmModule {
  _app_opening(bytes: number, size: number): number;
  _app_open(query: number, search: number, memory: number): void;
  _app_canvas(): number;
  _app_size(width: number, height: number, ratio: number): void;
  _app_theme(dark: number, reduced_motion: number, contrast: number): void;
  _app_paper(paper: number): void;
  _app_poll(now: number): number;
  _app_wait(): number;
  _app_thrifty(thrifty: number): void;
  _app_frame(now: number): number;
  _app_drawing(now: number): number;
  _app_drawing_size(): number;
  _app_move_handle(handle: number, x: number, y: number): number;
  _app_step_handle(handle: number, right: number, up: number, fine: number): number;
  _app_wanted_height(): number;
  _app_grabs(x: number, y: number): number;
  _app_context(lost: number): void;
  _app_pointer(kind: number, x: number, y: number, button: number, touch: number): void;
  _app_wheel(x: number, y: number): number;
  _app_key(code: number, down: number, modifiers: number): number;
  _app_text(text: number): void;
  _app_focus(focused: number): void;
  _app_wants_text(): number;
  _app_wants_escape(): number;
  _app_job_news(ticket: number, kind: number, fraction: number, bytes: number, size: number): void;
  _app_open_query(query: number, search: number): void;
  _app_load(query: number): void;
  _app_adopt(): number;
  _app_parts_arrived(faces: number, size: number): number;
  _app_waits_for_parts(): number;
  _app_journal(): number;
  _app_kept_journal(index: number): number;
  _app_figure(): number;
  _app_act(action: number, name: number, value: number): number;
  _app_state(): number;
  _app_experiments(): number;
  _app_dark(): number;
  _app_schematic(width: number): number;
}

/** web/compute/compute.cpp. */
interface JobsModule extends WasmModule {
  _compute_start(query: number, index: number): number;
  _compute_step(): number;
  _compute_fraction(): number;
  _compute_has_partial(): number;
  _compute_bytes(): number;
  _compute_bytes_size(): number;
  _compute_question(): number;
  _compute_answer(bytes: number, size: number): void;
  _compute_help_wanted(): number;
  _compute_help(helpers: number): void;
  _compute_share(): number;
  _compute_settle(share: number, bytes: number, size: number, known: number): void;
  _compute_waiting(): number;
  _compute_assist(query: number, index: number, bytes: number, size: number): number;
  _compute_text(): number;
  _compute_drop(): void;
  _compute_export(format: number, query: number, journal: number, figure: number, dark: number): number;
  _compute_draw(figure: number, size: number, width: number, height: number, look: number): number;
  _compute_keep(query: number, journal: number): void;
  _compute_findings(query: number, outputs: number, size: number): number;
  _compute_details(query: number, outputs: number, size: number): number;
  _compute_plan(query: number): number;
  _compute_faces(): void;
  _compute_document(query: number): number;
  _compute_rate(probe: number, runs: number): number;
  _compute_selftest(group: number): number;
}

type Create<Module> = (options: object) => Promise<Module>;

/** What bundle.js carries (make_page.mjs). */
/** What make_page.mjs writes into the files of one build. */
declare const attnlab_build: string;
declare const attnlab_expected: Record<string, { bytes: number; sha256: string } | undefined>;
declare var attnlab_builds: Record<string, string> | undefined;
/** boot.js: the first module that does not come, of this one and those it imports. */
declare var attnlab_missing: ((name: string) => Promise<string | undefined>) | undefined;
declare var attnlab_parts: Record<string, string> | undefined;
declare var attnlab_worker: string;

/** The battery, in the browsers that tell of it. */
interface Battery extends EventTarget {
  charging: boolean;
  level: number;
}
interface Navigator {
  getBattery?(): Promise<Battery>;
}
