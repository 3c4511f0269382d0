import { z } from 'zod'

const count = z.int().positive()

/** A host of the user's own, for a server that speaks the usual batch API with peculiarities. */
export const hostSchema = z.strictObject({
  baseUrl: z.string().min(1).describe('Where its API lies, such as https://api.example.com/v1.'),
  like: z.string().optional().describe('Name of a known host whose peculiarities it shares. Default: none'),
  endpoints: z
    .array(z.string().regex(/^\/v1(?:\/[a-z0-9_-]+)+$/, 'expected an endpoint such as /v1/chat/completions'))
    .min(1)
    .optional()
    .describe('Endpoints that take batches. Default: /v1/chat/completions and /v1/embeddings'),
  endpointRoot: z
    .string()
    .regex(/^(?:\/[a-z0-9_-]+)*$/, 'expected a path such as /v4, or nothing')
    .optional()
    .describe('What it writes for /v1 in the endpoints of lines and batches. Default: /v1'),
  maxRequests: count.optional().describe('Requests of a batch. Default: 10000'),
  maxBytes: count.optional().describe('Bytes of an input file. Default: 100000000'),
  windowHours: count.optional().describe('Hours that a batch may take. Default: 24'),
  mostWindowHours: count
    .optional()
    .describe('Hours that a batch may take at most, where it can be chosen. Default: windowHours'),
  batchFactor: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe('Batch price as part of the standard price. Default: 1, as nothing is known'),
  purpose: z.string().min(1).optional().describe('What its uploads are for, in its word. Default: batch'),
  upload: z.enum(['form', 'signed']).optional().describe('form, or signed for an address of a store. Default: form'),
  line: z.enum(['whole', 'bare']).optional().describe('bare for lines without method and URL. Default: whole'),
  hasMetadata: z.boolean().optional().describe('False where its batches keep no metadata. Default: true'),
  pageSize: count
    .nullable()
    .optional()
    .describe('Entries of a page of its list of batches; null where it has no pages. Default: 100'),
  maxTokensField: z
    .string()
    .min(1)
    .optional()
    .describe('Field of a chat body for the most tokens of an answer. Default: max_tokens'),
  hasSchemas: z.boolean().optional().describe('True where chat answers can follow a JSON Schema. Default: false'),
})
