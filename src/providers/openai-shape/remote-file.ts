import { z } from 'zod'
import type { Api } from '../api.ts'
import { instantOf } from '../instant.ts'
import { multipartBody } from '../multipart.ts'
import { type BatchInput, ProviderError, type ProviderOptions, type RemoteFile } from '../provider.ts'
import { isRemoteId, path } from '../remote-id.ts'
import { uploadError } from './refusal-words.ts'

/** A remote id as it may be used in a later call. */
export const remoteIdSchema = z.string().refine(isRemoteId, 'is not a usable id')

/**
 * An id that may be absent: null, an empty text and `{}` mean the same. Some servers give the file as an object that holds
 * its id. A file's id that is unusable is a broken answer.
 */
export const optionalIdSchema = z
  .preprocess(idWithin, z.union([z.literal('').transform(() => null), remoteIdSchema]).nullish())
  .transform((id) => id ?? null)

function idWithin(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return (value as { readonly id?: unknown }).id
}

/** A file object, the same at OpenAI and Mistral in the fields used. */
export const fileSchema = z
  .object({
    id: remoteIdSchema,
    // Something else with an id, taken for our upload, could never be sent.
    object: z.literal('file').nullish(),
    bytes: z.number().int().nonnegative().nullish().catch(null),
    filename: z.string().nullish().catch(null),
    created_at: z.unknown().optional(),
    deleted: z.boolean().nullish().catch(null),
  })
  .transform((file) => ({
    isDeleted: file.deleted === true,
    file: {
      id: file.id,
      bytes: file.bytes ?? null,
      name: file.filename ?? null,
      createdAt: instantOf(file.created_at),
    } satisfies RemoteFile,
  }))

const deletionSchema = z.object({ deleted: z.boolean().optional() })

/** Stores an input file; the same call at OpenAI and Mistral. The form has no purpose where that is null. */
export async function uploadFile(
  api: Api,
  input: BatchInput,
  { purpose, random }: Pick<ProviderOptions, 'random'> & { readonly purpose: string | null },
  signal: AbortSignal,
): Promise<RemoteFile> {
  const body = multipartBody(purpose === null ? {} : { purpose }, input, random)
  const call = { method: 'POST', path: '/files', contentType: body.contentType, body } as const
  try {
    return (await api.send(call, fileSchema, signal)).file
  } catch (error) {
    throw uploadError(error)
  }
}

/** A stored file, or `absent` where the API itself says that it has none. */
export async function getFile(api: Api, id: string, signal: AbortSignal): Promise<RemoteFile | 'absent'> {
  const call = path`/files/${id}`
  try {
    const found = await api.read({ path: call }, fileSchema, signal)
    return found.isDeleted ? 'absent' : found.file
  } catch (error) {
    if (error instanceof ProviderError && error.failure.kind === 'absent') return 'absent'
    throw error
  }
}

/** Deletes a file; a file that the API does not have is gone as well. */
export async function discardFile(api: Api, id: string, signal: AbortSignal): Promise<'gone' | 'refused'> {
  const call = path`/files/${id}`
  try {
    const answer = await api.send({ method: 'DELETE', path: call }, deletionSchema, signal)
    return answer.deleted === false ? 'refused' : 'gone'
  } catch (error) {
    if (error instanceof ProviderError && error.failure.kind === 'absent') return 'gone'
    if (error instanceof ProviderError && error.failure.kind === 'refused') return 'refused'
    throw error
  }
}
