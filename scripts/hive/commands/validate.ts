import type { Command } from 'commander'
import { wholeNumber } from '../arguments.ts'
import { colors, table } from '../output.ts'
import { Incomplete } from '../problem.ts'
import { openSession } from '../session.ts'
import { type Check, validateHive } from '../validate/validate-hive.ts'

type ValidateOptions = { messages: number; callers: number; metrics: number }

export function addValidate(program: Command): void {
  program
    .command('validate')
    .description('check a hive from outside: the protocol, the time of a metric write, the rate of publishing')
    .option('--messages <n>', 'messages to publish for the rate', wholeNumber(100, 100_000), 5000)
    .option('--callers <n>', 'callers that publish at the same time', wholeNumber(1, 64), 4)
    .option('--metrics <n>', 'metric writes to time', wholeNumber(20, 10_000), 200)
    .addHelpText(
      'after',
      `
It works with agents of its own (validate-…), receives and acknowledges all it published, and
disables the agents. The measurements it wrote stay, under those agents, as metric_type validate.

Examples:
  $ hive validate
  $ hive validate --url https://hive.example.com --json`,
    )
    .action(async (options: ValidateOptions, command: Command) => {
      const { client, out } = openSession(command)
      const checks = await validateHive(client, options, out.note)
      const failed = checks.filter(({ pass }) => !pass)
      out.answer({ url: client.url, passed: failed.length === 0, checks }, () => describeChecks(checks))
      if (failed.length > 0) throw new Incomplete(`failed: ${failed.map(({ name }) => name).join(', ')}`)
    })
}

function describeChecks(checks: Check[]): string {
  const rows = checks.map(({ name, figure, bar, pass, detail }) => [
    pass ? { word: 'pass', paint: colors.green } : { word: 'FAIL', paint: colors.red },
    name,
    figure,
    bar,
    detail,
  ])
  return table(['', 'CHECK', 'FIGURE', 'BAR', ''], rows)
}
