import { useEffect, useState } from 'preact/hooks'

/** Themes to choose from; `system` follows the machine. */
export const THEMES = ['system', 'light', 'dark'] as const

export type Theme = (typeof THEMES)[number]

const KEY = 'llm-batch-theme'

/** The chosen theme, which stays chosen, and the way to choose another. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(storedTheme)
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
    dispatchEvent(new Event('themechange'))
  }, [theme])
  const choose = (next: Theme): void => {
    try {
      localStorage.setItem(KEY, next)
    } catch {
      // A browser that stores nothing forgets the choice with the page.
    }
    setTheme(next)
  }
  return [theme, choose]
}

function storedTheme(): Theme {
  try {
    return THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'system'
  } catch {
    return 'system'
  }
}

/** Calls whenever colours change, by choice or with the machine; the answer ends that. */
export function onThemeChange(act: () => void): () => void {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  dark.addEventListener('change', act)
  addEventListener('themechange', act)
  return () => {
    dark.removeEventListener('change', act)
    removeEventListener('themechange', act)
  }
}
