import type { ComponentChildren } from 'preact'
import type { AskFailure } from '../data/ask.ts'
import { Said } from './said.tsx'

/** What stands where there is nothing to show. */
export function Empty({ children, title }: { readonly title: string; readonly children?: ComponentChildren }) {
  return (
    <div class="notice empty">
      <p class="notice-title">{title}</p>
      {children}
    </div>
  )
}

/** What stands where something could not be had. */
export function Failure({
  again,
  failure,
}: {
  readonly failure: AskFailure
  readonly again?: (() => void) | undefined
}) {
  return (
    <div class="notice failure" role="alert">
      <p class="notice-title">
        <Said text={failure.message} />
      </p>
      {failure.next === '' ? null : (
        <p>
          <Said text={failure.next} />
        </p>
      )}
      {again ? (
        <button type="button" onClick={again}>
          Try again
        </button>
      ) : null}
    </div>
  )
}

/** What stands while something is asked for; shown only after a moment, so that quick answers do not flicker. */
export function Loading({ what }: { readonly what: string }) {
  return (
    <div class="notice loading" role="status">
      <p>Loading {what}…</p>
      <span class="bones" aria-hidden="true" />
    </div>
  )
}
