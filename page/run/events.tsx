import { useState } from 'preact/hooks'
import type { EventPage, LoggedEvent, RunDetail } from '../../src/ui/contract.ts'
import { ask, withParameters } from '../data/ask.ts'
import { useAnswer } from '../data/use-answer.ts'
import { Empty, Failure, Loading } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { Section } from '../parts/section.tsx'
import { clock } from '../words/time.ts'
import { eventWords } from './event-words.ts'

const FEW = 30
const MANY = 200

/** What has happened to the run, the newest first. Once older pages are open, the list stands still. */
export function Events({ now, run }: { readonly run: RunDetail; readonly now: number }) {
  const path = `runs/${run.id}/events`
  const [limit, setLimit] = useState(FEW)
  const [older, setOlder] = useState<EventPage>()
  const newest = useAnswer<EventPage>(withParameters(path, { limit }), older ? null : run.id)
  const next = (older ?? newest.value)?.next ?? null
  const more = async (): Promise<void> => {
    if (limit === FEW) {
      setLimit(MANY)
      return
    }
    const page = await ask<EventPage>(withParameters(path, { limit: MANY, cursor: next }))
    setOlder((before) => ({ ...page, events: [...(before?.events ?? []), ...page.events] }))
  }
  const events = [...(newest.value?.events ?? []), ...(older?.events ?? [])]
  return (
    <Section title="Events" name="events">
      {newest.failure ? <Failure failure={newest.failure} again={newest.again} /> : null}
      {newest.value ? null : newest.failure ? null : <Loading what="events" />}
      {newest.value && events.length === 0 ? <Empty title="Nothing has happened yet." /> : null}
      <ol class="events" tabIndex={0} data-scrolls aria-label="Events, the newest first">
        {events.map((event, place) => (
          <EventLine key={`${event.at} ${event.type} ${events.length - place}`} event={event} now={now} />
        ))}
      </ol>
      {next === null ? null : (
        <button type="button" class="quiet" onClick={() => void more()}>
          Older events
        </button>
      )}
    </Section>
  )
}

function EventLine({ event, now }: { readonly event: LoggedEvent; readonly now: number }) {
  const { detail, title } = eventWords(event)
  return (
    <li class={`event is-${event.type}`}>
      <time dateTime={event.at}>{clock(Date.parse(event.at), now)}</time>
      <span>
        <Said text={title} />
        {detail === null ? null : (
          <span class="under">
            <Said text={detail} />
          </span>
        )}
      </span>
    </li>
  )
}
