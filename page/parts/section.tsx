import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'

/** A titled part of a screen. */
export function Section({
  aside,
  children,
  name,
  title,
}: {
  readonly title: string
  /** Said beside the title, in a few words. */
  readonly aside?: ComponentChildren
  /** For its place in the layout. */
  readonly name: string
  readonly children: ComponentChildren
}) {
  const id = useId()
  return (
    <section class={`panel panel-${name}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside === undefined ? null : <div class="aside">{aside}</div>}
      </header>
      {children}
    </section>
  )
}
