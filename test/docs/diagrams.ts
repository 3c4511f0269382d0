import { MOVES, type Stage } from '../../src/model/attempt.ts'
import type { FileFacts } from '../architecture/facts.ts'
import { MAY_IMPORT, roomOf } from '../architecture/rules.ts'

/** A box of the picture of the rooms: rooms that may import the same and may be imported by the same. */
interface Box {
  readonly rooms: readonly string[]
  readonly below: readonly string[]
}

/** What a box says beside the names of its rooms. */
const CONTENTS: Readonly<Record<string, string>> = {
  ports: 'providers/provider.ts<br/>store/store.ts, store/port<br/>store/run-folder.ts',
  store: 'SQLite or Postgres, locks',
  known: 'the facts of providers',
  providers: 'the adapters and their facts',
}

/**
 * The rooms that the sources have and the arrows that the rules allow, as a flowchart. An arrow that follows from others is
 * left out.
 */
export function drawRooms(sources: readonly FileFacts[]): string {
  const present = new Set(sources.map(({ path }) => roomOf(path)))
  const boxes = boxesOf(Object.keys(MAY_IMPORT).filter((room) => present.has(room)))
  const under = (box: Box): readonly Box[] => boxes.filter(({ rooms: [first = ''] }) => box.below.includes(first))
  const arrows = boxes.flatMap((box) =>
    under(box)
      .filter((target) => !under(box).some((between) => between !== target && under(between).includes(target)))
      .map((target) => `  ${idOf(box)} --> ${idOf(target)}`),
  )
  return ['flowchart TB', ...boxes.map((box) => `  ${idOf(box)}["${labelOf(box)}"]`), ...arrows].join('\n')
}

function boxesOf(rooms: readonly string[]): readonly Box[] {
  const boxes = new Map<string, Box>()
  for (const room of rooms.toSorted((one, other) => Number(one.includes('.')) - Number(other.includes('.')))) {
    const below = MAY_IMPORT[room] ?? []
    const above = rooms.filter((other) => MAY_IMPORT[other]?.includes(room))
    const likes = JSON.stringify([below.toSorted(), above])
    boxes.set(likes, { rooms: [...(boxes.get(likes)?.rooms ?? []), room], below })
  }
  return [...boxes.values()].toReversed()
}

function idOf({ rooms: [first = ''] }: Box): string {
  return first.replace('.ts', '-ts')
}

function labelOf({ rooms }: Box): string {
  const content = CONTENTS[rooms[0] ?? '']
  return `<b>${rooms.join(' · ')}</b>${content === undefined ? '' : `<br/>${content}`}`
}

/** What brings an attempt from one stage to the next. */
const EVENTS: Readonly<Record<string, string>> = {
  'planned -> uploaded': 'input file sent',
  'planned -> calling': 'direct batch',
  'planned -> submitted': 'taken over from a lost home',
  'planned -> collected': 'carried over',
  'uploaded -> creating': 'intent committed',
  'creating -> submitted': 'answer names us',
  'creating -> uploaded': 'not created',
  'unconfirmed -> creating': 'repeated with its key',
  'creating -> unconfirmed': 'unclear answer or crash',
  'unconfirmed -> submitted': 'found in the list',
  'unconfirmed -> uploaded': 'absent after 429',
  'unconfirmed -> abandoned': 'proved absent, a new attempt begins',
  'calling -> ended': 'no call is left',
  'submitted -> ended': 'terminal at the provider',
  'ended -> collected': 'every request settled',
  'ended -> rejected': 'refused as a whole',
  'ended -> submitted': 'at work after all',
}

/** The stages and their moves as a state diagram, without those to and from `held`, which `heldMoves` tells in words. */
export function drawStages(): string {
  const moves = movesWithout('held').map(([from, to]) => {
    const event = EVENTS[`${from} -> ${to}`]
    return `  ${from} --> ${to}${event === undefined ? '' : `: ${event}`}`
  })
  const finals = stages().filter((stage) => MOVES[stage].length === 0)
  return ['stateDiagram-v2', '  [*] --> planned', ...moves, ...finals.map((stage) => `  ${stage} --> [*]`)].join('\n')
}

/** The sentence about `held`: the stages it is entered from and those it leads to. */
export function heldMoves(): string {
  const entered = stages().filter((stage) => MOVES[stage].includes('held'))
  const list = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')
  return `\`held\` is entered from ${list(entered)}, and leads to ${list(MOVES.held)}.`
}

/** Moves that have words here and are in the table no more. */
export function idleEvents(): readonly string[] {
  const moves = movesWithout('held').map(([from, to]) => `${from} -> ${to}`)
  return Object.keys(EVENTS).filter((move) => !moves.includes(move))
}

function stages(): readonly Stage[] {
  return Object.keys(MOVES) as Stage[]
}

function movesWithout(left: Stage): readonly (readonly [Stage, Stage])[] {
  const moves = stages().flatMap((from) => MOVES[from].map((to) => [from, to] as const))
  return moves.filter((move) => !move.includes(left))
}
