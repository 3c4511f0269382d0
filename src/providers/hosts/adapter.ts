import type { z } from 'zod'
import { bearer, createApi } from '../api.ts'
import { encodeLines } from '../encode-lines.ts'
import { openAIBatchSchema } from '../openai/batch.ts'
import { cursorPage } from '../openai-shape/cursor-page.ts'
import { callDirectly } from '../openai-shape/direct-call.ts'
import { sharedVerbs } from '../openai-shape/shared-verbs.ts'
import type { NewBatch, Provider, ProviderOptions, RemoteBatch, WireRequest } from '../provider.ts'
import { secretsOf } from '../secrets.ts'
import { hostLimits } from './limits.ts'
import type { HostProfile } from './profile.ts'
import { uploadSigned } from './signed-upload.ts'
import { readUnpaged } from './unpaged-list.ts'

/** Entries of a page of batches unless the profile says otherwise, as at OpenAI. */
const PAGE_SIZE = 100

/** The adapter of hosts whose batch API is OpenAI's but for what their profile says. Facts: docs/providers/hosts.md. */
export function createHostProvider(profile: HostProfile, options: ProviderOptions): Provider {
  const api = createApi(options, bearer(options))
  const {
    keyHeader,
    keyKeptMs,
    pageSize = PAGE_SIZE,
    purpose = 'batch',
    recovery = 'marked',
    upload = 'form',
  } = profile
  const place = { root: '/batches', schema: batchSchema(profile, secretsOf(options)) }
  const verbs = sharedVerbs({
    api,
    options,
    place,
    creation: (batch, inputFileId) => creation(profile, batch, inputFileId),
    purpose,
    ...(keyHeader === undefined ? {} : { keyHeader }),
    fetchPage: cursorPage,
    batchQuery: () => (pageSize === null ? {} : { limit: String(pageSize) }),
    fileQuery: pageSize === null ? {} : { purpose },
    greetQuery: pageSize === null ? {} : { limit: '1' },
  })
  const encode = (request: WireRequest): string => encodeLine(profile, request)
  return {
    name: profile.name,
    ...verbs,
    ...(upload === 'signed' ? { store: (input, signal) => uploadSigned(api, input, purpose, signal) } : {}),
    ...(pageSize === null ? readUnpaged(api, place) : {}),
    abilities: { recovery, ...(keyKeptMs === undefined ? {} : { keyKeptMs }) },
    limits: (target) => hostLimits(profile, target, options.maxLineBytes),
    encode,
    // Frozen lines are whole lines with the endpoints of OpenAI.
    encodeInput: async (input) => (isLineFrozen(profile) ? input : encodeLines(input, encode)),
    direct: (request, signal) => callDirectly(api, request, options, signal),
  }
}

function isLineFrozen({ endpointRoot, line }: HostProfile): boolean {
  return endpointRoot === undefined && line !== 'bare'
}

function encodeLine({ endpointRoot, line }: HostProfile, { body, target, wireId }: WireRequest): string {
  const id = JSON.stringify(wireId)
  if (line === 'bare') return `{"custom_id":${id},"body":${body}}`
  const url = JSON.stringify(hostEndpoint(target.endpoint, endpointRoot))
  return `{"custom_id":${id},"method":"POST","url":${url},"body":${body}}`
}

function creation(
  { creation: further, endpointRoot, hasMetadata = true, window }: HostProfile,
  batch: NewBatch,
  inputFileId: string,
): unknown {
  return {
    input_file_id: inputFileId,
    endpoint: hostEndpoint(batch.target.endpoint, endpointRoot),
    ...(window.isSent === false ? {} : { completion_window: `${batch.windowHours ?? window.hours}h` }),
    ...(hasMetadata ? { metadata: batch.metadata } : {}),
    ...further,
  }
}

/** An endpoint as the host writes it. */
function hostEndpoint(endpoint: string, root = '/v1'): string {
  return endpoint.replace(/^\/v1(?=\/)/, root)
}

/** The batch in our words: its status, and its endpoint, which is compared with the one that was asked for. */
function batchSchema({ endpointRoot, statuses = {} }: HostProfile, secrets: readonly string[]): z.ZodType<RemoteBatch> {
  const ownWords = new Map(Object.entries(statuses))
  return openAIBatchSchema(secrets).transform((batch) => {
    const status = ownWords.get(batch.rawStatus.toLowerCase())
    return {
      ...batch,
      ...(status === undefined ? {} : { status, isStatusUnknown: false }),
      endpoint: ourEndpoint(batch.endpoint, endpointRoot),
    }
  })
}

function ourEndpoint(endpoint: string | null, root = '/v1'): string | null {
  return endpoint?.startsWith(`${root}/`) ? `/v1${endpoint.slice(root.length)}` : endpoint
}
