import { join, resolve } from 'node:path'
import { LlmBatchError } from '../model/error.ts'
import { mention } from '../model/options/mention.ts'

/** A place where runs are kept: a folder of this machine, or a database that any number of machines work with. */
export type Home = FolderHome | DatabaseHome

export interface FolderHome {
  readonly kind: 'folder'
  /** Absolute. */
  readonly path: string
}

/** A schema in a database of Postgres, beside a place for files. */
export interface DatabaseHome {
  readonly kind: 'database'
  /** The address as Postgres takes it, with the password in it: never shown, logged or stored. */
  readonly url: string
  readonly schema: string
  /** The address without password and parameters. */
  readonly shown: string
  /** The folder of its files, absolute, or the address of a bucket; null for what the home itself remembers. */
  readonly files: string | null
}

const DEFAULT_SCHEMA = 'llm_batch'

const DATABASE = /^postgres(?:ql)?:\/\//i

/** A home as the user names it; relative folders count from the folder that is given. */
export function homeAt(text: string, folder: string, files: string | null): Home {
  return DATABASE.test(text) ? databaseAt(text, files) : { kind: 'folder', path: resolve(folder, text) }
}

/** A place as the user names it: the address of a server as it is, a folder made absolute. */
export function placeAt(text: string, folder: string): string {
  return isAddress(text) ? text : resolve(folder, text)
}

/** True for an address of a server; any other text is a path. */
export function isAddress(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
}

/** A folder of this machine for what any home can do without, such as the files of a local server. */
export function folderBeside(home: Home, userFolder: string): string {
  return home.kind === 'folder' ? home.path : join(userFolder, home.schema)
}

function databaseAt(text: string, files: string | null): DatabaseHome {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || url.pathname.length < 2) {
    throw new LlmBatchError('configuration', `the address of the home is not one of Postgres`, {
      next: `Write it after ${mention('home')} as postgres://USER@HOST:5432/DATABASE; the password may stand in PGPASSWORD.`,
    })
  }
  const schema = url.searchParams.get('schema') ?? DEFAULT_SCHEMA
  if (!/^[a-z_][a-z0-9_]{0,50}$/.test(schema)) {
    throw new LlmBatchError('configuration', `the home cannot have the schema ${JSON.stringify(schema)}`, {
      next: 'Use lower-case letters, digits and underscores, 51 at most.',
    })
  }
  url.searchParams.delete('schema')
  const user = url.username === '' ? '' : `${url.username}@`
  return { kind: 'database', url: url.href, schema, shown: `postgres://${user}${url.host}${url.pathname}`, files }
}
