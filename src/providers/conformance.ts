import { frozenLine } from '../log/frozen-line.ts'
import { isTerminal } from '../model/attempt.ts'
import {
  type ConformanceSubject,
  check,
  createOne,
  failedCreate,
  never,
  only,
  readAll,
  storeInput,
  tellsNonce,
  thrownBy,
  throwsKind,
  WIRE_ID,
} from './conformance-subject.ts'
import { NotCreated, ProviderError, Unknown } from './provider.ts'

export type { ConformanceFault, ConformanceSubject } from './conformance-subject.ts'

/** One thing that every adapter must do. */
export interface ConformanceCase {
  /** A sentence about behaviour, to be used as the name of a test. */
  readonly name: string
  /** Resolves where the subject behaves so; throws an `Error` that says what it did instead. */
  run(subject: ConformanceSubject): Promise<void>
}

/** A read is asked for three times in all, so this many faults make it fail for good. */
const EVERY_TRY = 3
const FAR_PAST = new Date('2020-01-01T00:00:00Z')

/** True where nothing of ours is on a batch, so that only its number of requests is like ours. */
function isCounted({ provider }: ConformanceSubject): boolean {
  return provider.abilities.recovery === 'counted'
}

/** What any adapter is held to; framework-free, so that it runs in whatever tests a user has. */
export const CONFORMANCE_CASES: readonly ConformanceCase[] = [
  {
    name: 'names itself, its root without a slash at the end, and limits that can be used',
    run: async ({ provider, target }) => {
      const limits = provider.limits(target)
      check(/^[a-z][a-z0-9-]*$/.test(provider.name), `the name is ${provider.name}`)
      check(URL.canParse(provider.baseUrl) && !provider.baseUrl.endsWith('/'), `the root is ${provider.baseUrl}`)
      check(limits.isEndpointKnown, 'the target is said to be unknown')
      const { maxBytes, maxLineBytes, maxRequests, minRequests, retentionDays, windowHours } = limits
      for (const limit of [maxRequests, minRequests, maxBytes, maxLineBytes, retentionDays, windowHours.default]) {
        check(Number.isSafeInteger(limit) && limit > 0, `a limit is ${limit}`)
      }
      check(windowHours.default <= windowHours.most, 'the default window is longer than the longest')
    },
  },
  {
    name: 'encodes a request as one line that names its id and holds its body byte for byte, or as the provider writes it',
    run: async ({ body: plain, isTranslated = false, provider, target }) => {
      const body = isTranslated ? plain : '{"n":12345678901234567890, "e":1.0, "t":"\\u00e9\u2028é"}'
      const line = provider.encode({ wireId: WIRE_ID, target, body })
      check(line.includes(`"${WIRE_ID}"`), `the line begins ${line.slice(0, 40)}`)
      check(isTranslated || line.includes(body), 'the body was changed')
      check(!line.includes('\n'), 'the line holds a line feed')
      check(typeof JSON.parse(line) === 'object', 'the line is not JSON')
    },
  },
  {
    name: 'makes its own input of frozen lines, of the size that it tells and with every request as it was',
    run: async ({ body, provider, target }) => {
      const requests = [WIRE_ID, WIRE_ID.replace(/1$/, '2')].map((wireId) => ({ wireId, target, body }))
      const frozen = Buffer.from(requests.map((request) => `${frozenLine(request)}\n`).join(''))
      const input = await provider.encodeInput({
        name: 'llm-batch-conformance.jsonl',
        bytes: frozen.length,
        open: () => only(frozen),
        requests: requests.length,
        target,
      })
      const text = await readAll(input.open())
      check(Buffer.byteLength(text) === input.bytes, `the input has ${Buffer.byteLength(text)} of ${input.bytes} bytes`)
      check(
        requests.every((request) => text.includes(provider.encode(request))),
        'a request is not in the input',
      )
    },
  },
  {
    name: 'decodes no line without a usable id, and never throws over one',
    run: async ({ provider, target }) => {
      for (const line of ['', ' ', 'null', '1', '[]', '{}', '{"custom_id":1}', '{"custom_id"', '<html></html>']) {
        check(provider.decode(line, target) === undefined, `${JSON.stringify(line)} was decoded`)
      }
    },
  },
  {
    name: 'stores a file of which the provider then tells name and size, and which is gone after it was discarded',
    run: async (subject) => {
      const { provider } = subject
      if (!provider.store) return
      const { bytes, id } = await storeInput(subject)
      // Without a fence, no deletion is relied on.
      if (provider.abilities.recovery === 'unfenced' && !provider.discard) return
      const found = await provider.file?.(id, never())
      check(found !== undefined && found !== 'absent', 'the file is not there')
      check(found.bytes === bytes, `the file has ${found.bytes} of its ${bytes} bytes`)
      check(found.name === null || found.name.endsWith('.jsonl'), `the file is named ${found.name}`)
      check((await provider.discard?.(id, never())) === 'gone', 'the file was not discarded')
      check((await provider.file?.(id, never())) === 'absent', 'the file is still there')
      check((await provider.discard?.(id, never())) === 'gone', 'discarding what is gone is not gone')
    },
  },
  {
    name: 'lists the stored input files',
    run: async (subject) => {
      if (!subject.provider.listFiles) return
      const { id } = await storeInput(subject)
      const listing = await subject.provider.listFiles(FAR_PAST, never())
      check(listing.isConclusive, 'the listing is not conclusive')
      check(
        listing.files.some((file) => file.id === id),
        'the file is not listed',
      )
    },
  },
  {
    name: 'creates a batch in one attempt, and finds it again with its marks, or its number of requests where it has none',
    run: async (subject) => {
      const batch = await createOne(subject)
      check((await subject.countCreates()) === 1, 'more than one create was sent')
      const found = await subject.provider.get(batch.id, never())
      const listing = await subject.provider.list(FAR_PAST, never())
      const listed = listing.batches.find(({ id }) => id === batch.id)
      check(listing.isConclusive, 'the listing is not conclusive')
      check(listed !== undefined, 'the batch is not listed')
      for (const seen of [batch, found, listed]) {
        check(!seen.isStatusUnknown, `the status ${seen.rawStatus} is not known`)
        if (isCounted(subject)) {
          check(seen.counts?.total === 1, 'the number of requests is not told')
          continue
        }
        const isNamed = ['named', 'unfenced'].includes(subject.provider.abilities.recovery)
        const isInputTold = seen.inputFileId === batch.inputFileId && seen.inputFileId !== null
        check(isNamed || isInputTold, 'the input file is not told')
        check(tellsNonce(subject, seen), 'the marker is not told')
      }
    },
  },
  {
    name: 'brings back a result for every request of a finished batch',
    run: async (subject) => {
      const { provider, target } = subject
      const { id } = await createOne(subject)
      await subject.finish(id)
      const batch = await provider.get(id, never())
      check(isTerminal(batch.status), `the status is ${batch.status}`)
      const [result] = batch.results
      check(result !== undefined, 'there is no result')
      const text = await readAll(provider.read(result, never()))
      const decoded = text
        .split('\n')
        .filter(Boolean)
        .map((line) => provider.decode(line, target))
      check(decoded.length === 1 && decoded[0]?.wireId === WIRE_ID, 'the result of another request came back')
      check(decoded[0].outcome.status === 'succeeded', `the outcome is ${decoded[0].outcome.status}`)
      check(decoded[0].outcome.billed === 'yes', 'a success is not billed')
    },
  },
  {
    name: 'cancels without an error, also a batch that has ended',
    run: async (subject) => {
      const { provider } = subject
      const { id } = await createOne(subject)
      if (subject.canCancel === false) return await throwsKind('refused', () => provider.cancel(id, never()))
      await provider.cancel(id, never())
      const { status } = await provider.get(id, never())
      await subject.finish(id)
      // A provider may have no word for a batch that is being cancelled.
      const isTold = status === 'cancelling' || status === 'cancelled'
      const { status: end } = isTold ? { status } : await provider.get(id, never())
      check(isTold || end === 'cancelled', `the status is ${status}, and at the end ${end}`)
      await provider.cancel(id, never())
    },
  },
  {
    name: 'answers one request directly',
    run: async ({ body, provider, target }) => {
      const { line, outcome } = await provider.direct({ wireId: WIRE_ID, target, body }, never())
      check(outcome.status === 'succeeded', `the outcome is ${outcome.status}: ${outcome.reason}`)
      const decoded = provider.decode(line, target)
      check(decoded?.wireId === WIRE_ID, 'the line of the answer carries another id')
      check(decoded.outcome.output === outcome.output, 'the line of the answer tells another one')
      check(!line.includes('\n'), 'the line of the answer is more than one')
    },
  },
  ...(['lost', 'server_error', 'throttled', 'page', 'page_not_found', 'redirect'] as const).map((fault) => ({
    name: `does not know whether a create happened, and sends it once, when it meets: ${fault}`,
    run: async (subject: ConformanceSubject) => {
      const error = await failedCreate(subject, fault)
      check(error instanceof Unknown, `it threw ${error.name}`)
      check((await subject.countCreates()) === 1, 'more than one create was sent')
    },
  })),
  ...(['refused', 'unauthorised'] as const).map((fault) => ({
    name: `knows that a create did not happen, and sends it once, when it meets: ${fault}`,
    run: async (subject: ConformanceSubject) => {
      const error = await failedCreate(subject, fault)
      check(error instanceof NotCreated, `it threw ${error.name}`)
      check((await subject.countCreates()) === 1, 'more than one create was sent')
    },
  })),
  {
    name: 'finds a batch by listing whose create was never answered',
    run: async (subject) => {
      await failedCreate(subject, 'lost')
      const { batches } = await subject.provider.list(FAR_PAST, never())
      check(batches.length === 1, `${batches.length} batches are listed`)
      const isLike = isCounted(subject) && batches[0]?.counts?.total === 1
      check(isLike || tellsNonce(subject, batches[0]), 'the batch has lost its marker')
    },
  },
  ...(['lost', 'server_error', 'page', 'page_not_found', 'throttled'] as const).map((fault) => ({
    name: `never takes a listing for conclusive that meets: ${fault}`,
    run: async (subject: ConformanceSubject) => {
      await subject.failNext(fault, EVERY_TRY)
      const listing = await subject.provider.list(FAR_PAST, never())
      check(!listing.isConclusive && listing.reason !== '', 'the listing is conclusive')
    },
  })),
  {
    name: 'reads a page again that failed once',
    run: async (subject) => {
      await subject.failNext('server_error', 1)
      const listing = await subject.provider.list(FAR_PAST, never())
      check(listing.isConclusive, 'the listing is not conclusive')
    },
  },
  {
    name: 'throws, instead of listing nothing, when the key is refused',
    run: async (subject) => {
      await subject.failNext('unauthorised', 1)
      await throwsKind('unauthorised', () => subject.provider.list(FAR_PAST, never()))
    },
  },
  {
    name: 'never takes a proxy’s page for the absence of a file or a batch',
    run: async (subject) => {
      const { provider } = subject
      await subject.failNext('page_not_found', EVERY_TRY)
      await throwsKind('shape', async () => provider.get('batch_that_never_was', never()))
      if (!provider.file) return
      const { id } = await storeInput(subject)
      await subject.failNext('page_not_found', EVERY_TRY)
      await throwsKind('shape', async () => provider.file?.(id, never()))
      await subject.failNext('page_not_found', 1)
      await throwsKind('shape', async () => provider.discard?.(id, never()))
      check((await provider.file?.(id, never())) !== 'absent', 'the file is gone')
    },
  },
  {
    name: 'says that a batch is absent where the API says so',
    run: async ({ provider }) => throwsKind('absent', () => provider.get('batch_that_never_was', never())),
  },
  {
    name: 'refuses ids that could lead to another path, before it sends anything',
    run: async ({ provider }) => {
      for (const id of ['', '..', '../files', 'a/b', 'a%2fb', 'a?b', 'a#b', 'a\\b', 'a b', 'a\n', 'x'.repeat(257)]) {
        await throwsKind('refused', () => provider.get(id, never()))
        await throwsKind('refused', () => provider.cancel(id, never()))
        await throwsKind('refused', () => readAll(provider.read({ id, role: 'output' }, never())))
        if (provider.file) await throwsKind('refused', async () => provider.file?.(id, never()))
      }
    },
  },
  {
    name: 'stops when it is told to',
    run: async ({ provider }) => {
      const error = await thrownBy(() => provider.get('batch_1', AbortSignal.abort()))
      check(error instanceof ProviderError, `it threw ${String(error)}`)
    },
  },
]
