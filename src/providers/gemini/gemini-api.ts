import { type Api, createApi } from '../api.ts'
import { type Failure, type FailureKind, ProviderError, type ProviderOptions } from '../provider.ts'

/** The three roots of Gemini's API: calls, uploads and downloads have one each, with the version at the end. */
export interface GeminiApi {
  readonly calls: Api
  readonly uploads: Api
  readonly downloads: Api
}

/** Binds all roots. Throws `LlmBatchError` for a key that cannot be a header. */
export function createGeminiApi(options: ProviderOptions): GeminiApi {
  const headers = { 'x-goog-api-key': options.apiKey }
  const under = (part: string): Api => {
    const root = part === '' ? options.baseUrl : options.baseUrl.replace(/(\/[^/]*)$/, `/${part}$1`)
    return rereading(createApi({ ...options, baseUrl: root }, headers), WORDS)
  }
  return { calls: under(''), uploads: under('upload'), downloads: under('download') }
}

/** Words of a failure that tell its kind better than its status does. */
type Rereading = readonly [from: FailureKind, words: RegExp, to: FailureKind]

/** A wrong key is a 400 here, and what does not exist a 403. */
const WORDS: readonly Rereading[] = [
  ['refused', /API_KEY_INVALID|API key not valid|API key expired/i, 'unauthorised'],
  ['forbidden', /may not exist/i, 'absent'],
]

/** The same calls with failures of the kind that their words tell. */
export function rereading(api: Api, words: readonly Rereading[]): Api {
  const reread = <Value>(call: Promise<Value>): Promise<Value> => rethrown(call, words)
  return {
    ...api,
    read: (...call) => reread(api.read(...call)),
    readSized: (...call) => reread(api.readSized(...call)),
    readForText: (...call) => reread(api.readForText(...call)),
    send: (...call) => reread(api.send(...call)),
    sendForText: (...call) => reread(api.sendForText(...call)),
    exchange: (...call) => reread(api.exchange(...call)),
    open: (...call) => reread(api.open(...call)),
  }
}

async function rethrown<Value>(call: Promise<Value>, rules: readonly Rereading[]): Promise<Value> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    const { failure } = error
    const kind = kindByWords(failure, rules)
    throw kind === failure.kind ? error : new ProviderError({ ...failure, kind }, error)
  }
}

function kindByWords({ kind, message }: Failure, rules: readonly Rereading[]): FailureKind {
  return rules.find(([from, words]) => from === kind && words.test(message))?.[2] ?? kind
}
