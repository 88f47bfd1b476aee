import type { Command } from 'commander'
import { sheet } from '../output.ts'
import { openSession } from '../session.ts'

export function addRebuildProjection(program: Command): void {
  program
    .command('rebuild-projection')
    .description('bring agents and keys from Postgres to Redis again, after Redis has lost them')
    .addHelpText(
      'after',
      `
Keys are among what is lost, so this takes an admin key of the hive’s configuration.

Example:
  $ hive rebuild-projection`,
    )
    .action(async (_options: unknown, command: Command) => {
      const { client, out } = openSession(command)
      const total = { agents: 0, keys: 0 }
      let cursor: string | null = null
      do {
        const page = await client.rebuildProjection(cursor === null ? {} : { cursor })
        total.agents += page.agents
        total.keys += page.keys
        cursor = page.next_cursor
        if (cursor !== null) out.note(`${total.agents} agents, ${total.keys} keys so far`)
      } while (cursor !== null)
      out.answer(total, () => sheet(total))
    })
}
