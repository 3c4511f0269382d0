import type { RemoteProvider, UnknownRemoteFile } from '../../src/ui/contract.ts'
import { AskFailure } from '../data/ask.ts'
import { Command } from '../parts/command.tsx'
import { Empty, Failure } from '../parts/notices.tsx'
import { Said } from '../parts/said.tsx'
import { Section } from '../parts/section.tsx'
import { SignMark } from '../parts/standing.tsx'
import { bytes, counted } from '../words/quantity.ts'
import { duration } from '../words/time.ts'
import { RemoteBatchRow } from './remote-batch.tsx'

/** What lies at one provider, and what can be done about it. */
export function RemoteProviderPart({
  again,
  now,
  provider,
}: {
  readonly provider: RemoteProvider
  readonly now: number
  readonly again: () => void
}) {
  const { baseUrl, batches, doubts, failure, files } = provider
  return (
    <Section title={provider.provider} name="remote" aside={<Said text={baseUrl} />}>
      {failure === null ? null : <Failure failure={new AskFailure('unreachable', failure, '')} />}
      {doubts.map((doubt) => (
        <p key={doubt} class="note">
          <SignMark sign="held" />
          <Said text={doubt} />
        </p>
      ))}
      {failure === null && batches.length + files.length === 0 ? (
        <Empty title="Nothing that the runs of this home do not know." />
      ) : null}
      {batches.length === 0 ? null : (
        <table class="remote">
          <caption>{counted(batches.length, 'batch', 'batches')}</caption>
          <thead>
            <tr>
              <th scope="col">Batch</th>
              <th scope="col">State</th>
              <th scope="col" class="number of-requests">
                Requests
              </th>
              <th scope="col" class="of-made">
                Made
              </th>
              <th scope="col">What to do</th>
            </tr>
          </thead>
          <tbody>
            {batches.map((batch) => (
              <RemoteBatchRow key={batch.id} batch={batch} now={now} again={again} />
            ))}
          </tbody>
        </table>
      )}
      {files.length === 0 ? null : <Files files={files} now={now} />}
      {batches.some(({ isOurs }) => isOurs) || files.some(({ isOurs }) => isOurs) ? (
        <p class="under">
          llm-batch made what is “ours”, perhaps in another home of this account that still works on it.
        </p>
      ) : null}
    </Section>
  )
}

function Files({ files, now }: { readonly files: readonly UnknownRemoteFile[]; readonly now: number }) {
  return (
    <details class="fold">
      <summary>
        {counted(files.length, 'file')} <span class="aside">inputs and results</span>
      </summary>
      <ul class="files">
        {files.map(({ bytes: size, createdAt, id, inputOf, isOurs, name, resultsOf }) => (
          <li key={id}>
            <span>
              <code>
                <Said text={id} />
              </code>{' '}
              <span class="aside">
                {[
                  isOurs ? 'ours' : 'foreign',
                  size === null ? '' : bytes(size),
                  createdAt === null ? '' : `${duration(now - createdAt)} ago`,
                ]
                  .filter((fact) => fact !== '')
                  .join(', ')}
              </span>
              <span class="under">
                <Said
                  text={
                    [...inputOf.map((one) => `input of ${one}`), ...resultsOf.map((one) => `results of ${one}`)].join(
                      ', ',
                    ) ||
                    (name ?? '')
                  }
                />
              </span>
            </span>
            <Command line={`llm-batch remote delete ${id}`} />
          </li>
        ))}
      </ul>
    </details>
  )
}
