import type { Command } from 'commander'
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
      const total = { agents: 0, keys: 0, capabilities: 0, subscriptions: 0 }
      let cursor: string | null = null
      do {
        const page = await client.rebuildProjection(cursor === null ? {} : { cursor })
        for (const kind of Object.keys(total) as (keyof typeof total)[]) total[kind] += page[kind]
        cursor = page.next_cursor
        if (cursor !== null)
          out.note(
            `${total.agents} agents, ${total.keys} keys, ${total.capabilities} capabilities, ${total.subscriptions} subscriptions so far`,
          )
      } while (cursor !== null)
      out.answer(total, () => sheet(total))
    })
}
