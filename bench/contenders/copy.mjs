// The lowest floor: reads a file and writes it, in large pieces. `node copy.mjs FROM TO`.
import { closeSync, openSync, readSync, writeSync } from 'node:fs'

const [from = '', to = ''] = process.argv.slice(2)
const [input, output] = [openSync(from, 'r'), openSync(to, 'w')]
const piece = Buffer.allocUnsafe(1 << 20)
for (let read = readSync(input, piece); read > 0; read = readSync(input, piece)) writeSync(output, piece, 0, read)
closeSync(input)
closeSync(output)
