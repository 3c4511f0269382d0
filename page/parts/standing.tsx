import type { Sign, Standing as StandingFacts } from '../words/states.ts'

const SHAPES: Readonly<Record<Sign, string>> = {
  done: 'M2.5 6.5 5 9l4.5-6',
  failed: 'M3 3l6 6M9 3 3 9',
  held: 'M4 2.5v7M8 2.5v7',
  moving: 'M4 2.5 9 6 4 9.5z',
  none: 'M2.5 6h7',
  waiting: 'M6 2a4 4 0 1 1 0 8a4 4 0 1 1 0-8',
}

/** A sign alone, for beside a word. */
export function SignMark({ sign }: { readonly sign: Sign }) {
  return (
    <svg class={`sign sign-${sign}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      <path d={SHAPES[sign]} />
    </svg>
  )
}

/** A standing: a shape and a word. */
export function Standing({ sign, word }: StandingFacts) {
  return (
    <span class={`standing is-${sign}`}>
      <SignMark sign={sign} />
      {word}
    </span>
  )
}
