// The floor of waiting: looks at a batch until it is finished, and keeps nothing. `node polls.mjs ID`.
import { setTimeout as wait } from 'node:timers/promises'
import { request } from 'undici'

const [id = ''] = process.argv.slice(2)
const headers = { authorization: `Bearer ${process.env.OPENAI_API_KEY}` }
for (;;) {
  const { body } = await request(`${process.env.OPENAI_BASE_URL}/batches/${id}`, { headers })
  const { status } = await body.json()
  if (status === 'completed') break
  await wait(1)
}
