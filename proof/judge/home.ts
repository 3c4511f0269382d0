import { type BatchKind, isAskedDirectly } from '../../src/model/batch.ts'
import { runFolder, statePath } from '../../src/store/run-folder.ts'
import { realBytes } from '../books.ts'
import type { Evidence } from '../evidence.ts'
import { CANARY_PROMPT } from '../plan.ts'
import type { Trace } from '../run-until-finished.ts'
import { type Violation, violation, violationOf } from '../violation.ts'
import { namedFilesAmiss } from '../world/named-files.ts'
import { CANARY_KEY, HOME, STRAY_KEY, type World } from '../world/world.ts'

/** What must be true of the files that a run keeps, and of what is seen of them outside. */
export function judgeHome(evidence: Evidence): readonly Violation[] {
  return [...altered(evidence), ...leaks(evidence), ...namedInVain(evidence)]
}

/**
 * Every raw result file in the home is one that the provider sent, byte for byte; of synchronous calls every line is made
 * around an answer as it came, or around a refusal; of carried answers every line is one of either.
 */
function altered({ trace, world }: Evidence): readonly Violation[] {
  const id = trace.report?.run.id
  if (id === undefined) return []
  const folder = runFolder(HOME, id).results
  const sent = new Set([...world.downloads.values()].flat().map((bytes) => Buffer.from(bytes).toString('latin1')))
  const isAsSent = (path: string, text: string): boolean => {
    const kind = kindOf(path, trace)
    if (kind !== undefined && isAskedDirectly({ kind })) return isMadeOfAnswers(utf8(text), world)
    return kind === 'carried' ? isMadeOfLines(text, sent, world) : sent.has(text)
  }
  return [...world.disk.files()]
    .filter(([path]) => path.startsWith(`${folder}/`) && path.endsWith('.jsonl'))
    .filter(([path, bytes]) => !isAsSent(path, Buffer.from(bytes).toString('latin1')))
    .map(([path]) => violation('altered', path))
}

function kindOf(path: string, { report }: Trace): BatchKind | undefined {
  return report?.attempts.find(({ key }) => path.includes(`/${key}-`))?.kind
}

function isMadeOfLines(text: string, files: ReadonlySet<string>, world: World): boolean {
  const sent = new Set([...files].flatMap((file) => file.split('\n').map(bare)))
  const lines = text.split('\n').filter(Boolean)
  return lines.every((line) => sent.has(bare(line)) || isMadeOfAnswers(utf8(line), world))
}

/** A line without what may stand around it in a file: a byte order mark, here read as Latin, and a carriage return. */
function bare(line: string): string {
  return line.replace(/^\u00ef\u00bb\u00bf/, '').trim()
}

function utf8(latin: string): string {
  return Buffer.from(latin, 'latin1').toString()
}

function isMadeOfAnswers(lines: string, { directAnswers }: World): boolean {
  return lines
    .split('\n')
    .filter((line) => line.includes('"status_code":200'))
    .every((line) => directAnswers.some(({ body }) => body !== '' && line.includes(body.trim())))
}

/** What the catalog names is on the disk, forced there before. */
function namedInVain({ plan, trace, world }: Evidence): readonly Violation[] {
  const atEnd = plan.isRotting ? [] : namedFilesAmiss(world)
  return violationOf('lost', 'files that the catalog names and that are not as it says', [
    ...trace.namedInVain,
    ...atEnd,
  ])
}

/** The key nowhere; the secret prompt only where prompts and answers belong. */
function leaks({ trace, world }: Evidence): readonly Violation[] {
  const said = JSON.stringify([trace.events, trace.starts])
  const remote = JSON.stringify(
    [...world.provider.simulator.state.batches.values()]
      .map(({ metadata }) => metadata)
      .concat([...world.provider.simulator.state.files.values()].map(({ name }) => ({ name }))),
  )
  const state = Buffer.concat(
    ['', '-wal'].map((ending) => realBytes(world.disk.real(statePath(HOME)) + ending)),
  ).toString('latin1')
  const places: [string, string][] = [
    ['output and events', said],
    ['remote metadata and names', remote],
    ['state.db', state],
  ]
  for (const [path, bytes] of world.disk.files()) {
    const text = Buffer.from(bytes).toString('latin1')
    if (text.includes(CANARY_KEY) || text.includes(STRAY_KEY)) places.push([path, text])
    else if (/\/log\.jsonl$|\.run\.json$/.test(path)) places.push([path, text])
  }
  return places
    .filter(([, text]) => [CANARY_KEY, STRAY_KEY, CANARY_PROMPT].some((secret) => text.includes(secret)))
    .map(([place]) => violation('leak', place))
}
