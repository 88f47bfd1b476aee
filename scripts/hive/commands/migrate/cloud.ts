import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { MigrationDetails } from '../../../../core/records/migrations-repository.ts'
import { future, given } from '../../arguments.ts'
import type { HiveClient } from '../../client.ts'
import { type Output, table } from '../../output.ts'
import { Incomplete } from '../../problem.ts'
import { openSession } from '../../session.ts'
import { visibleLine } from '../../visible-text.ts'
import { readPlan } from './read-plan.ts'
import { uploadFolder } from './upload-folder.ts'

type Options = { plan: string; upload?: string; startAt?: string; asNew?: boolean; wait: boolean }

/** How often a run is asked how far it is. */
const askMs = 2_000

export function addCloud(migrate: Command): void {
  migrate
    .command('cloud <folder>')
    .description('upload a folder to the hive, which moves it as a plan says and compares it, row by row')
    .requiredOption('--plan <file>', 'the plan, as hive migrate plan wrote it')
    .option('--upload <id>', 'take what was uploaded before: goes on with a run that has failed')
    .option('--start-at <moment>', 'begin then, such as 2027-01-31T02:00:00Z or 2h; at once if not told', (text) =>
      future(text),
    )
    .option('--as-new', 'move files too whose content has changed since they were moved')
    .option('--no-wait', 'do not wait for the end of it')
    .addHelpText(
      'after',
      `
Needs no Postgres here: only the URL of the hive and a key with the scope admin. Stopping the command does not stop the run.

Examples:
  $ hive migrate cloud ./old-databases --plan plan.json
  $ hive migrate cloud ./old-databases --plan plan.json --start-at 2027-01-31T02:00:00Z`,
    )
    .action(async (folder: string, options: Options, command: Command) => {
      const { client, out } = openSession(command)
      const plan = await readPlan(options.plan, folder, out)
      const upload = options.upload ?? (await uploadFolder(client, folder, out))
      const { startAt: start_at, asNew: as_new } = options
      const started = await client.startMigration({ upload, plan, ...given({ start_at, as_new }) })
      out.note(`run ${started.id} of upload ${upload}`)
      const isLater = started.state === 'planned'
      const run = options.wait && !isLater ? await follow(client, started, out) : started
      out.answer(run, () => describe(run))
      if (run.step !== null || run.state === 'planned') return
      if (run.state === 'failed') throw new Incomplete(`run ${run.id} failed: ${run.fault}`)
      if (run.verification && !run.verification.verified) throw new Incomplete(`run ${run.id} is not verified`)
    })
}

async function follow(client: HiveClient, started: MigrationDetails, out: Output): Promise<MigrationDetails> {
  let run = started
  let said = ''
  while (run.step !== null) {
    const { done, total } = run.rows
    const compared = run.verification?.moved ?? 0
    const rows = run.step === 'verify' ? `${compared} of ${done} rows` : `${done} of ${total ?? '?'} rows`
    const text = `${run.step}: ${run.step === 'prepare' ? 'making snapshots' : rows}`
    if (text !== said) out.note(text)
    said = text
    await sleep(askMs)
    run = await client.getMigration(run.id)
  }
  return run
}

function describe({ id, state, step, start_at, fault, problems, rows, verification }: MigrationDetails): string {
  const counts = `${rows.done} rows = ${rows.migrated} migrated + ${rows.legacy} legacy + ${rows.rejected} rejected`
  // a run with nothing to do is complete only where all of it had been moved before
  const all =
    state === 'complete' && rows.done === 0 ? 'nothing was left to move, all of it had been moved before' : counts
  const differences = (verification?.differences ?? []).map((one) => [one.file, one.table, one.row, one.what])
  return [
    ...(problems.length === 0
      ? []
      : [
          table(
            ['PROBLEM WITH', 'WHAT'],
            problems.map((one) => [one.field, one.message]),
          ),
        ]),
    ...(differences.length === 0 ? [] : [table(['FILE', 'TABLE', 'ROW', 'DIFFERENCE'], differences)]),
    state === 'planned' ? `run ${id} begins at ${start_at}` : `run ${id} is ${state}: ${all}`,
    ...(step === null || state === 'planned' ? [] : [`under way: ${step}`]),
    ...(fault === null ? [] : [visibleLine(fault)]),
    ...(verification?.ended
      ? [
          `${verification.verified ? 'verified' : 'NOT verified'}: ${verification.source} source rows, ${verification.moved} moved rows compared`,
        ]
      : []),
  ].join('\n\n')
}
