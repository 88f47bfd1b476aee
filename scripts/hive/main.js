// @ts-check
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Half of a short command's time is stripping types: what was stripped once is kept. Only later imports profit, so that this file has
// no types: to strip those of one file would load what strips them.
enableCompileCache(join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'hive'))
const { createProgram } = await import('./program.ts')
const { reportError } = await import('./report-error.ts')

// `hive … | head` closes the pipe early: that ends the command, it is no failure.
process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

try {
  await createProgram().parseAsync()
} catch (error) {
  const json = process.argv.includes('--json')
  process.exitCode = reportError(error, json, (line) => process.stderr.write(`${line}\n`))
}
