import { z } from 'zod'
import type { Api } from '../api.ts'
import { getFile } from '../openai-shape/remote-file.ts'
import { type BatchInput, ProviderError, type RemoteFile } from '../provider.ts'
import { isRemoteId, path } from '../remote-id.ts'

/** The header that names the file which an upload is going to be. */
const FILE_ID_HEADER = 'x-together-file-id'

/**
 * Stores an input in three calls, as Together's own clients do: the API answers a POST without bytes with a redirect to an
 * address of its store, which takes the bytes without a key; then the file is to be looked at. May be repeated.
 */
export async function uploadSigned(
  api: Api,
  input: BatchInput,
  purpose: string,
  signal: AbortSignal,
): Promise<RemoteFile> {
  const query = { file_name: input.name, file_type: 'jsonl', purpose }
  const request = { method: 'POST', path: '/files', query, contentType: 'application/x-www-form-urlencoded' } as const
  const answer = await api.sendForRedirect({ ...request, body: new URLSearchParams(query).toString() }, signal)
  const { [FILE_ID_HEADER]: id = '', location = '' } = answer.headers
  if (!isRemoteId(id) || !URL.canParse(location)) {
    throw api.misshapen(request, answer, 'a redirect without an address, or without the id of the file')
  }
  await api.put(new URL(location), { bytes: input.bytes, stream: input.open() }, signal)
  await prepare(api, id, signal)
  const stored = await getFile(api, id, signal)
  if (stored === 'absent') throw api.misshapen(request, answer, 'the id of a file that does not exist')
  return stored
}

/** Some versions of the API look at a file only when they are told to; the others do not know the path. */
async function prepare(api: Api, id: string, signal: AbortSignal): Promise<void> {
  try {
    await api.send({ method: 'POST', path: path`/files/${id}/preprocess` }, z.unknown(), signal)
  } catch (error) {
    const isUnknown = error instanceof ProviderError && (error.failure.status === 404 || error.failure.status === 405)
    if (!isUnknown) throw error
  }
}
