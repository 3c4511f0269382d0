import { join } from 'node:path'
import type { Disk } from '../../lib/disk.ts'
import { isProcessAlive, THIS_PROCESS } from '../../lib/machine.ts'
import type { Random } from '../../lib/random.ts'
import type { BucketPlace } from '../port/files-place.ts'
import { Bucket, type Environment } from './bucket.ts'
import { BucketDisk } from './bucket-disk.ts'

/** Ports of opening the files of a home in a bucket. */
interface Ports {
  readonly disk: Disk
  readonly environment: Environment
  readonly random: Random
  /** Where the processes of this machine keep their copies. */
  readonly scratchFolder: string
}

/**
 * The files of a home in a bucket, with a folder of its own for the copies of this process. Copies that processes of this
 * machine have left, because they were killed, are removed. Nothing is asked of the bucket yet.
 */
export async function openBucketDisk(
  place: BucketPlace,
  { disk, environment, random, scratchFolder }: Ports,
): Promise<BucketDisk> {
  const machine = THIS_PROCESS.host.replaceAll(/[^\w-]/g, '-')
  await removeLeftCopies(disk, scratchFolder, machine)
  const name = `${machine}.${THIS_PROCESS.id}.${Buffer.from(random.bytes(4)).toString('hex')}`
  const scratch = join(scratchFolder, name)
  await disk.makeFolder(scratch)
  return new BucketDisk({ bucket: new Bucket(place, environment), local: disk, scratch })
}

/** Asks a bucket for its names, so that a wrong address is told at once. Throws `unreachable` or `configuration`. */
export async function checkBucket(place: BucketPlace, environment: Environment): Promise<void> {
  const bucket = new Bucket(place, environment)
  try {
    await bucket.check()
  } finally {
    bucket.close()
  }
}

async function removeLeftCopies(disk: Disk, scratchFolder: string, machine: string): Promise<void> {
  for (const name of await disk.list(scratchFolder)) {
    const [owner, pid] = name.split('.')
    if (owner === machine && !isProcessAlive(Number(pid))) await disk.remove(join(scratchFolder, name))
  }
}
