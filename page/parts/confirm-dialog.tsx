import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { AskFailure } from '../data/ask.ts'
import { failureOf } from '../data/use-answer.ts'
import { Dialog } from './dialog.tsx'
import { Failure } from './notices.tsx'

/** Asks once before something is done: what it does and costs, and two ways out. */
export function ConfirmDialog({
  carryOut,
  children,
  isDangerous = false,
  isReady = true,
  keep,
  onClose,
  onDone,
  title,
  verb,
}: {
  readonly title: string
  /** On the button that does it. */
  readonly verb: string
  /** On the button that does nothing. */
  readonly keep: string
  readonly isDangerous?: boolean
  readonly isReady?: boolean
  /** Does it, and says what was done. */
  readonly carryOut: () => Promise<string>
  readonly onDone: (message: string) => void
  readonly onClose: () => void
  readonly children: ComponentChildren
}) {
  const [isWorking, setWorking] = useState(false)
  const [failure, setFailure] = useState<AskFailure>()
  const begin = async (): Promise<void> => {
    setWorking(true)
    setFailure(undefined)
    try {
      onDone(await carryOut())
    } catch (error) {
      setFailure(failureOf(error))
      setWorking(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (isReady && !isWorking) void begin()
        }}
      >
        {children}
        {failure ? <Failure failure={failure} /> : null}
        <p class="dialog-actions">
          <button type="button" onClick={onClose}>
            {keep}
          </button>
          <button type="submit" class={isDangerous ? 'danger solid' : 'solid'} disabled={!isReady || isWorking}>
            {isWorking ? 'Working…' : verb}
          </button>
        </p>
      </form>
    </Dialog>
  )
}
