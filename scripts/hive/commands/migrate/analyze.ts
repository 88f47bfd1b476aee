import type { Command } from 'commander'
import { createOutput } from '../../output.ts'
import { describeFolder } from './describe-analysis.ts'
import { analyze } from './read-folder.ts'

export function addAnalyze(migrate: Command): void {
  migrate
    .command('analyze <folder>')
    .description('say what is in each SQLite file of a folder: states, tables, rows, times, and what is odd')
    .addHelpText(
      'after',
      `
Files are only ever read, from a private copy made together with their -wal or -journal.
No hive is needed. --json gives everything there is to know about each column.

Examples:
  $ hive migrate analyze ./old-databases
  $ hive migrate analyze ./old-databases --json > analysis.json`,
    )
    .action(async (folder: string, _options: object, command: Command) => {
      const out = createOutput(command.optsWithGlobals<{ json?: boolean }>().json === true)
      const report = await analyze(folder, out.note)
      out.answer(report, () => describeFolder(report))
    })
}
