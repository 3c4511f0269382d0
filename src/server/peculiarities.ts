/**
 * The ways in which hosts of OpenAI's batch API differ from OpenAI, by our reading of their documents; the server takes on
 * those that it is started with. Each is strict: what such a host would not take is refused.
 */
export const PECULIARITIES = [
  { name: 'signed-uploads', description: 'a file is sent to an address that `POST /files` answers with a redirect' },
  { name: 'purpose-batch-api', description: 'uploads have the purpose `batch-api`, and no other' },
  { name: 'bare-lines', description: 'lines of an input hold an id and a body, and no method or URL' },
  { name: 'no-metadata', description: 'a create with metadata is refused, and a batch shows none' },
  { name: 'bare-list', description: 'the list of batches is a JSON list without pages, and so are files' },
  { name: 'unpaged-list', description: 'lists have no pages and no `has_more`, and take no query' },
  { name: 'pages-of-20', description: 'a page of the list of batches has at most 20 entries' },
  { name: 'wrapped-create', description: 'a create is answered with `{ job, warning }`' },
  { name: 'upper-case', description: 'statuses are written in upper case' },
  { name: 'capitalised', description: 'statuses begin with a capital' },
  { name: 'progress-word', description: 'the status of a batch at work is `progress`' },
  { name: 'iso-times', description: 'instants are ISO dates' },
  { name: 'no-counts', description: 'a batch does not count its requests' },
  { name: 'null-counts', description: 'a batch counts null until it was checked' },
  { name: 'object-ids', description: 'a file that does not exist is `{}` in the place of its id' },
  { name: 'text-ids', description: 'a file that does not exist is an empty text in the place of its id' },
  { name: 'empty-error-file', description: 'a batch without errors has an error file of no bytes' },
  { name: 'v4-endpoints', description: 'endpoints begin with `/v4` in lines and creates' },
  { name: 'plain-endpoints', description: 'endpoints have no version in creates' },
  { name: 'any-window', description: 'a window may be any number of hours' },
  { name: 'no-window', description: 'a create with a window is refused' },
  {
    name: 'deletes-input',
    description: 'input files vanish when their batch is created, unless the create says otherwise',
  },
  { name: 'idempotency-key', description: 'a create with the `Idempotency-Key` of another gives the batch of that' },
  { name: 'value-list', description: 'a page of batches stands in `value`' },
  { name: 'api-key-header', description: 'the key comes in the header `api-key`, or as a bearer token' },
  { name: 'dated-api', description: 'the API lies at `/openai` too, where every call names `api-version`' },
  { name: 'slow-files', description: 'a file is not ready until it was looked at twice, and no batch takes it before' },
  { name: 'quota-at-create', description: 'a full queue refuses the create in the place of the batch' },
] as const

/** Name of a peculiarity. */
export type Peculiarity = (typeof PECULIARITIES)[number]['name']
