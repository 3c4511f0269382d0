import { REQUESTS } from './made-batches.mjs'

/** The batches that are made, as the number of each in its run. */
const NUMBERS = 'with recursive n(i) as (select cast(? as bigint) union all select i + 1 from n where i < ?)'

/** Copies a batch with all that belongs to it, thousands at a time, in the tables of SQLite and Postgres alike. */
export class BatchCopier {
  #sql

  /** @param {object} sql Statements of a transaction. */
  constructor(sql) {
    this.#sql = sql
  }

  /**
   * Gives a run so many copies of a batch, their numbers from this one on.
   * @param {{ batch: number, attempt: number, nonce: string }} template
   */
  async copy({ attempt, batch, nonce }, runId, first, count) {
    if (count === 0) return
    const last = first + count - 1
    const { key: run } = await this.#sql.get('select key from runs where id = ?', runId)
    const places = { run: `${run}`, number: 'n.i' }
    const rows = { first_request: `(n.i - 1) * ${REQUESTS}`, last_request: `n.i * ${REQUESTS} - 1` }
    await this.#insert('batches', { ...places, ...rows }, 'join n on t.key = ?', [first, last, batch], NUMBERS)
    const made = [run, first, last]
    const suffix = "|| '-' || b.key"
    const own = { batch: 'b.key', nonce: `t.nonce ${suffix}`, remote_id: `t.remote_id ${suffix}` }
    await this.#insert('attempts', own, 'join batches b on b.run = ? and b.number between ? and ? where t.batch = ?', [
      ...made,
      batch,
    ])
    const withAttempts = 'join batches b on b.run = ? and b.number between ? and ? join attempts a on a.batch = b.key'
    await this.#insert('intents', { attempt: 'a.key' }, `${withAttempts} where t.attempt = ?`, [...made, attempt])
    const remote = { attempt: 'a.key', id: 'a.remote_id' }
    await this.#insert('remote_batches', remote, `${withAttempts} where t.attempt = ?`, [...made, attempt])
    await this.#insert('spending', { id: 'a.nonce', run: `'${runId}'` }, `${withAttempts} where t.id = ?`, [
      ...made,
      nonce,
    ])
  }

  /** Inserts into a table what is selected from its row `t`, with some columns replaced. */
  async #insert(table, replaced, from, values, before = '') {
    const row = await this.#sql.get(`select * from ${table} limit 1`)
    const columns = Object.keys(row).filter((name) => name !== 'key')
    const selected = columns.map((name) => replaced[name] ?? `t.${name}`)
    const statement = `${before} insert into ${table} (${columns.join(', ')}) select ${selected.join(', ')} from ${table} t ${from}`
    await this.#sql.run(statement, ...values)
  }
}
