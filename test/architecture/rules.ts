import type { FileFacts } from './facts.ts'

/** The contracts that everything above may know, while only few know what stands behind them. */
const PORTS = [
  'log/cache-prefix.ts',
  'log/frozen-line.ts',
  'providers/facts.ts',
  'providers/provider.ts',
  'providers/transport.ts',
  'store/port/attempt.ts',
  'store/port/batch.ts',
  'store/port/files-place.ts',
  'store/port/money.ts',
  'store/port/paid-call.ts',
  'store/port/queue.ts',
  'store/port/run.ts',
  'store/store.ts',
  'store/run-folder.ts',
]

/** Tells what is known of a provider, without a way to call one. */
const KNOWN = 'providers/known.ts'

const GROUND = ['model', 'lib', 'version.ts']
const BASE = [...GROUND, 'ports', 'known', 'prices', 'schema', 'config', 'log']
const STAGES = ['input', 'request', 'plan', 'submit', 'watch', 'collect', 'output']
const DOWN = [...BASE, ...STAGES, 'providers', 'store']
const HOME = [...DOWN, 'workspace', 'batching']
const MAIN = [...HOME, 'prepare', 'drive', 'results', 'probe', 'telemetry', 'library']

/**
 * What each room may import besides itself: the picture of ARCHITECTURE.md as a table. A room is a folder of src, or a
 * file directly in it; `ports` are the contracts, and `known` tells the facts of a provider to rooms that know no adapter.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  lib: [],
  'version.ts': [],
  ports: GROUND,
  known: ['ports', 'providers'],
  prices: [...GROUND, 'ports', 'known'],
  schema: [...GROUND, 'ports', 'known'],
  config: [...GROUND, 'ports', 'known'],
  log: [...GROUND, 'ports'],
  providers: [...GROUND, 'ports'],
  store: [...GROUND, 'ports'],
  ...Object.fromEntries(STAGES.map((stage) => [stage, BASE])),
  workspace: DOWN,
  batching: [...DOWN, 'workspace'],
  telemetry: [...GROUND, 'ports'],
  prepare: HOME,
  drive: HOME,
  results: HOME,
  probe: HOME,
  library: [...HOME, 'prepare', 'drive', 'results', 'telemetry'],
  server: [...GROUND, 'config'],
  processors: MAIN,
  'provider.ts': ['ports', ...GROUND, 'providers'],
  'testing.ts': [...MAIN, 'server'],
  calls: MAIN,
  'ai-sdk.ts': [...MAIN, 'calls'],
  'fetch.ts': [...MAIN, 'calls'],
  'index.ts': [...MAIN, 'processors'],
  gateway: [...MAIN, 'calls'],
  ui: MAIN,
  webhooks: MAIN,
  'webhooks.ts': [...MAIN, 'webhooks'],
  mcp: MAIN,
  cli: [...MAIN, 'server', 'gateway', 'ui', 'webhooks', 'mcp'],
  bench: [...MAIN, 'server'],
}

/**
 * The face of each room of the conductor: what other rooms may import of it. A room that is not named here shows all it
 * has.
 */
const FACES: Readonly<Record<string, readonly string[]>> = {
  workspace: [
    'account',
    'answer-fields',
    'base-url-doubt',
    'budget',
    'context',
    'events',
    'file-list',
    'find-run',
    'judged-models',
    'left-folders',
    'lifetime',
    'overshoot',
    'progress',
    'queue-limits',
    'remove-run',
    'report',
    'retryable',
    'run-cost',
    'standing',
    'start-lock',
    'workspace',
    'workers-at-work',
    'written-answers',
  ],
  batching: [
    'batch-sinks',
    'batch-writer',
    'batcher',
    'canary-choice',
    'cutting',
    'first-choice',
    'line-encoder',
    'prepared-row',
    'shared-prefixes',
  ],
  prepare: [
    'append-rows',
    'definition',
    'freeze-run',
    'fill-prompts',
    'job-text',
    'open-run',
    'plan-run',
    'problem-list',
    'start',
    'try-rows',
  ],
  drive: [
    'adopt-remote',
    'cancel',
    'confirm-account',
    'deadline',
    'gate',
    'loop',
    'preflight',
    'recover',
    'release',
    'remote',
    'remote/inventory',
    'retry',
    'retry-bill',
    'room',
  ],
  results: [
    'accuracy',
    'comparable',
    'compare',
    'compare-pair',
    'compare-runs',
    'condition',
    'field-counts',
    'finish',
    'json-answer',
    'row-columns',
    'row-view',
    'run-rows',
    'selection',
    'shown-input',
    'spending-sums',
    'statistics',
    'summarise',
    'value-counts',
  ],
  telemetry: ['queues', 'sitting', 'telemetry'],
  probe: ['evidence', 'inline-probe', 'live-probe', 'one-row'],
}

/** The most source files that stand beside each other in a folder. */
const MOST_FILES = 25

/** The same for `proof`: the simulated world knows nothing of what is carried out in it, and judges only read evidence. */
const PROOF_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  world: [],
  judge: ['books.ts', 'evidence.ts', 'label.ts', 'plan.ts', 'run-until-finished.ts', 'violation.ts', 'world'],
  mutants: ['tally.ts'],
}

/** A thing of the outside world and the only places that may touch it. Paths are files, or rooms ending in a slash. */
interface Guard {
  readonly what: string
  readonly modules?: RegExp
  readonly globals?: RegExp
  /** Only these names of the modules are guarded. @default all */
  readonly names?: readonly string[]
  readonly allowed: readonly string[]
}

/** Programs of their own: they may talk to their process and their terminal. */
const PROGRAMS = ['cli/', 'bench/']

const GUARDS: readonly Guard[] = [
  { what: 'the file system', modules: /^(node:)?fs(\/promises)?$/, allowed: ['lib/disk.ts'] },
  {
    what: 'timers',
    modules: /^(node:)?timers(\/promises)?$/,
    globals: /^(setTimeout|setInterval|AbortSignal\.timeout)$/,
    allowed: ['lib/clock.ts'],
  },
  {
    what: 'the time',
    globals: /^(Date\.now|Date\(\)|new Date\(\)|performance\.\w+|process\.hrtime)$/,
    allowed: ['lib/clock.ts'],
  },
  {
    what: 'randomness',
    modules: /^(node:)?crypto$/,
    names: ['randomBytes', 'randomUUID', 'randomInt', 'randomFillSync', 'randomFill', 'getRandomValues', 'webcrypto'],
    globals: /^(Math\.random|crypto\.\w+)$/,
    allowed: ['lib/random.ts'],
  },
  {
    what: 'the network',
    modules: /^undici$/,
    globals: /^(fetch|WebSocket)$/,
    // What batches do not take goes as the client would have sent it.
    allowed: ['providers/http', 'calls/open-batch.ts'],
  },
  {
    what: 'sockets and servers',
    modules: /^((node:)?(http|https|http2|net|tls|dgram)|hono|@hono\/.*)$/,
    allowed: ['server/', 'gateway/', 'ui/', 'webhooks/in/', 'lib/http/listener.ts', 'cli/worker/health-server.ts'],
  },
  // A database that answers are written to is the user's, and has nothing of a home in it.
  {
    what: 'a database driver',
    modules: /^(@photostructure\/sqlite|node:sqlite|pg)$/,
    allowed: ['store/', 'output/sqlite/database-file.ts'],
  },
  { what: 'threads', modules: /^(node:)?worker_threads$/, allowed: ['prepare/thread/'] },
  { what: 'the terminal', globals: /^console(\..+)?$/, allowed: PROGRAMS },
  // The disk asks for the platform, because what a folder sync and statfs mean differs; the library has no program
  // around it that could hand it environment, working folder, and a place for the lines of the processors.
  {
    what: 'the process',
    modules: /^(node:)?(process|child_process)$/,
    globals: /^process(\..+)?$/,
    allowed: [...PROGRAMS, 'lib/command.ts', 'lib/disk.ts', 'lib/machine.ts', 'lib/process-end.ts', 'lib/terminal.ts'],
  },
  { what: 'a module whose name is computed', modules: /^\(computed\)$/, allowed: [] },
]

/** Names of providers and of their models, and words of a dialect that are no words of ours too. */
const PROVIDER_WORDS: readonly RegExp[] = [
  /openai|mistral|anthropic|claude|gemini|\bgpt[-_.\d]/gi,
  /\b(?:image_url|input_(?:audio|image|text)|file_data|output_text|tool_calls|response_format|json_schema)\b/g,
  /\b(?:max_(?:completion|output)_tokens|random_seed|safety_identifier|prompt_cache_key)\b/g,
  /\b(?:encoding_format|output_dimension|presence_penalty|frequency_penalty|logit_bias|(?:top_)?logprobs)\b/g,
]

/** Where a provider may be named, and its dialect spoken; comments may do so everywhere. */
const MAY_NAME_PROVIDERS: readonly string[] = [
  'providers/',
  // A provider on this machine, with a reading of the documents of its own, and the demo that shows it.
  'server/',
  'cli/demo/',
  // The default, and the examples of help and messages.
  'model/named-providers.ts',
  // Public classes with a provider in their names, and the entries that export them.
  'processors/mistral-batch-processor.ts',
  'processors/openai-batch-processor.ts',
  'index.ts',
  'provider.ts',
]

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = /^(utils?|helpers?|types?|commons?|misc|interfaces?|constants)\.tsx?$/
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*\.tsx?$/

/** The room of a path below `src`. */
export function roomOf(path: string): string {
  if (path === KNOWN) return 'known'
  return PORTS.includes(path) ? 'ports' : (path.split('/')[0] ?? path)
}

/** Arrows between rooms that the table does not allow. */
export function forbiddenArrows(file: FileFacts): readonly string[] {
  const room = roomOf(file.path)
  const allowed = MAY_IMPORT[room]
  if (allowed === undefined) return [`${file.path} is in no known room`]
  return file.imports
    .filter(({ module }) => module.endsWith('.ts'))
    .filter(({ module }) => roomOf(module) !== room && !allowed.includes(roomOf(module)))
    .map(({ module, line }) => `${file.path}:${line} imports ${module}, which ${room} may not know`)
}

/** Imports of what a room does not show. */
export function hiddenImports(file: FileFacts): readonly string[] {
  return file.imports
    .filter(({ module }) => roomOf(module) !== roomOf(file.path))
    .filter(({ module }) => {
      const [room = '', ...rest] = module.split('/')
      const face = FACES[room]
      return face !== undefined && rest.length > 0 && !face.includes(rest.join('/').replace(/\.ts$/, ''))
    })
    .map(({ module, line }) => `${file.path}:${line} imports ${module}, which its room keeps to itself`)
}

/** Names that a face shows and no other room imports. */
export function idleFaces(files: readonly FileFacts[]): readonly string[] {
  const used = new Set(
    files.flatMap(({ imports, path }) =>
      imports.map(({ module }) => module).filter((to) => roomOf(to) !== roomOf(path)),
    ),
  )
  return Object.entries(FACES).flatMap(([room, face]) =>
    face.map((name) => `${room}/${name}.ts`).filter((path) => !used.has(path)),
  )
}

/** Folders with more source files than one overlooks. */
export function crowdedFolders(files: readonly FileFacts[]): readonly string[] {
  const counts = new Map<string, number>()
  for (const { path } of files) {
    const folder = path.split('/').slice(0, -1).join('/')
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  return [...counts].filter(([, count]) => count > MOST_FILES).map(([folder, count]) => `${folder} has ${count} files`)
}

/** Arrows between the rooms of `proof`, by paths below it; it may use all of `src`, and its own programs everything. */
export function forbiddenProofArrows({ imports, path }: FileFacts): readonly string[] {
  const room = path.split('/')[0] ?? path
  const allowed = PROOF_MAY_IMPORT[room]
  if (allowed === undefined) return path.includes('/') ? [`${path} is in no known room of the proof`] : []
  return imports
    .filter(({ module }) => module.endsWith('.ts') && !module.startsWith('../src/'))
    .filter(({ module }) => ![room, ...allowed].includes(module.split('/')[0] ?? module))
    .map(({ module, line }) => `${path}:${line} imports ${module}, which ${room} may not know`)
}

/** The one thing that the page and the program share: the shapes of what they say to each other. */
const CONTRACT = '../src/ui/contract.ts'
const LIBRARIES_OF_PAGE = /^(?:preact(?:\/hooks)?|uplot)$/

/** What the page takes from outside of itself besides its two libraries and the types of the contract. */
export function forbiddenInPage({ imports, path }: FileFacts): readonly string[] {
  return imports
    .filter(({ isType, module }) => {
      const isOwn = /\.tsx?$/.test(module) && !module.startsWith('../')
      return !isOwn && !LIBRARIES_OF_PAGE.test(module) && !(isType && module === CONTRACT)
    })
    .map(({ module, line }) => `${path}:${line} imports ${module}, which the page may not`)
}

/** Uses of the outside world in a place that is not its adapter. */
export function forbiddenUses(file: FileFacts): readonly string[] {
  return GUARDS.filter(({ allowed }) => !allowed.some((place) => file.path.startsWith(place))).flatMap((guard) => [
    ...file.imports
      .filter(({ module, names }) => guard.modules?.test(module) && takesGuarded(guard, names))
      .map(({ module, line }) => `${file.path}:${line} imports ${module}: ${onlyIn(guard)}`),
    ...file.globals
      .filter(({ name }) => guard.globals?.test(name))
      .map(({ name, line }) => `${file.path}:${line} uses ${name}: ${onlyIn(guard)}`),
  ])
}

/** Words of providers outside of their folders. */
export function providerWords({ code, path }: FileFacts): readonly string[] {
  if (MAY_NAME_PROVIDERS.some((place) => path.startsWith(place))) return []
  return PROVIDER_WORDS.flatMap((words) => [...code.matchAll(words)]).map(
    ({ 0: word, index }) =>
      `${path}:${code.slice(0, index).split('\n').length} says ${word}, which a provider's folder may`,
  )
}

/** A namespace import takes everything. */
function takesGuarded({ names: guarded }: Guard, taken: readonly string[]): boolean {
  return guarded === undefined || taken.length === 0 || taken.some((name) => guarded.includes(name))
}

function onlyIn({ what, allowed }: Guard): string {
  return allowed.length === 0 ? `${what} is not wanted anywhere` : `${what} only in ${allowed.join(', ')}`
}

export function badNames(file: FileFacts): readonly string[] {
  const name = file.path.split('/').at(-1) ?? ''
  if (EMPTY_NAMES.test(name)) return [`${file.path} has a name that says nothing`]
  return KEBAB_CASE.test(name) ? [] : [`${file.path} is not kebab-case`]
}

/** All that a file brings with it, itself included: what it imports, what that imports, and so on; types count too. */
export function broughtBy(path: string, files: readonly FileFacts[]): ReadonlySet<string> {
  const targets = new Map(files.map((file) => [file.path, file.imports.map(({ module }) => module)]))
  const brought = new Set([path])
  for (const found of brought) for (const target of targets.get(found) ?? []) brought.add(target)
  return brought
}

/** Import cycles, each once, as the way round; type imports count too, they are how large cycles begin. */
export function findCycles(files: readonly FileFacts[]): readonly string[] {
  const targets = new Map(files.map((file) => [file.path, file.imports.map(({ module }) => module)]))
  const finished = new Set<string>()
  const cycles: string[] = []
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.push([...trail.slice(start), path].join(' -> '))
    if (start >= 0 || finished.has(path)) return
    for (const target of targets.get(path) ?? []) walk(target, [...trail, path])
    finished.add(path)
  }
  for (const path of targets.keys()) walk(path, [])
  return cycles
}
