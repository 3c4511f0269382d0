import { thisMachine } from '../../lib/machine.ts'
import { VERSION } from '../../version.ts'
import { wholeProgram } from '../program.ts'
import { Shell } from '../shell.ts'
import { describeProgram } from './described-command.ts'
import { manPage } from './man-page.ts'

/** The manual page of the command as it is, in roff. `date` is that of the build, YYYY-MM-DD. */
export async function manual(date: string): Promise<string> {
  const streams = { input: process.stdin, output: process.stdout, error: process.stderr }
  const program = await wholeProgram(new Shell(thisMachine(), streams), VERSION)
  return manPage(describeProgram(program), VERSION, date)
}
