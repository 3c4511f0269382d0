import { useState } from 'preact/hooks'
import type { RemoteAnswer } from '../../src/ui/contract.ts'
import { type AskFailure, ask } from '../data/ask.ts'
import { failureOf } from '../data/use-answer.ts'
import { useNow } from '../data/use-now.ts'
import { Empty, Failure, Loading } from '../parts/notices.tsx'
import { duration } from '../words/time.ts'
import { RemoteProviderPart } from './remote-provider.tsx'

/** Batches and files at providers that no run of this home knows. Providers are asked on a wish only. */
export function RemoteScreen() {
  const [answer, setAnswer] = useState<RemoteAnswer>()
  const [failure, setFailure] = useState<AskFailure>()
  const [isAsking, setAsking] = useState(false)
  const now = useNow()
  const look = async (): Promise<void> => {
    setAsking(true)
    setFailure(undefined)
    try {
      setAnswer(await ask<RemoteAnswer>('remote'))
    } catch (error) {
      setFailure(failureOf(error))
    }
    setAsking(false)
  }
  return (
    <>
      <div class="title-line">
        <h1>Remote</h1>
        <p class="aside">what lies at the providers and no run of this home knows</p>
        <span class="title-actions">
          <button type="button" class="solid" disabled={isAsking} onClick={() => void look()}>
            {answer ? 'Look again' : 'Look at the providers'}
          </button>
        </span>
      </div>
      {failure ? <Failure failure={failure} /> : null}
      {isAsking ? <Loading what="what the providers list" /> : null}
      {answer || isAsking || failure ? null : (
        <Empty title="Nothing was asked yet.">
          <p>
            Looking reads the lists of every provider that a key is there for. It changes nothing and costs nothing.
          </p>
        </Empty>
      )}
      {answer ? (
        <>
          <p class="aside">
            Looked {duration(now - answer.lookedAt)} ago, at what was made in the last{' '}
            {duration(answer.lookedAt - answer.sinceAt)}.
          </p>
          {answer.providers.length === 0 ? <Empty title="There is no provider to ask: no key was found." /> : null}
          {answer.providers.map((provider) => (
            <RemoteProviderPart
              key={`${provider.provider} ${provider.baseUrl}`}
              provider={provider}
              now={now}
              again={() => void look()}
            />
          ))}
        </>
      ) : null}
    </>
  )
}
