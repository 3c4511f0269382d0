import { useState } from 'preact/hooks'

/** A command to type, with a way to copy it where the browser has one. */
export function Command({ line }: { readonly line: string }) {
  const [isCopied, setCopied] = useState(false)
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(line)
    setCopied(true)
    setTimeout(() => setCopied(false), 2_000)
  }
  return (
    <span class="command">
      <code>{line}</code>
      {isSecureContext && 'clipboard' in navigator ? (
        <button type="button" class="quiet" onClick={() => void copy()} aria-label={`Copy ${line}`}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
      ) : null}
    </span>
  )
}
