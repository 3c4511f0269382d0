#!/usr/bin/env node
import { thisMachine } from '../lib/machine.ts'
import { VERSION } from '../version.ts'
import { runProgram } from './program.ts'
import { Shell } from './shell.ts'

// What reads and writes buckets would say with every command on Node 20 that later versions of it need Node 22.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true'

// Everything that a command needs is loaded when that command was typed, so that `--help` is there at once.
const shell = new Shell(thisMachine(), { input: process.stdin, output: process.stdout, error: process.stderr })

// A reader that has seen enough, such as `head`, is not an error, nor is a terminal that was closed. A command that must know
// is told by `print`, and work that goes on by `Interruption`.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

process.exitCode = await runProgram(shell, process.argv.slice(2), VERSION)
