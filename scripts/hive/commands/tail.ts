import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { InboxAudit } from '../../../core/bus/audit.ts'
import { numberAbove, wholeNumber } from '../arguments.ts'
import { colors } from '../output.ts'
import { openSession, type Session } from '../session.ts'
import { describeCounts, describeLeased } from './receive.ts'

type TailOptions = { interval: number; for?: number; take?: boolean; max: number }

export function addTail(program: Command): void {
  program
    .command('tail <agent>')
    .description('watch an inbox until Ctrl-C, without touching what its agent is to receive')
    .option('--interval <seconds>', 'look so often', numberAbove(0), 1)
    .option('--for <seconds>', 'stop after so long', numberAbove(0))
    .option('--take', 'receive and acknowledge the messages and print them: their agent will NOT get them')
    .option('--max <n>', 'with --take: at most so many a request', wholeNumber(1, 100), 10)
    .addHelpText(
      'after',
      `
A message can only be read under a lease, so watching shows numbers: what the inbox holds,
and how many messages were accepted, delivered and so on since the look before.

Examples:
  $ hive tail builder
  $ hive tail builder --take
  $ hive tail builder --json --for 60`,
    )
    .action(async (agent: string, options: TailOptions, command: Command) => {
      const session = openSession(command)
      const stop = stopSignal(options.for)
      await (options.take ? take(session, agent, options, stop) : watch(session, agent, options, stop))
    })
}

/** Aborts on the first Ctrl-C or SIGTERM, or when the time is over. A second Ctrl-C ends the process as usual. */
function stopSignal(seconds: number | undefined): AbortSignal {
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort())
  process.once('SIGTERM', () => controller.abort())
  if (seconds === undefined) return controller.signal
  return AbortSignal.any([controller.signal, AbortSignal.timeout(seconds * 1000)])
}

async function watch(
  { client, out }: Session,
  agent: string,
  { interval }: TailOptions,
  stop: AbortSignal,
): Promise<void> {
  let before: InboxAudit | undefined
  while (!stop.aborted) {
    const inbox = await client.inbox(agent)
    if (!before || JSON.stringify(inbox) !== JSON.stringify(before)) {
      const changes = changesBetween(before, inbox)
      const at = new Date().toISOString()
      out.line(
        { at, ...inbox, changes },
        () => `${colors.dim(at)}  ${describeCounts(inbox.counts)}${describeChanges(changes)}`,
      )
    }
    before = inbox
    await sleep(interval * 1000, undefined, { signal: stop }).catch(() => undefined)
  }
}

/** How many messages were accepted, delivered and so on between two looks; nothing before the second look. */
function changesBetween(before: InboxAudit | undefined, now: InboxAudit): Record<string, number> {
  if (!before) return {}
  const { bytes: _, ...counters } = now.counters
  const earlier: Record<string, number> = before.counters
  const grown = Object.entries(counters).map(([name, count]) => [name, count - (earlier[name] ?? 0)] as const)
  return Object.fromEntries(grown.filter(([, growth]) => growth !== 0))
}

function describeChanges(changes: Record<string, number>): string {
  const parts = Object.entries(changes).map(([name, growth]) => `${growth > 0 ? '+' : ''}${growth} ${name}`)
  return parts.length === 0 ? '' : `  ${colors.green(parts.join(', '))}`
}

/** Short waits, so that Ctrl-C never leaves a request behind whose leases nobody will settle. */
const takeWaitSeconds = 2

async function take({ client, out }: Session, agent: string, { max }: TailOptions, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const received = await client.receive(agent, { max, wait_seconds: takeWaitSeconds })
    for (const leased of received.messages) out.line(leased, () => describeLeased(leased, true))
    if (received.messages.length > 0)
      await client.settle(agent, { acks: received.messages.map(({ receipt }) => receipt) })
    if (received.retry_after)
      await sleep(received.retry_after * 1000, undefined, { signal: stop }).catch(() => undefined)
  }
}
