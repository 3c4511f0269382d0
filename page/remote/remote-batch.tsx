import { useContext, useState } from 'preact/hooks'
import type { AdoptionDone, UnknownRemoteBatch } from '../../src/ui/contract.ts'
import { act } from '../data/ask.ts'
import { Command } from '../parts/command.tsx'
import { ConfirmDialog } from '../parts/confirm-dialog.tsx'
import { Said } from '../parts/said.tsx'
import { Standing } from '../parts/standing.tsx'
import { runHref } from '../shell/route.ts'
import { SessionContext } from '../shell/session.ts'
import { count } from '../words/quantity.ts'
import type { Sign } from '../words/states.ts'
import { duration } from '../words/time.ts'

const SIGNS: Readonly<Record<UnknownRemoteBatch['status'], Sign>> = {
  queued: 'waiting',
  in_progress: 'moving',
  finalizing: 'moving',
  cancelling: 'moving',
  completed: 'done',
  failed: 'failed',
  expired: 'failed',
  cancelled: 'none',
}

const ENDED: readonly UnknownRemoteBatch['status'][] = ['completed', 'failed', 'expired', 'cancelled']

/** One batch that no run knows. */
export function RemoteBatchRow({
  again,
  batch,
  now,
}: {
  readonly batch: UnknownRemoteBatch
  readonly now: number
  readonly again: () => void
}) {
  const { adoptableInto, createdAt, id, isOurs, rawStatus, requests, status } = batch
  return (
    <tr>
      <th scope="row">
        <code>
          <Said text={id} />
        </code>
        <span class="under">{isOurs ? 'ours' : 'foreign'}</span>
      </th>
      <td>
        <Standing sign={SIGNS[status]} word={rawStatus} />
      </td>
      <td class="number of-requests">{requests === null ? '–' : count(requests)}</td>
      <td class="of-made">{createdAt === null ? '–' : `${duration(now - createdAt)} ago`}</td>
      <td class="of-deed">
        {adoptableInto === null ? null : (
          <Adoption id={id} run={adoptableInto.run} place={adoptableInto.batch} again={again} />
        )}
        {ENDED.includes(status) ? null : <Command line={`llm-batch remote cancel ${id}`} />}
        {ENDED.includes(status) && adoptableInto === null ? <span class="aside">nothing: it has ended</span> : null}
      </td>
    </tr>
  )
}

interface AdoptionFacts {
  readonly id: string
  readonly run: string
  readonly place: number
  readonly again: () => void
}

function Adoption({ again, id, place, run }: AdoptionFacts) {
  const session = useContext(SessionContext)
  const [isOpen, setOpen] = useState(false)
  const [done, setDone] = useState<string | null>(null)
  return (
    <>
      <span>
        the work of batch {count(place)} of <a href={runHref(run)}>run {run}</a>
      </span>
      {session?.areActionsAllowed ? (
        <button type="button" onClick={() => setOpen(true)}>
          Adopt…
        </button>
      ) : (
        <Command line={`llm-batch remote adopt ${run}`} />
      )}
      <span class="done-line" role="status">
        {done}
      </span>
      {isOpen ? (
        <ConfirmDialog
          title={`Adopt ${id}?`}
          verb="Adopt it"
          keep="Leave it"
          carryOut={async () => (await act<AdoptionDone>(`runs/${run}/adopt`, { confirm: true, ids: [id] })).message}
          onDone={(message) => {
            setOpen(false)
            setDone(message)
            again()
          }}
          onClose={() => setOpen(false)}
        >
          <p>
            The batch takes the place of batch {count(place)} of run {run}, which was not sent. Nothing is bought: the
            run waits for the results of this batch in place of sending the same rows again.
          </p>
          <p>If another home still works on it, that home will find its batch taken.</p>
        </ConfirmDialog>
      ) : null}
    </>
  )
}
