// The step-by-step workflow at OpenAI, from the first step to the last. Set OPENAI_API_KEY and run it in a folder of its
// own; the files of every step appear there. docs/step-by-step.md explains the steps.
import { OpenAIBatchProcessor } from 'llm-batch'

// Minutes between two looks at a job; a fraction is fine.
const checkInterval = Number(process.env['CHECK_INTERVAL'] ?? 8)

const processor = new OpenAIBatchProcessor({
  modelName: 'gpt-6-luna',
  maxCompletionTokens: 300,
  filenamePrefix: 'my_openai',
  taskDir: 'openai_batch_tasks',
  batchDir: 'openai_batch_jobs',
  outputDir: 'openai_batch_outputs',
})

// 1. Tasks: an id and a conversation each. A conversation is a text, one message, or a list of messages.
const tickets = ['I was charged twice.', 'The app crashes when I log in.', 'Do you offer a discount for schools?']
const ids = tickets.map((_, index) => `ticket-${index + 1}`)
const conversations = tickets.map((ticket) => [
  { role: 'system', content: 'Answer with one word: billing, support or sales.' },
  { role: 'user', content: ticket },
])
const tasks = processor.createTask(ids, conversations)
await processor.writeTaskFile(tasks)

// 2. Batches of two: write, upload, create, wait, next. What fails is told, and the loop goes on with the next.
const batchSize = 2
for (let start = 0, batchId = 1; start < tasks.length; start += batchSize, batchId += 1) {
  await processor.writeBatchFile(tasks.slice(start, start + batchSize), batchId)
  const file = await processor.uploadBatchFile(batchId)
  if (!file) continue
  const job = await processor.createBatchJob(file, { completionWindow: '24h', metadata: { project: 'tickets' } })
  if (!job) continue
  const status = await processor.checkBatchJobStatus(job.id, { checkInterval })
  console.log(`batch ${batchId} ended as ${status}`)
}

// 3. Later, perhaps in another script: what is there? With the official client (npm install openai) …
for await (const batch of processor.client.batches.list({ limit: 20 })) console.log(batch.id, batch.status)

// … or without it: newest first, to the end or to a job seen before, in the same shape for both providers.
for await (const job of processor.listJobs({ since: '2026-01-01', status: 'completed' })) {
  if (job.outputFileId) console.log('saved', await processor.saveBatchOutput(job.outputFileId))
}

// 4. Everything that can be saved: output and error files, of expired and cancelled jobs too.
const { saved, skipped, failed } = await processor.saveAllOutputs()
console.log(`${saved.length} files saved, ${skipped.length} jobs skipped, ${failed.length} files failed`)

// 5. Step 2 in one call: the files are cut, named and sent, two at a time.
const more = processor.createTask(['ticket-4', 'ticket-5'], ['Where is my invoice?', 'How do I reset my password?'])
const summary = await processor.runBatches(more, { batchSize: 1, parallel: 2, checkInterval })
for (const batch of summary.batches) console.log(batch.batchId, batch.status, batch.outputFileId)
