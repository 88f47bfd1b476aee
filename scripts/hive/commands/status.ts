import type { Command } from 'commander'
import type { MessageStatus } from '../../../core/bus/message-status.ts'
import { given, wholeNumber } from '../arguments.ts'
import { colors, table } from '../output.ts'
import { openSession } from '../session.ts'
import { visibleLine } from '../visible-text.ts'

export function addStatus(program: Command): void {
  program
    .command('status <message_id>')
    .description('what became of a message, and why it waits')
    .requiredOption('--from <agent>', 'its sender: a message is known by its sender and its id')
    .option('--limit <n>', 'of a message to a topic, at most so many recipients', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'go on after an earlier page of them')
    .addHelpText('after', '\nExample:\n  $ hive status build-web-42 --from planner')
    .action(async (messageId: string, options: { from: string; limit: number; cursor?: string }, command: Command) => {
      const { client, out } = openSession(command)
      const { from, limit, cursor } = options
      const status = await client.messageStatus(messageId, from, given({ limit, cursor }))
      out.answer(status, () => describeStatus(status))
      if (status.next_cursor) out.note(`more: --cursor ${status.next_cursor}`)
    })
}

/** A line a recipient; the last column says why the message waits, or why it failed. */
export function describeStatus(status: MessageStatus): string {
  const rows = status.recipients.map((recipient) => [
    recipient.agent,
    recipient.status,
    recipient.state,
    `${recipient.attempts} of ${recipient.max_attempts}`,
    recipient.accepted_at,
    recipient.settled_at ?? `expires ${recipient.expires_at}`,
    describeWhy(recipient),
  ])
  const title = [
    `${colors.bold(visibleLine(status.message_id))} from ${visibleLine(status.from_agent)}`,
    describeFanOut(status),
  ].join('')
  if (status.fan_out && rows.length === 0) return title
  return `${title}\n${table(['TO', 'STATUS', 'STATE', 'ATTEMPTS', 'ACCEPTED', 'SETTLED', 'WHY'], rows)}`
}

function describeFanOut({ fan_out: fanOut }: MessageStatus): string {
  if (!fanOut) return ''
  const { topic, status, handed, full, failed } = fanOut
  return ` to topic:${visibleLine(topic)}: ${status}, handed to ${handed}, full ${full}, failed ${failed}`
}

/** Why it waits and until when, and what the last attempt ended with; of one that has ended, with what. */
function describeWhy({ waiting, reason }: MessageStatus['recipients'][number]): string {
  if (!waiting) return reason ?? ''
  return reason === undefined ? describeWaiting(waiting) : `${describeWaiting(waiting)}; last attempt: ${reason}`
}

function describeWaiting(waiting: MessageStatus['recipients'][number]['waiting']): string {
  if (!waiting) return ''
  const ahead = !waiting.ahead ? '' : `, ${waiting.ahead} ahead`
  const until = waiting.until === undefined ? '' : `, until ${waiting.until}`
  return `${waiting.because}${ahead}${until}`
}
