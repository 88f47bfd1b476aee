import { randomUUID } from 'node:crypto'
import type { Command } from 'commander'
import type { TableResult } from '../../../../core/migration/run/move-table.ts'
import type { RunResult } from '../../../../core/migration/run/run-migration.ts'
import type { TriedTable } from '../../../../core/migration/run/try-run.ts'
import { wholeNumber } from '../../arguments.ts'
import { createOutput, shown, table } from '../../output.ts'
import { Incomplete, UsageError } from '../../problem.ts'
import { jsonOf, postgresFlag, withPostgres } from './postgres.ts'
import { readPlan } from './read-plan.ts'
import { reportRun } from './report-run.ts'

type RunCommandOptions = {
  plan: string
  postgres?: string
  connections: number
  log?: string
  dryRun?: boolean
  asNew?: boolean
  rejectedBy?: string
}

export function addRun(migrate: Command): void {
  migrate
    .command('run <folder>')
    .description('move what a plan says, every row accounted for; the same command goes on after a stop')
    .requiredOption('--plan <file>', 'the plan, as hive migrate plan wrote it')
    .option(...postgresFlag)
    .option('--connections <n>', 'store so many batches of a table side by side', wholeNumber(1, 16), 3)
    .option('--log <file>', 'add a line of JSON for each batch, each table and the run')
    .option('--dry-run', 'only say what would become of each row: nothing is written, no Postgres is needed')
    .option('--rejected-by <run>', 'only try the rows again that this run rejected: the plan was mended for them')
    .option('--as-new', 'move files too whose content has changed since they were moved')
    .addHelpText(
      'after',
      `
Fails, saying why, when nothing was moved, a table could not be, or the counts do not add up.

Examples:
  $ hive migrate run ./old-databases --plan plan.json --dry-run
  $ hive migrate run ./old-databases --plan plan.json`,
    )
    .action(async (folder: string, options: RunCommandOptions, command: Command) => {
      const out = createOutput(jsonOf(command))
      if (options.dryRun && options.rejectedBy !== undefined) {
        throw new UsageError('--dry-run looks at every row: leave out --rejected-by')
      }
      if (options.dryRun) {
        const plan = await readPlan(options.plan, folder, out)
        const { tryRun } = await import('../../../../core/migration/run/try-run.ts')
        const tried = await tryRun(folder, plan)
        out.answer({ tables: tried }, () => describeTried(tried))
        const failed = tried.filter(({ fault }) => fault !== undefined).map(({ file, table }) => `${file} ${table}`)
        if (failed.length > 0) throw new Incomplete(`not all of it can be read: ${failed.slice(0, 3).join(', ')}`)
        return
      }
      // what is needed next is loaded while databases are copied to be looked at
      const [plan, { runMigration }] = await Promise.all([
        readPlan(options.plan, folder, out),
        import('../../../../core/migration/run/run-migration.ts'),
        import('pg'),
      ])
      const started = performance.now()
      const report = await reportRun(out, options.log)
      const result = await withPostgres(
        options,
        (client, lanes) =>
          runMigration(client, {
            ...{ folder, plan, lanes, id: randomUUID(), asNew: options.asNew === true },
            ...(options.rejectedBy === undefined ? {} : { rejectedBy: options.rejectedBy }),
            progress: report.progress,
            ended: report.ended,
          }),
        options.connections,
      ).finally(report.close)
      report.result(result)
      out.answer(result, () => describeRun(result, (performance.now() - started) / 1000))
      if (result.state === 'failed') throw new Incomplete(`run ${result.run} failed: ${result.fault}`)
    })
}

function describeRun({ run, state, files, tables }: RunResult, seconds: number): string {
  const sum = (name: 'rows' | 'migrated' | 'legacy' | 'rejected') => tables.reduce((total, one) => total + one[name], 0)
  const unreadable = files.flatMap(({ path, fault }) => (fault === undefined ? [] : [[path, fault]]))
  const rate = Math.round(sum('rows') / seconds)
  const before = movedBefore(tables)
  return [
    table(
      ['FILE', 'TABLE', 'STATE', 'ROWS', 'MIGRATED', 'LEGACY', 'REJECTED'],
      tables.map((one: TableResult) => [
        ...[one.file, one.table, one.state, one.rows, one.migrated, one.legacy, one.rejected],
      ]),
    ),
    ...(unreadable.length === 0 ? [] : [table(['CANNOT BE READ', 'BECAUSE'], unreadable)]),
    sum('rows') === 0 && before.length > 0
      ? `run ${run} is ${state}: nothing was left to move`
      : `run ${run} is ${state}: ${sum('rows')} rows = ${sum('migrated')} migrated + ${sum('legacy')} legacy + ${sum('rejected')} rejected, ${rate} rows/s`,
    ...before,
    ...(sum('rejected') === 0 ? [] : [`What was rejected, and why: hive migrate rejects ${run}`]),
  ].join('\n\n')
}

/** Which runs have what was moved before: theirs are its rejected rows, too. */
function movedBefore(tables: readonly TableResult[]): string[] {
  const owners = new Map<string, number>()
  for (const { moved_by: run } of tables) if (run !== undefined) owners.set(run, (owners.get(run) ?? 0) + 1)
  return [...owners].map(
    ([run, count]) => `${count} ${count === 1 ? 'table' : 'tables'} had been moved before, by run ${run}`,
  )
}

function describeTried(tables: TriedTable[]): string {
  const rejected = tables.flatMap((one) =>
    one.examples.map(({ row, column, value, reason }) => [one.file, one.table, row, column, shown(value), reason]),
  )
  return [
    table(
      ['FILE', 'TABLE', 'ROWS', 'MIGRATED', 'LEGACY', 'REJECTED', 'FAULT'],
      tables.map((one) => [one.file, one.table, one.rows, one.migrated, one.legacy, one.rejected, one.fault]),
    ),
    ...(rejected.length === 0
      ? []
      : [table(['FILE', 'TABLE', 'ROW', 'COLUMN', 'VALUE', 'REJECTED BECAUSE'], rejected)]),
    ...(tables.some((one) => one.keys_unchecked) ? ['Not all keys were remembered: a run may reject more rows.'] : []),
    'Keys that the hive has already are seen by a run only.',
  ].join('\n\n')
}
