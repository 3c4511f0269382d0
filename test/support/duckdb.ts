import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

/** A reader and writer of tables that others wrote, as a judge of ours. */
export interface Judge {
  /** Runs a statement. */
  run(sql: string): Promise<void>
  /** The rows of a query; long numbers, instants and such as text. */
  rows(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>
  close(): void
}

/** Opens a database in memory. Times are shown in UTC. */
export async function openJudge(): Promise<Judge> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' })
  const connection: DuckDBConnection = await instance.connect()
  await connection.run(`set timezone = 'UTC'`)
  return {
    async run(sql) {
      await connection.run(sql)
    },
    async rows(sql) {
      return (await connection.runAndReadAll(sql)).getRowObjectsJson()
    },
    close() {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

/** A name as SQL takes it. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** How many rows are in one table and not in the other, either way, counting doubles. */
export async function differences(judge: Judge, one: string, other: string, columns = '*'): Promise<number> {
  const missing = (from: string, without: string) =>
    `(select count(*) from (select ${columns} from ${from} except all select ${columns} from ${without}))`
  const [row] = await judge.rows(`select ${missing(one, other)} + ${missing(other, one)} as n`)
  return Number(row?.['n'])
}
