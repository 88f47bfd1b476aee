import type { Command } from 'commander'
import { given, moment, wholeNumber } from '../arguments.ts'
import { shown, table } from '../output.ts'
import { UsageError } from '../problem.ts'
import { openSession } from '../session.ts'

type Options = {
  agent?: string
  with?: string
  search?: string
  from?: string
  to?: string
  limit: number
  cursor?: string
}

export function addConversations(program: Command): void {
  program
    .command('conversations [id]')
    .description('what agents said to each other: one conversation by its id, else messages newest first')
    .option('--agent <agent>', 'only what this agent sent or received')
    .option('--with <agent>', 'only between --agent and this one')
    .option('--search <words>', 'only what has all of these words; "words in a row", or and -without are understood')
    .option('--from <time>', 'not before: ISO 8601, or like 15m, 2h, 7d (ago)', (text) => moment(text))
    .option('--to <time>', 'before', (text) => moment(text))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .addHelpText(
      'after',
      `
Examples:
  $ hive conversations --agent planner --with builder --from 24h
  $ hive conversations --search 'deploy -staging'
  $ hive conversations 0b9f2c1e-6a51-4c0e-9a57-3f4a3f0f8d11`,
    )
    .action(async (id: string | undefined, options: Options, command: Command) => {
      const { limit, cursor, ...filters } = options
      const [filter] = id === undefined ? [] : Object.keys(filters)
      if (filter !== undefined) throw new UsageError(`a conversation is read whole: leave out --${filter}`)
      const { client, out } = openSession(command)
      const page =
        id === undefined
          ? await client.queryConversations(given({ ...options }))
          : await client.getConversation(id, given({ limit, cursor }))
      out.answer(page, () => {
        if (page.items.length === 0) return 'no messages'
        const columns = ['timestamp', 'from_agent', 'to_agent', 'message_type', 'status', 'content']
        const rows = page.items.map((item) => columns.map((name) => shown(item[name])))
        return table(['TIME', 'FROM', 'TO', 'TYPE', 'STATUS', 'CONTENT'], rows)
      })
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })
}
