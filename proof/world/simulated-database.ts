import { copyFileSync, existsSync, rmSync } from 'node:fs'
import { DatabaseSync } from '@photostructure/sqlite'
import type { Connection } from '../../src/store/folder/connection.ts'
import type { Life } from './life.ts'

/** Files of a database in write-ahead mode besides the database itself. */
const COMPANIONS = ['', '-wal', '-shm'] as const

/** Real SQLite databases whose commits are steps of a process, and that forget what was not forced to disk. */
export class Databases {
  #open: WatchedDatabase[] = []
  /** Moves of attempts that any process made, such as `planned -> uploaded`. */
  readonly moves = new Set<string>()

  open(path: string, life: Life, onFirstCommit: () => void): Connection {
    const database = new WatchedDatabase(path, life, { onFirstCommit, onMove: (move) => this.moves.add(move) })
    this.#open.push(database)
    return database
  }

  /** The kernel closes what a dead process held: locks are freed, open transactions rolled back. */
  closeAll(): void {
    for (const database of this.#open) database.closeOnce()
    this.#open = []
  }

  /**
   * A commit with `synchronous` = FULL is on stable storage and stays. With any weaker setting a power loss takes the
   * database back to where this connection found it.
   */
  losePower(): void {
    const weak = this.#open.filter((database) => database.backup !== undefined)
    this.closeAll()
    for (const { backup } of weak) backup?.restore()
  }
}

type Statement = ReturnType<Connection['prepare']>

/** The news of a database while it is at work. */
interface News {
  onFirstCommit(): void
  /** An attempt has come from one stage to another. */
  onMove(move: string): void
}

class WatchedDatabase extends DatabaseSync {
  backup: Backup | undefined
  readonly #path: string
  readonly #life: Life
  readonly #news: News
  #isClosed = false
  #hasCommitted = false

  constructor(path: string, life: Life, news: News) {
    super(path)
    this.#path = path
    this.#life = life
    this.#news = news
  }

  override exec(sql: string): void {
    const level = /^pragma synchronous = (\w+)$/.exec(sql)?.[1]
    if (level !== undefined) this.backup = level === 'full' ? undefined : new Backup(this.#path)
    if (sql === 'commit') this.#life.passNow('commit')
    super.exec(sql)
    if (sql !== 'commit' || this.#hasCommitted) return
    this.#hasCommitted = true
    this.#news.onFirstCommit()
  }

  override prepare(sql: string): Statement {
    const statement = super.prepare(sql)
    if (!sql.startsWith('update attempts set stage = ?')) return statement
    const run: Statement['run'] = (...values) => {
      const made = statement.run(...values)
      if (made.changes === 1) this.#news.onMove(`${String(values.at(-1))} -> ${String(values[0])}`)
      return made
    }
    return Object.create(statement, { run: { value: run } })
  }

  override close(): void {
    this.#isClosed = true
    super.close()
  }

  closeOnce(): void {
    if (!this.#isClosed) this.close()
  }
}

/** The files of a database as they were, beside themselves. */
class Backup {
  readonly #path: string

  constructor(path: string) {
    this.#path = path
    for (const ending of COMPANIONS) {
      if (existsSync(path + ending)) copyFileSync(path + ending, `${path}.backup${ending}`)
    }
  }

  restore(): void {
    for (const ending of COMPANIONS) {
      rmSync(this.#path + ending, { force: true })
      const kept = `${this.#path}.backup${ending}`
      if (existsSync(kept)) copyFileSync(kept, this.#path + ending)
    }
  }
}
