/** A part of a bar: its share of the whole, from 0 to 1, and its look. */
export interface MeterPart {
  readonly share: number
  readonly look: 'good' | 'bad' | 'moving' | 'aside' | 'plain'
}

/** A bar of parts. It repeats what words beside it say, so it is hidden from readers of the screen. */
export function Meter({ parts, isSlim = false }: { readonly parts: readonly MeterPart[]; readonly isSlim?: boolean }) {
  return (
    <span class={isSlim ? 'meter is-slim' : 'meter'} aria-hidden="true">
      {parts.map(({ look, share }) =>
        share > 0 ? (
          <span key={look} class={`part-${look}`} style={{ width: `${Math.max(0.6, Math.min(1, share) * 100)}%` }} />
        ) : null,
      )}
    </span>
  )
}
