import { createProgram } from './program.ts'
import { reportError } from './report-error.ts'

// `hive … | head` closes the pipe early: that ends the command, it is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

const program = createProgram()
try {
  await program.parseAsync()
} catch (error) {
  const json = process.argv.includes('--json')
  process.exitCode = reportError(error, json, (line) => process.stderr.write(`${line}\n`))
}
