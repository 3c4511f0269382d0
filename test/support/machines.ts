import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Surroundings, typeHere } from './command.ts'
import type { LocalWorld } from './local-world.ts'
import { homeAddress } from './postgres.ts'

/** A machine of its own: a folder, the configuration of the world, and nothing shared with others but what it is given. */
export interface TestMachine extends Surroundings {
  write(name: string, text: string): Promise<void>
}

/** Makes a machine in a world; the variables are added to those of the world. */
export async function newMachine(
  world: LocalWorld,
  name: string,
  variables: Readonly<Record<string, string>>,
): Promise<TestMachine> {
  const folder = join(world.folder, name)
  await mkdir(folder)
  await copyFile(world.configPath, join(folder, 'llm-batch.config.json'))
  return {
    folder,
    environment: { ...world.environment, HOME: folder, ...variables },
    write: (file, text) => writeFile(join(folder, file), text),
  }
}

/** Machines whose home is a new one in Postgres, its files in a folder that they share. */
export async function machinesAtPostgres(world: LocalWorld, ...names: readonly string[]): Promise<TestMachine[]> {
  return await machinesWithFiles(world, { files: join(world.folder, 'shared') }, ...names)
}

/** The same with files at another place, and variables that all machines have. */
export async function machinesWithFiles(
  world: LocalWorld,
  { files, variables = {} }: { readonly files: string; readonly variables?: Readonly<Record<string, string>> },
  ...names: readonly string[]
): Promise<TestMachine[]> {
  const all = { ...variables, LLM_BATCH_HOME: await homeAddress() }
  const machines = await Promise.all(names.map((name) => newMachine(world, name, all)))
  const [first] = machines
  if (!first) throw new Error('no machine is named')
  const { code, stderr } = await typeHere(first, 'init', '--files', files)
  if (code !== 0) throw new Error(stderr)
  return machines
}
