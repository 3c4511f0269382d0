import { useContext, useState } from 'preact/hooks'
import type { ActionDone, RunDetail } from '../../src/ui/contract.ts'
import { act } from '../data/ask.ts'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { Said } from '../parts/said.tsx'
import { SessionContext } from '../shell/session.ts'
import { counted, dollars } from '../words/quantity.ts'
import { committedUsd, isUnfinished } from '../words/run-facts.ts'

type Action = 'cancel' | 'cap' | 'resume'

const TITLES: Readonly<Record<Action, string>> = { resume: 'Resume', cap: 'Raise the cap', cancel: 'Cancel' }

/** What can be done to the run from here; nothing unless the server was started with `--allow-actions`. */
export function Actions({ again, run }: { readonly run: RunDetail; readonly again: () => void }) {
  const session = useContext(SessionContext)
  const [open, setOpen] = useState<Action | null>(null)
  const [done, setDone] = useState<string | null>(null)
  const possible = session?.areActionsAllowed ? possibleActions(run) : []
  const finish = (message: string): void => {
    setOpen(null)
    setDone(message)
    again()
  }
  const close = (): void => setOpen(null)
  return (
    <>
      {possible.map((action) => (
        <button key={action} type="button" class={action === 'cancel' ? 'danger' : ''} onClick={() => setOpen(action)}>
          {TITLES[action]}…
        </button>
      ))}
      <span class="done-line" role="status">
        {done === null ? null : <Said text={done} />}
      </span>
      {open === 'cancel' ? <CancelDialog run={run} onDone={finish} onClose={close} /> : null}
      {open === 'resume' ? <ResumeDialog run={run} onDone={finish} onClose={close} /> : null}
      {open === 'cap' ? <CapDialog run={run} onDone={finish} onClose={close} /> : null}
    </>
  )
}

function possibleActions(run: RunDetail): readonly Action[] {
  if (!isUnfinished(run)) return []
  const actions: Action[] = []
  if (run.isLeft || run.state === 'held' || run.state === 'paused' || run.state === 'ready') actions.push('resume')
  if (run.spent.capUsd !== null) actions.push('cap')
  if (run.state !== 'cancelling') actions.push('cancel')
  return actions
}

interface ActionDialog {
  readonly run: RunDetail
  readonly onDone: (message: string) => void
  readonly onClose: () => void
}

function CancelDialog({ onClose, onDone, run }: ActionDialog) {
  const open = run.counts.pending + run.counts.batched
  return (
    <ConfirmDialog
      title={`Cancel run ${run.id}?`}
      verb="Cancel the run"
      keep="Keep it"
      isDangerous
      carryOut={async () => (await act<ActionDone>(`runs/${run.id}/cancel`, { confirm: true })).message}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        Nothing more is sent, and the provider is asked to cancel what is there. {counted(open, 'row')} without a result
        will have none, but for those that the provider has executed already: these are billed, collected and kept.
      </p>
      <p>
        Spent so far: {dollars(run.spent.totalUsd)}. At most {dollars(run.spent.reservedUsd)} more is on its way. A
        cancelled run can be opened again with retry.
      </p>
    </ConfirmDialog>
  )
}

function ResumeDialog({ onClose, onDone, run }: ActionDialog) {
  const { counts, id, spent } = run
  const committed = committedUsd(spent)
  return (
    <ConfirmDialog
      title={`Resume run ${id}?`}
      verb="Resume the run"
      keep="Not now"
      carryOut={async () => (await act<ActionDone>(`runs/${id}/resume`, { confirm: true })).message}
      onDone={onDone}
      onClose={onClose}
    >
      {run.reason === null ? null : (
        <p>
          It stopped because: <Said text={run.reason} />
        </p>
      )}
      <p>
        The workers of this home take it further, or the server of this page where there are none.{' '}
        {counted(counts.pending + counts.batched, 'row')} without a result: batches that were not sent yet are sent and
        paid for, those at the provider are collected and not bought again.
      </p>
      <p>
        Spent so far: {dollars(spent.totalUsd)}.{' '}
        {spent.capUsd === null
          ? 'The run has no cap.'
          : `It may cost at most ${dollars(spent.capUsd)}${committed === null ? '' : `, of which ${dollars(committed)} is spent or set aside`}.`}
      </p>
    </ConfirmDialog>
  )
}

function CapDialog({ onClose, onDone, run }: ActionDialog) {
  const { capUsd } = run.spent
  const [text, setText] = useState(capUsd === null ? '' : String(capUsd))
  const maxCostUsd = Number(text)
  const isRaised = text.trim() !== '' && Number.isFinite(maxCostUsd) && maxCostUsd > (capUsd ?? 0)
  return (
    <ConfirmDialog
      title={`Raise the cap of run ${run.id}?`}
      verb={isRaised ? `Raise it to ${dollars(maxCostUsd)}` : 'Raise it'}
      keep="Leave it"
      isReady={isRaised}
      carryOut={async () => (await act<ActionDone>(`runs/${run.id}/cap`, { confirm: true, maxCostUsd })).message}
      onDone={onDone}
      onClose={onClose}
    >
      <p>
        The run may cost {dollars(capUsd)} now; {dollars(committedUsd(run.spent))} of that is spent or set aside. With a
        higher cap, batches that wait for budget are sent once the run goes on.
      </p>
      <label class="field">
        Most that the run may cost, in US dollars
        <input
          type="number"
          inputMode="decimal"
          min={capUsd ?? 0}
          step="any"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
    </ConfirmDialog>
  )
}
