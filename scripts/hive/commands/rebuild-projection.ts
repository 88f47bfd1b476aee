import type { Command } from 'commander'
import { rebuildWhole } from '../../../core/access/rebuild-whole.ts'
import { sheet } from '../output.ts'
import { openSession } from '../session.ts'

export function addRebuildProjection(program: Command): void {
  program
    .command('rebuild-projection')
    .description(
      'bring agents, keys, capabilities and subscriptions from Postgres to Redis again, after Redis has lost them',
    )
    .addHelpText(
      'after',
      `
Keys are among what is lost, so this takes an admin key of the hive’s configuration.

Example:
  $ hive rebuild-projection`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { client, out } = openSession(command)
      const total = await rebuildWhole(
        (from) => client.rebuildProjection(from),
        ({ agents, keys, capabilities, subscriptions }) =>
          out.note(
            `${agents} agents, ${keys} keys, ${capabilities} capabilities, ${subscriptions} subscriptions so far`,
          ),
      )
      out.answer(total, () => sheet(total))
    })
}
