import Papa from 'papaparse'
import { writeAtomically } from '../../lib/atomic-file.ts'
import { systemClock } from '../../lib/clock.ts'
import { systemDisk } from '../../lib/disk.ts'
import { systemRandom } from '../../lib/random.ts'
import { CHAT_ENDPOINT, parseModel, type Target } from '../../model/target.ts'
import { connectProvider } from '../../providers/connect.ts'
import type { Provider, RemoteBatch } from '../../providers/provider.ts'

/**
 * What people write by hand for this job, as a fair opponent of the demo's second act: read the CSV, fill the prompt,
 * cut into files, upload, create, poll, download, join by custom id, write. It calls the API through the same adapter
 * as the command, cuts the same batches, reads output and error files, joins by id and never by position, and writes
 * its answers atomically. What it lacks is memory: which batches it created it knows only while it runs, as scripts do
 * that poll in a loop. Killed and started again, it cannot but begin anew and pay again for what it had created. (A
 * script that notes each batch id after its create pays again for one batch in place of all: the one whose create was
 * accepted and not yet noted.)
 *
 * `node naive-script.js INPUT.csv ANSWERS.jsonl MODEL PROMPT MAX_REQUESTS`; key and base URL from the environment.
 */
const [inputPath = '', answersPath = '', modelText = '', prompt = '', maxRequests = ''] = process.argv.slice(2)

const POLL_MS = 100

type Row = Readonly<Record<string, string>>

const { model, provider: providerName } = parseModel(modelText) ?? { provider: 'openai', model: modelText }
const target: Target = { provider: providerName, endpoint: CHAT_ENDPOINT, model }
const provider = await connect()
const { signal } = new AbortController()

const rows = Papa.parse<Row>((await systemDisk.readText(inputPath)) ?? '', { header: true, skipEmptyLines: true }).data
const batches: RemoteBatch[] = []
for (let start = 0; start < rows.length; start += Number(maxRequests)) {
  batches.push(await createBatch(start, rows.slice(start, start + Number(maxRequests))))
}
const answers = new Map<string, string | null>()
for (const batch of batches) await collect(await finished(batch))
await writeAtomically(systemDisk, answersPath, async (writer) => {
  for (const [place, row] of rows.entries()) {
    const output = answers.get(`row-${place}`)
    const status = output === undefined ? 'missing' : 'succeeded'
    await writer.writeText(`${JSON.stringify({ ...row, llm_status: status, llm_output: output ?? null })}\n`)
  }
})

function connect(): Promise<Provider> {
  const { env } = process
  const settings = { waits: { httpMs: 60_000, retryBackoff: { firstMs: 1_000 } } }
  return connectProvider(providerName, {
    configuration: {
      credentialsFor: ({ baseUrlVariable, keyVariable }) => ({
        apiKey: env[keyVariable] ?? '',
        baseUrl: env[baseUrlVariable] ?? '',
        isHttpAllowed: false,
      }),
      settings,
    },
    environment: env,
    clock: systemClock,
    random: systemRandom,
  })
}

async function createBatch(start: number, part: readonly Row[]): Promise<RemoteBatch> {
  const content = Buffer.from(`${part.map((row, place) => line(`row-${start + place}`, row)).join('\n')}\n`)
  const input = { name: `rows-${start}.jsonl`, bytes: content.length, open: () => onePiece(content) }
  const file = await provider.store?.(input, signal)
  return await provider.create({ target, metadata: {}, windowHours: 24 }, { id: file?.id ?? '' }, signal)
}

function line(customId: string, row: Row): string {
  const content = prompt.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => row[name] ?? '')
  const messages = [{ role: 'user', content }]
  const isModelOnJob = provider.limits(target).modelOn === 'job'
  const body = JSON.stringify(isModelOnJob ? { messages } : { model, messages })
  return provider.encode({ wireId: customId, target, body })
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes
}

async function finished(batch: RemoteBatch): Promise<RemoteBatch> {
  for (;;) {
    const now = await provider.get(batch.id, signal)
    if (now.results.length > 0) return now
    if (now.status === 'failed' || now.status === 'cancelled') throw new Error(`batch ${batch.id} is ${now.status}`)
    await systemClock.sleep(POLL_MS)
  }
}

async function collect({ results }: RemoteBatch): Promise<void> {
  for (const result of results) {
    const pieces: Uint8Array[] = []
    for await (const piece of provider.read(result, signal)) pieces.push(piece)
    for (const text of Buffer.concat(pieces).toString('utf8').split('\n')) {
      const decoded = provider.decode(text, target)
      if (decoded?.outcome.status === 'succeeded') answers.set(decoded.wireId, decoded.outcome.output)
    }
  }
}
