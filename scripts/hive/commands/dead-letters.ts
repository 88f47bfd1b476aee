import { Argument, type Command, Option } from 'commander'
import type { DeadLetterSelection } from '../../../core/bus/dead-letters.ts'
import { given, wholeNumber } from '../arguments.ts'
import { sheet, table } from '../output.ts'
import { UsageError } from '../problem.ts'
import { openSession, type Session } from '../session.ts'
import { visibleJson } from '../visible-text.ts'

type Action = 'list' | 'show' | 'redrive' | 'discard'
type DeadLetterOptions = { all?: boolean; limit: number; cursor?: string }

export function addDeadLetters(program: Command): void {
  program
    .command('dead-letters <agent>')
    .description('messages that failed for good: look at them, send them again, throw them away')
    .addArgument(new Argument('<action>', 'what to do').choices(['list', 'show', 'redrive', 'discard']))
    .argument('[ids...]', 'dead letters, for show (one), redrive and discard')
    .addOption(new Option('--all', 'redrive or discard: every dead letter of the inbox'))
    .option('--limit <n>', 'list: at most so many', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'list: go on after an earlier page')
    .addHelpText(
      'after',
      `
Examples:
  $ hive dead-letters builder list
  $ hive dead-letters builder show ID
  $ hive dead-letters builder redrive ID1 ID2
  $ hive dead-letters builder discard --all`,
    )
    .action(async (agent: string, action: Action, ids: string[], options: DeadLetterOptions, command: Command) => {
      if (action === 'list') return list(openSession(command), agent, options)
      if (action === 'show') {
        const id = chooseOne(ids)
        return show(openSession(command), agent, id)
      }
      const chosen = choose(action, ids, options.all === true)
      const { client, out } = openSession(command)
      const answer = action === 'redrive' ? await client.redrive(agent, chosen) : await client.discard(agent, chosen)
      out.answer(answer, () => sheet(answer))
    })
}

function choose(action: Action, ids: string[], all: boolean): DeadLetterSelection {
  if (all && ids.length > 0) throw new UsageError(`${action} takes ids or --all, not both`)
  if (!all && ids.length === 0) throw new UsageError(`${action} needs the ids of dead letters, or --all`)
  if (ids.length > 100) throw new UsageError(`${action} takes at most 100 ids at once`)
  return all ? { all: true } : { ids }
}

function chooseOne(ids: string[]): string {
  const [id, ...others] = ids
  if (id === undefined || others.length > 0) throw new UsageError('show needs the id of one dead letter')
  return id
}

async function list({ client, out }: Session, agent: string, { limit, cursor }: DeadLetterOptions): Promise<void> {
  const page = await client.deadLetters(agent, given({ limit, cursor }))
  out.answer(page, () => {
    if (page.items.length === 0) return `no dead letters for ${agent}`
    const rows = page.items.map((letter) => [
      letter.dead_letter_id,
      letter.message.message_id,
      letter.message.from_agent,
      letter.message.message_type,
      letter.attempts,
      letter.died_at,
      letter.reason,
    ])
    return table(['ID', 'MESSAGE', 'FROM', 'TYPE', 'ATTEMPTS', 'DIED', 'WHY'], rows)
  })
  if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
}

async function show({ client, out }: Session, agent: string, id: string): Promise<void> {
  const letter = await client.deadLetter(agent, id)
  const { message, ...death } = letter
  out.answer(letter, () => `${sheet(death)}\n\n${visibleJson(message, 2)}`)
}
