import type { Command } from 'commander'
import type { Counts } from '../../../core/bus/counts.ts'
import type { Received } from '../../../core/bus/receive.ts'
import { given, numberFrom, wholeNumber } from '../arguments.ts'
import { colors } from '../output.ts'
import { openSession } from '../session.ts'
import { visibleJson, visibleLine } from '../visible-text.ts'

type ReceiveOptions = { max: number; wait?: number; lease?: number; correlationId?: string; ack?: boolean }

export function addReceive(program: Command): void {
  program
    .command('receive <agent>')
    .description('lease messages of an inbox; without --ack they come back when the lease ends')
    .option('--max <n>', 'at most so many', wholeNumber(1, 100), 10)
    .option('--wait <seconds>', 'wait for messages up to 20 seconds', numberFrom(0, 20))
    .option('--lease <seconds>', 'how long they are yours', wholeNumber(1, 43_200))
    .option('--correlation-id <id>', 'only messages that belong to this')
    .option('--ack', 'acknowledge them once they are printed')
    .addHelpText(
      'after',
      `
Examples:
  $ hive receive builder
  $ hive receive builder --max 100 --wait 20 --ack
  $ hive receive builder --json | jq -r '.messages[].receipt'`,
    )
    .action(async (agent: string, options: ReceiveOptions, command: Command) => {
      const { client, out } = openSession(command)
      const { max, wait, lease, correlationId } = options
      const received = await client.receive(
        agent,
        given({ max, wait_seconds: wait, lease_seconds: lease, correlation_id: correlationId }),
      )
      out.answer(received, () => describeReceived(agent, received, options.ack === true))
      if (options.ack && received.messages.length > 0) {
        await client.settle(agent, { acks: received.messages.map(({ receipt }) => receipt) })
      }
    })
}

function describeReceived(agent: string, received: Received, acked: boolean): string {
  const messages = received.messages.map((leased) => describeLeased(leased, acked))
  const none = messages.length === 0 ? [`no message for ${agent}`] : []
  // those that are acknowledged are leased only until they are printed
  const { leased } = received.counts
  const counts = acked ? { ...received.counts, leased: leased - received.messages.length } : received.counts
  return [...none, ...messages, colors.dim(`inbox: ${describeCounts(counts)}`)].join('\n')
}

/** One leased message: what it is, its receipt unless it is acknowledged anyway, and its body. */
export function describeLeased(leased: Received['messages'][number], acked: boolean): string {
  const { message, receipt, attempt, max_attempts } = leased
  const head = [
    colors.bold(visibleLine(message.message_id)),
    visibleLine(`${message.from_agent} → ${message.to_agent}`),
    visibleLine(message.message_type),
    `priority ${message.priority}`,
    `attempt ${attempt} of ${max_attempts}`,
  ].join('  ')
  const receiptLine = acked ? [] : [`  receipt ${receipt}  until ${leased.leased_until}`]
  return [head, ...receiptLine, `  ${visibleJson(message.body)}`].join('\n')
}

export function describeCounts(counts: Counts): string {
  return Object.entries(counts)
    .map(([state, count]) => `${state} ${count}`)
    .join(', ')
}
