import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CaughtMutant } from './mutants/caught-mutant.ts'
import type { PartName, Range } from './parts.ts'
import type { RealRuns } from './real-command.ts'
import type { TallyRecord } from './tally.ts'

/** Seeds carried out twice, and those whose second time was not the first one again, byte for byte. */
export interface RepeatedSeeds {
  readonly seeds: number
  readonly differing: readonly string[]
}

/** Result of a piece of each part. */
export interface PieceValues {
  readonly seeds: TallyRecord
  readonly machines: TallyRecord
  readonly steps: TallyRecord
  readonly cells: TallyRecord
  readonly repeated: RepeatedSeeds
  readonly defects: CaughtMutant
  readonly real: RealRuns
}

/** The proved sources, as they were copied, and their name. */
export interface Source {
  /** Such as `commit 1a2b3c4`, or the same `with changes`. */
  readonly name: string
  /** Of every file that the proof is made from; pieces of other sources are never taken for these. */
  readonly digest: string
}

/** A piece of the proof that was carried out. */
export interface KeptPiece<Part extends PartName> extends Range {
  readonly part: Part
  /** Cases that the whole part has. */
  readonly goal: number
  readonly seconds: number
  /** What these sources were called then. */
  readonly source: string
  readonly value: PieceValues[Part]
}

/**
 * The pieces of the proof that were carried out from the same sources, each in a file of its own that is there as soon as
 * the piece is done. Other sources, another commit as well as changes that are in none, have other folders.
 */
export class KeptPieces {
  readonly source: Source
  readonly #parent: string
  readonly #folder: string

  constructor(folder: string, source: Source) {
    this.source = source
    this.#parent = folder
    this.#folder = join(folder, source.digest)
    mkdirSync(this.#folder, { recursive: true })
  }

  keep<Part extends PartName>(piece: Omit<KeptPiece<Part>, 'source'>): void {
    const path = join(this.#folder, `${piece.part}-${piece.from}-${piece.from + piece.count - 1}.json`)
    writeFileSync(`${path}.new`, JSON.stringify({ ...piece, source: this.source.name }))
    renameSync(`${path}.new`, path)
  }

  /** The pieces of a part, in order; where two hold the same cases, the longer one. */
  of<Part extends PartName>(part: Part): readonly KeptPiece<Part>[] {
    const pieces = piecesIn(this.#folder, part)
    const taken: KeptPiece<Part>[] = []
    for (const piece of pieces.toSorted((one, other) => other.count - one.count)) {
      if (!taken.some((one) => overlap(one, piece))) taken.push(piece)
    }
    return taken.toSorted((one, other) => one.from - other.from)
  }

  /** Cases that showed defects of other sources, by the name of the defect: where to look first in these sources. */
  casesBefore(): ReadonlyMap<string, string> {
    const others = readdirSync(this.#parent).map((name) => join(this.#parent, name))
    const found = others.filter((folder) => folder !== this.#folder).flatMap((folder) => piecesIn(folder, 'defects'))
    return new Map(found.flatMap(({ value: { caught, name } }) => (caught ? [[name, caught.name] as const] : [])))
  }

  /** True where these cases were carried out already. */
  has(part: PartName, { count, from }: Range): boolean {
    return this.of(part).some((one) => one.from <= from && from + count <= one.from + one.count)
  }
}

function piecesIn<Part extends PartName>(folder: string, part: Part): readonly KeptPiece<Part>[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith(`${part}-`) && name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as KeptPiece<Part>)
}

function overlap(one: Range, other: Range): boolean {
  return one.from < other.from + other.count && other.from < one.from + one.count
}
