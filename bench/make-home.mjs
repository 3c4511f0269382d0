// Makes a home with so many runs of two rows each, nothing of them sent. `node make-home.mjs COUNT HOME`.
import { startRun } from '../dist/index.js'

const [count = '0', home = ''] = process.argv.slice(2)
for (let index = 0; index < Number(count); index += 1) {
  const input = [{ text: `first of ${index}` }, { text: `second of ${index}` }]
  const run = await startRun({ input, home, model: 'openai/gpt-6.1-terra', prompt: '{{text}}' })
  await run.close()
}
