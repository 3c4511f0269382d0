import type { RunDetail, WaitNote } from '../../src/ui/contract.ts'
import { Command } from '../parts/command.tsx'
import { Said } from '../parts/said.tsx'
import { Section } from '../parts/section.tsx'
import { SignMark } from '../parts/standing.tsx'
import { count, counted } from '../words/quantity.ts'
import { clock, until } from '../words/time.ts'

/** Notes that are shown at once; a run may have hundreds of batches that wait for the same. */
const MOST_SHOWN = 2

/** What a person may want to know now: why the run is held, what its batches wait for. */
export function Notes({ now, run }: { readonly run: RunDetail; readonly now: number }) {
  const { id, isLeft, reason } = run
  // Why the run is held may be what is said of its batch.
  const notes = run.notes.filter(({ text }) => reason === null || !reason.includes(text))
  const waits = run.waits - (run.notes.length - notes.length)
  if (reason === null && notes.length === 0 && !isLeft) return null
  return (
    <ul class="notes">
      {reason === null ? null : (
        <li class="note is-main">
          <SignMark sign="held" />
          <Said text={reason} />
        </li>
      )}
      {isLeft ? (
        <li class="note is-main">
          <SignMark sign="held" />
          <span>
            No process works on this run. Nothing is lost; it goes on with <Command line={`llm-batch resume ${id}`} />
          </span>
        </li>
      ) : null}
      {notes.slice(0, MOST_SHOWN).map((note) => (
        <Note key={note.batch} note={note} now={now} />
      ))}
      {waits > MOST_SHOWN ? (
        <li class="aside">
          and {counted(waits - MOST_SHOWN, 'more batch', 'more batches')}; the table below tells of each
        </li>
      ) : null}
    </ul>
  )
}

function Note({ note: { batch, text, until: at }, now }: { readonly note: WaitNote; readonly now: number }) {
  return (
    <li class="note">
      <SignMark sign="waiting" />
      <span>
        Batch {count(batch)}: <Said text={text} />
        {at === null ? null : <span class="aside"> (looked at again {until(at, now)})</span>}
      </span>
    </li>
  )
}

/** What must not happen at a provider, and did. */
export function Incidents({ now, run }: { readonly run: RunDetail; readonly now: number }) {
  if (run.incidents.length === 0) return null
  return (
    <Section title="Incidents at the provider" name="incidents">
      <ul class="incidents">
        {run.incidents.map(({ at, detail, kind, remoteIds }) => (
          <li key={`${at} ${kind} ${detail}`}>
            <SignMark sign="failed" />
            <span>
              <Said text={detail} />
              {remoteIds.length === 0 ? null : (
                <>
                  {' '}
                  <code>
                    <Said text={remoteIds.join(', ')} />
                  </code>
                </>
              )}
            </span>
            <time class="aside">{clock(at, now)}</time>
          </li>
        ))}
      </ul>
    </Section>
  )
}
