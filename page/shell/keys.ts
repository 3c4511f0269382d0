import { useEffect } from 'preact/hooks'
import { above, routeOf } from './route.ts'

/** The keys of the page, for its help. */
export const KEYS: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['j', '↓'], 'the next entry of a list'],
  [['k', '↑'], 'the one before'],
  [['Enter'], 'open it'],
  [['/'], 'search rows'],
  [['n', 'p'], 'the next page of rows, the page before'],
  [['Esc'], 'back: close, or one screen up'],
  [['?'], 'these keys'],
]

const STEPS: Readonly<Record<string, number>> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }

/** Takes the keys of the page; those in a field, in a dialog, or with Ctrl, Alt or Meta stay what they are. */
export function useKeys(help: () => void): void {
  useEffect(() => {
    const take = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (document.querySelector('dialog[open]') || isLeftAlone(event)) return
      if (carryOut(event.key, help)) event.preventDefault()
    }
    addEventListener('keydown', take)
    return () => removeEventListener('keydown', take)
  }, [help])
}

function isLeftAlone({ key, target }: KeyboardEvent): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.matches('input, textarea')) return key !== 'Escape'
  // Arrows choose in a list of choices, and scroll what can be scrolled by itself.
  return target.matches('select') || (key.startsWith('Arrow') && target.matches('[data-scrolls]'))
}

/** True where the key means something here. */
function carryOut(key: string, help: () => void): boolean {
  const step = STEPS[key]
  if (step !== undefined) return goThroughList(step)
  switch (key) {
    case '?':
      help()
      return true
    case '/':
      return focusOn('[data-search]')
    case 'n':
      return press('[data-key="n"]')
    case 'p':
      return press('[data-key="p"]')
    case 'Escape':
      return leave()
    default:
      return false
  }
}

/** Moves the focus through the entries of the list; one that follows is opened beside it where there is room. */
function goThroughList(step: number): boolean {
  const entries = [...document.querySelectorAll<HTMLElement>('[data-entry]')]
  const focused = entries.findIndex((entry) => entry === document.activeElement)
  const from = focused === -1 ? entries.findIndex((entry) => entry.hasAttribute('aria-current')) : focused
  const next = entries[from === -1 ? (step > 0 ? 0 : entries.length - 1) : from + step]
  if (!next) return false
  next.focus()
  next.scrollIntoView({ block: 'nearest' })
  if (next.dataset['entry'] === 'beside' && matchMedia('(min-width: 64rem)').matches) next.click()
  return true
}

function focusOn(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector)
  found?.focus()
  return found !== null
}

function press(selector: string): boolean {
  const found = document.querySelector<HTMLElement>(selector)
  found?.click()
  return found !== null
}

function leave(): boolean {
  const { activeElement } = document
  if (activeElement instanceof HTMLElement && activeElement.matches('input, textarea')) {
    activeElement.blur()
    return true
  }
  const up = above(routeOf(location.hash))
  if (up !== null) location.hash = up
  return up !== null
}
