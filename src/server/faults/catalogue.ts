/**
 * What a fault can be put on: each HTTP call of either dialect by its purpose, and `run`, the execution of a batch.
 * `file` is one file's record, `files` their listing, `remove` the deletion of a batch, `models`
 * the list of models and one of them.
 */
export const CALLS = [
  'upload',
  'files',
  'file',
  'content',
  'delete',
  'create',
  'get',
  'list',
  'cancel',
  'remove',
  'direct',
  'models',
  'run',
] as const

export type Call = (typeof CALLS)[number]

/** Something the server can do wrong on purpose. */
export interface Fault {
  readonly name: string
  /** Where it can be put; `any` stands for all HTTP calls. */
  readonly calls: readonly (Call | 'any')[]
  /** What its argument is when none is given; undefined where it takes none. */
  readonly argument?: string
  readonly description: string
}

const BATCHES = ['create', 'get', 'list'] as const

/** All faults, as documented; a rule that names anything else is refused. */
export const FAULTS = [
  // The whole call.
  {
    name: 'status',
    calls: ['any'],
    argument: '500',
    description: 'refused with this HTTP status and the API’s own JSON; nothing is done',
  },
  {
    name: 'html',
    calls: ['any'],
    argument: '502',
    description: 'a gateway’s HTML page with this status; nothing is done',
  },
  {
    name: 'retry-after',
    calls: ['any'],
    argument: '99999999999999999999',
    description: 'refused with 429 and this `Retry-After`, by default years; nothing is done',
  },
  { name: 'reset', calls: ['any'], description: 'the connection is reset; nothing is done' },
  { name: 'hang', calls: ['any'], description: 'no answer ever; nothing is done' },
  { name: 'slow', calls: ['any'], argument: '1000', description: 'done and answered after this many milliseconds' },
  {
    name: 'drip',
    calls: ['any'],
    argument: '100',
    description: 'done; the answer comes byte by byte, with this many milliseconds between them',
  },
  {
    name: 'redirect',
    calls: ['any'],
    argument: 'http://127.0.0.1:9/',
    description: 'a 307 to this address; nothing is done',
  },
  {
    name: 'echo-key',
    calls: ['any'],
    argument: '401',
    description: 'refused with this status, the key in full in the text; nothing is done',
  },
  { name: 'accept-then-status', calls: ['any'], argument: '500', description: 'done, but answered with this status' },
  {
    name: 'accept-then-html',
    calls: ['any'],
    argument: '502',
    description: 'done, but answered with an HTML page of this status',
  },
  { name: 'accept-then-reset', calls: ['any'], description: 'done, but the connection is reset' },
  { name: 'accept-then-hang', calls: ['any'], description: 'done, but never answered' },
  { name: 'half-json', calls: ['any'], description: 'done; the body ends in its middle, with a clean status' },
  { name: 'empty-answer', calls: ['any'], description: 'done; status 200 without a body' },
  { name: 'html-answer', calls: ['any'], description: 'done; status 200 with an HTML page' },
  { name: 'other-object', calls: ['any'], description: 'done; status 200 with JSON of something else' },
  { name: 'plain-errors', calls: ['any'], description: 'done; where the API refuses, it does so in plain text' },
  {
    name: 'latin1',
    calls: ['any'],
    description: 'done; every character beyond ASCII is sent in Latin-1, which is not UTF-8',
  },
  { name: 'false-encoding', calls: ['any'], description: 'done; the answer claims to be gzip and is not' },

  // Uploads and files.
  {
    name: 'wrong-size',
    calls: ['upload', 'file'],
    argument: '-7',
    description: 'the file object reports this many bytes more than there are, or fewer',
  },
  { name: 'renamed', calls: ['upload', 'file'], description: 'the file came back under another name' },
  { name: 'delete-ignored', calls: ['delete'], description: 'the answer says deleted, but the file stays' },

  // Creating a batch.
  {
    name: 'delayed',
    calls: ['create'],
    argument: '1000',
    description: 'the connection is reset now, and the call arrives after this many milliseconds',
  },
  {
    name: 'late',
    calls: ['create'],
    argument: '1000',
    description: 'the batch is in no listing and 404 by id for this many milliseconds',
  },
  { name: 'repeat', calls: ['create'], description: 'a gateway repeats the call: two batches, one answer' },
  { name: 'file-not-found', calls: ['create'], description: 'refused: the file cannot be found, although it exists' },
  { name: 'no-id', calls: ['create'], description: 'created, but the answer carries no id' },
  { name: 'wrapped', calls: ['create'], description: 'created, but the answer wraps the batch in `job`' },

  // What a batch looks like.
  { name: 'metadata-dropped', calls: BATCHES, description: 'metadata is null; on create it is dropped for good' },
  { name: 'batch-status', calls: BATCHES, argument: 'pre_schedule', description: 'the batch shows this status word' },
  { name: 'ids-hidden', calls: BATCHES, description: 'result file ids are null, as if they appeared late' },
  { name: 'ids-empty', calls: BATCHES, description: 'absent result file ids are "" instead of null' },
  {
    name: 'ids-objects',
    calls: BATCHES,
    description: 'result file ids are objects: `{ "id": … }`, and `{}` for an absent one',
  },
  {
    name: 'ids-early',
    calls: BATCHES,
    description: 'result file ids are shown while the batch still runs; they lead nowhere',
  },
  { name: 'counts-lie', calls: BATCHES, description: 'request counts have nothing to do with the rows' },
  { name: 'times-odd', calls: BATCHES, description: 'instants are ISO texts instead of seconds' },
  { name: 'errors-odd', calls: BATCHES, description: 'errors is a text instead of its usual shape' },

  // Cancelling.
  { name: 'cancel-ignored', calls: ['cancel'], description: 'answers as if it were cancelled, but the batch runs on' },

  // Listings.
  {
    name: 'lag',
    calls: ['list', 'files'],
    argument: '1000',
    description: 'what is younger than this many milliseconds is not listed',
  },
  { name: 'repeat-page', calls: ['list', 'files'], description: 'every page is the first page, and more are promised' },
  { name: 'empty-page', calls: ['list', 'files'], description: 'an empty page that promises more' },
  { name: 'ends-early', calls: ['list', 'files'], description: 'half of the page is missing and no more is promised' },
  { name: 'nothing-listed', calls: ['list', 'files'], description: 'an empty listing, looking complete' },
  { name: 'doubled-entries', calls: ['list', 'files'], description: 'every entry is listed twice' },
  { name: 'no-has-more', calls: ['list', 'files'], description: 'the field that promises more pages is absent' },

  // Result files.
  {
    name: 'cut',
    calls: ['content'],
    argument: '0.5',
    description: 'the connection breaks after this share of the bytes',
  },
  {
    name: 'short',
    calls: ['content'],
    argument: '0.5',
    description: 'a clean 200 with only this share of the bytes and no length',
  },
  { name: 'endless', calls: ['content'], description: 'the file comes again and again, without an end and a length' },
  { name: 'zero-bytes', calls: ['content'], description: 'a clean 200 without any byte' },
  { name: 'bom', calls: ['content'], description: 'a byte order mark at the beginning' },
  { name: 'crlf', calls: ['content'], description: 'lines end in CR LF' },
  { name: 'blank-lines', calls: ['content'], description: 'a blank line after every line' },
  { name: 'no-final-newline', calls: ['content'], description: 'the last line has no line feed' },
  { name: 'doubled-lines', calls: ['content'], description: 'every line comes twice' },
  {
    name: 'conflicting-lines',
    calls: ['content'],
    description: 'the first line comes again with another answer under the same id',
  },
  { name: 'missing-lines', calls: ['content'], argument: '0.1', description: 'this share of the lines is missing' },
  { name: 'foreign-lines', calls: ['content'], description: 'a line with an id that was never sent is put in front' },
  { name: 'text-bodies', calls: ['content'], description: 'the body of every answer is a text that holds its JSON' },
  {
    name: 'unparseable-lines',
    calls: ['content'],
    argument: '0.1',
    description: 'this share of the lines is cut in the middle',
  },

  // The execution of a batch.
  {
    name: 'refuse',
    calls: ['run'],
    argument: 'invalid_json_line@1',
    description: 'validation refuses the batch with this code at this line',
  },
  { name: 'queue-full', calls: ['run'], description: 'validation refuses the batch with token_limit_exceeded' },
  { name: 'expire', calls: ['run'], argument: '0.5', description: 'the batch expires after this share of its rows' },
  {
    name: 'stuck',
    calls: ['run'],
    argument: '0.5',
    description: 'after this share of its rows the batch goes on only when it is cancelled or expires',
  },
  { name: 'unfinished-absent', calls: ['run'], description: 'rows that were never executed are in neither file' },
  { name: 'errors-in-output', calls: ['run'], description: 'failed rows are in the output file' },
  { name: 'in-both-files', calls: ['run'], description: 'the first row that succeeds is in the error file too' },
  { name: 'zero-byte-files', calls: ['run'], description: 'a result file exists even without lines' },
  {
    name: 'row-status',
    calls: ['run'],
    argument: '429@0.1',
    description: 'this share of the rows fails with this HTTP status',
  },
] as const satisfies readonly Fault[]

export type FaultName = (typeof FAULTS)[number]['name']

/** The fault of this name, or undefined. */
export function findFault(name: string): (Fault & { readonly name: FaultName }) | undefined {
  return FAULTS.find((fault) => fault.name === name)
}
