// @ts-check
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Half of a short command's time is stripping types: what was stripped once is kept. Only later imports profit, so that this file has
// no types: to strip those of one file would load what strips them.
enableCompileCache(join(import.meta.dirname, '..', '..', 'node_modules', '.cache', 'hive'))
const { createProgram } = await import('./program.ts')
const { reportError } = await import('./report-error.ts')

/** @param {unknown} error */
const report = (error) =>
  reportError(error, process.argv.includes('--json'), (line) => process.stderr.write(`${line}\n`))

// `hive … | head` closes the pipe early: that ends the command, it is no failure. A full disk is one.
process.stdout.on('error', (/** @type {NodeJS.ErrnoException} */ error) => {
  process.exit(error.code === 'EPIPE' ? 0 : report(new Error(`the output cannot be written: ${error.message}`)))
})
// there is nowhere left to say it: the exit code does
process.stderr.on('error', () => {})

try {
  await createProgram().parseAsync()
} catch (error) {
  process.exitCode = report(error)
}
