import { parsedBodyOf } from '../log/frozen-line.ts'
import { factsOf } from '../providers/known.ts'

/** Load of a request on its batch besides its own bytes and tokens. */
export interface RequestLoad {
  /** Texts that are answered each for itself. */
  readonly inputs: number
  /** Bytes that the answer is expected to have; 0 where nothing limits them. */
  readonly outputBytes: number
}

/** A request of one input with an answer of usual length. */
export const USUAL_LOAD: RequestLoad = { inputs: 1, outputBytes: 0 }

/** Bytes of a number in a vector, as providers write them: `-0.006929283495992422` and a comma. */
const NUMBER_BYTES = 22

/** Bytes of the same in base64: four bytes in sixteen thirds. */
const PACKED_NUMBER_BYTES = 5.34

/** Counts what a line takes. */
export type LoadOf = (line: Uint8Array) => RequestLoad

/** For endpoints that answer with vectors of `usualLength` numbers, where a request does not ask for another length. */
export function vectorLoad(provider: string, usualLength: number): LoadOf {
  const facts = factsOf(provider)
  return (line) => {
    const { inputs, isPacked, length } = facts.vectorsAsked(parsedBodyOf(line))
    const numberBytes = isPacked ? PACKED_NUMBER_BYTES : NUMBER_BYTES
    return { inputs, outputBytes: Math.ceil(inputs * (length ?? usualLength) * numberBytes) }
  }
}
