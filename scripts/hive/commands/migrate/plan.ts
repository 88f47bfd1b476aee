import { writeFile } from 'node:fs/promises'
import { type Command, InvalidArgumentError } from 'commander'
import type { Plan, TablePlan } from '../../../../core/migration/plan/plan.ts'
import { isZone } from '../../../../core/migration/plan/zone.ts'
import { createOutput, table } from '../../output.ts'
import { UsageError } from '../../problem.ts'
import { visibleJson } from '../../visible-text.ts'
import { analyze } from './read-folder.ts'
import { readPlan } from './read-plan.ts'

type PlanCommandOptions = { out?: string; zone: string; agent: string; check?: string }

export function addPlan(migrate: Command): void {
  migrate
    .command('plan <folder>')
    .description('write a plan of what becomes of each table, to be read and changed before it is run')
    .option('--out <file>', 'where to write it (default: standard output); an existing file is left alone')
    .option('--zone <zone>', 'the zone of times that name none: UTC, +02:00, Europe/Berlin', zone, 'UTC')
    .option('--agent <name>', 'the agent of metrics that name none', agentName, 'unknown')
    .option('--check <file>', 'check this plan against the folder instead of making one')
    .addHelpText(
      'after',
      `
Tables that are known or look like metrics, messages, events or actions get a target and a
reason; every other table is kept as it is (legacy). docs/migration.md explains the rules.
No hive is needed.

Examples:
  $ hive migrate plan ./old-databases --out plan.json --zone Europe/Berlin
  $ hive migrate plan ./old-databases --check plan.json`,
    )
    .action(async (folder: string, options: PlanCommandOptions, command: Command) => {
      const out = createOutput(command.optsWithGlobals<{ json?: boolean }>().json === true)
      if (options.check !== undefined && options.out !== undefined) {
        throw new UsageError('--check makes no plan: leave out --out')
      }
      if (options.check !== undefined) {
        const plan = await readPlan(options.check, folder, out)
        return out.answer(plan, () => `${options.check} can be run as it is.\n\n${describePlan(plan)}`)
      }
      const report = await analyze(folder, out.warn)
      const { suggestPlan } = await import('../../../../core/migration/plan/suggest/suggest-plan.ts')
      const plan = suggestPlan(report, { zone: options.zone, agent: options.agent })
      const text = `${visibleJson(plan, 2)}\n`
      if (options.out === undefined) return void process.stdout.write(text)
      await writeFile(options.out, text, { flag: 'wx' }).catch((error: NodeJS.ErrnoException) => {
        const why = error.code === 'EEXIST' ? 'it is there already: move it away, or name another' : error.message
        throw new UsageError(`${options.out} cannot be written: ${why}`)
      })
      out.answer({ written: options.out }, () => `${describePlan(plan)}\n\nWritten to ${options.out}.`)
    })
}

/** What becomes of each table, for people. */
function describePlan({ files }: Plan): string {
  const rows = files.flatMap(({ path, unreadable, tables }) => [
    ...(unreadable === undefined ? [] : [[path, '', 'cannot be read', unreadable]]),
    ...tables.map((one: TablePlan) => [path, one.name, one.target, one.because]),
  ])
  return table(['FILE', 'TABLE', 'TARGET', 'BECAUSE'], rows)
}

function zone(text: string): string {
  if (!isZone(text))
    throw new InvalidArgumentError('It must be UTC, an offset such as +02:00, or a zone such as Europe/Berlin.')
  return text
}

function agentName(text: string): string {
  if (!/^\S.{0,510}$/u.test(text)) throw new InvalidArgumentError('It must be 1 to 511 characters.')
  return text
}
