import { type Command, Option } from 'commander'
import type { Reject } from '../../../../core/migration/moved/list-rejects.ts'
import { wholeNumber } from '../../arguments.ts'
import { createOutput, shown, table } from '../../output.ts'
import { Incomplete } from '../../problem.ts'
import { visibleLine } from '../../visible-text.ts'
import { jsonOf, postgresFlag, withPostgres } from './postgres.ts'
import { refuseNoFolder } from './read-folder.ts'

type Options = { postgres?: string }

/** What there is to do with a run once it has ended. */
export function addAfterRun(migrate: Command): void {
  migrate
    .command('status [run]')
    .description('what runs there were, or what became of each table of one')
    .option(...postgresFlag)
    .addHelpText('after', '\nExample:\n  $ hive migrate status')
    .action(async (run: string | undefined, options: Options, command: Command) => {
      const out = createOutput(jsonOf(command))
      const { listRuns, listTables } = await import('../../../../core/migration/moved/list-runs.ts')
      const { findRun } = await import('../../../../core/migration/moved/find-run.ts')
      await withPostgres(options, async (client) => {
        if (run === undefined) {
          const runs = await listRuns(client, 100)
          const rows = runs.map((one) => [
            one.id,
            one.state,
            one.started_at.toISOString(),
            one.rows,
            one.rejected,
            one.retries,
            one.fault,
          ])
          const head = ['RUN', 'STATE', 'STARTED', 'ROWS', 'REJECTED', 'RETRIES', 'FAULT']
          return out.answer({ runs }, () => (rows.length === 0 ? 'no runs' : table(head, rows)))
        }
        const { state, fault } = await findRun(client, run)
        const tables = await listTables(client, run)
        const rows = tables.map((one) => [
          one.path,
          one.name,
          one.state,
          one.rows,
          one.migrated,
          one.legacy,
          one.rejected,
          one.fault,
        ])
        const head = ['FILE', 'TABLE', 'STATE', 'ROWS', 'MIGRATED', 'LEGACY', 'REJECTED', 'FAULT']
        const why = fault === null ? '' : `: ${visibleLine(fault)}`
        out.answer({ run, state, fault, tables }, () => `${table(head, rows)}\n\nrun ${run} is ${state}${why}`)
      })
    })

  migrate
    .command('verify <run> <folder>')
    .description('compare the sources of a run with what is in Postgres, row by row')
    .option(...postgresFlag)
    .addHelpText('after', '\nExample:\n  $ hive migrate verify 0b9f2c1e-… ./old-databases')
    .action(async (run: string, folder: string, options: Options, command: Command) => {
      const out = createOutput(jsonOf(command))
      await refuseNoFolder(folder)
      const { verifyRun } = await import('../../../../core/migration/moved/verify-run.ts')
      const found = await withPostgres(options, (client) => verifyRun(client, run, folder))
      out.answer(found, () => {
        const rows = found.differences.map(({ file, table: name, row, what }) => [file, name, row, what])
        const counts = `${found.rows.source} source rows, ${found.rows.moved} moved rows compared`
        if (found.verified) return `verified: ${counts}`
        return `${table(['FILE', 'TABLE', 'ROW', 'DIFFERENCE'], rows)}${found.more > 0 ? `\nand ${found.more} more` : ''}\n\n${counts}`
      })
      if (!found.verified) throw new Incomplete(`run ${run} is not verified`)
    })

  migrate
    .command('rejects <run>')
    .description('rows that no target takes, with the column, the value and the reason')
    .option(...postgresFlag)
    .option('--limit <n>', 'at most so many', wholeNumber(1, 10_000), 100)
    .addOption(new Option('--after <n>', 'pass over so many').argParser(wholeNumber(0, 2_147_483_647)).default(0))
    .addHelpText('after', '\nExample:\n  $ hive migrate rejects 0b9f2c1e-… --json')
    .action(async (run: string, options: Options & { limit: number; after: number }, command: Command) => {
      const out = createOutput(jsonOf(command))
      const { listRejects } = await import('../../../../core/migration/moved/list-rejects.ts')
      const { findRun } = await import('../../../../core/migration/moved/find-run.ts')
      await withPostgres(options, async (client) => {
        const { state } = await findRun(client, run)
        let more = false
        async function* listed(): AsyncGenerator<Reject> {
          let count = 0
          for await (const one of listRejects(client, run, { ...options, limit: options.limit + 1 })) {
            more = ++count > options.limit
            if (!more) yield one
          }
        }
        if (out.json) return out.answerList('rejects', listed(), () => ({ more }))
        const rejects: Reject[] = []
        for await (const one of listed()) rejects.push({ ...one, value: shown(one.value) })
        out.answer({ rejects, more }, () => {
          if (state === 'rolled back') return 'the run was rolled back: what it rejected is gone with it'
          if (rejects.length === 0) return options.after === 0 ? 'no rows were rejected' : 'no more rows were rejected'
          const rows = rejects.map((one) => [one.file, one.table, one.row, one.column, String(one.value), one.reason])
          const shownRows = table(['FILE', 'TABLE', 'ROW', 'COLUMN', 'VALUE', 'REASON'], rows)
          if (!more) return shownRows
          return `${shownRows}\n\nthere are more: --after ${options.after + options.limit} shows the next ones`
        })
      })
    })

  migrate
    .command('rebuild <run> <folder>')
    .description('write the SQLite files of a run again, from Postgres alone; files that are there are left alone')
    .option(...postgresFlag)
    .addHelpText('after', '\nExample:\n  $ hive migrate rebuild 0b9f2c1e-… ./rebuilt')
    .action(async (run: string, folder: string, options: Options, command: Command) => {
      const out = createOutput(jsonOf(command))
      const { rebuildRun } = await import('../../../../core/migration/moved/rebuild-run.ts')
      const files = await withPostgres(options, (client) => rebuildRun(client, run, folder))
      out.answer({ run, files }, () => {
        const rows = files.map(({ path, tables, faults }) => [
          ...[path, tables.length, tables.reduce((sum, one) => sum + one.rows, 0), faults.join('; ')],
        ])
        return table(['FILE', 'TABLES', 'ROWS', 'FAULTS'], rows)
      })
      if (files.some(({ faults }) => faults.length > 0)) throw new Incomplete(`run ${run} was not rebuilt as a whole`)
    })

  migrate
    .command('rollback <run>')
    .description('remove exactly what a run added; refused, naming them, when rows were changed since')
    .option(...postgresFlag)
    .addHelpText('after', '\nExample:\n  $ hive migrate rollback 0b9f2c1e-…')
    .action(async (run: string, options: Options, command: Command) => {
      const out = createOutput(jsonOf(command))
      const { rollBack } = await import('../../../../core/migration/moved/roll-back.ts')
      const done = await withPostgres(options, (client) => rollBack(client, run))
      out.answer(done, () => `rolled back: ${done.removed} rows removed`)
    })
}
