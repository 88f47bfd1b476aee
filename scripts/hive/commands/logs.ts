import type { Command } from 'commander'
import { given, moment, wholeNumber } from '../arguments.ts'
import type { Page } from '../client.ts'
import { shown, table } from '../output.ts'
import { openSession } from '../session.ts'

type RangeOptions = { from?: string; to?: string; limit: number; cursor?: string }

export function addLogs(program: Command): void {
  ranged(program.command('events').description('security events, newest first'))
    .option('--type <type>', 'only of this type, such as auth.failed')
    .option('--severity <severity>', 'only of this severity: low, medium, high; critical too where it was migrated')
    .addHelpText('after', '\nExample:\n  $ hive events --severity high --from 24h')
    .action(async (options: RangeOptions & { type?: string; severity?: string }, command: Command) => {
      const { client, out } = openSession(command)
      const { type, ...rest } = options
      const page = await client.querySecurityEvents(given({ ...rest, event_type: type }))
      const columns = ['timestamp', 'severity', 'event_type', 'description', 'metadata']
      out.answer(page, () => lines(page, columns, 'no events'))
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })

  ranged(program.command('audit').description('what administrators did, newest first'))
    .option('--action <action>', 'only this action, such as key.create')
    .option('--actor <actor>', 'only what this one did: config:1, or key:<id>')
    .option('--target <target>', 'only what was done to this, such as an agent')
    .addHelpText('after', '\nExample:\n  $ hive audit --target builder --from 7d')
    .action(async (options: RangeOptions & { action?: string; actor?: string; target?: string }, command: Command) => {
      const { client, out } = openSession(command)
      const page = await client.queryAuditLogs(given({ ...options }))
      const columns = ['timestamp', 'actor', 'action', 'target', 'details']
      out.answer(page, () => lines(page, columns, 'no entries'))
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })
}

function ranged(command: Command): Command {
  return command
    .option('--from <time>', 'not before: ISO 8601, or like 15m, 2h, 7d (ago)', (text) => moment(text))
    .option('--to <time>', 'before', (text) => moment(text))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'go on after an earlier page')
}

function lines(page: Page<Record<string, unknown>>, columns: string[], none: string): string {
  if (page.items.length === 0) return none
  const head = columns.map((name) => (name === 'timestamp' ? 'TIME' : name.replace('event_', '').toUpperCase()))
  return table(
    head,
    page.items.map((item) => columns.map((name) => shown(item[name]))),
  )
}
