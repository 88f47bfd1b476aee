import { type Command, InvalidArgumentError } from 'commander'
import { given, wholeNumber } from '../arguments.ts'
import type { SettleRequest } from '../client.ts'
import { table } from '../output.ts'
import { Incomplete } from '../problem.ts'
import { openSession } from '../session.ts'

/** `ack`, `nack` and `extend`: the three things a receipt is good for. */
export function addSettle(program: Command): void {
  program
    .command('ack <agent>')
    .description('acknowledge messages: they are delivered')
    .argument('<receipts...>', 'receipts that receive gave', upTo100)
    .addHelpText('after', '\nExample:\n  $ hive ack builder RECEIPT1 RECEIPT2')
    .action((agent: string, receipts: string[], _options: unknown, command: Command) =>
      settle(command, agent, { acks: receipts }),
    )

  program
    .command('nack <agent>')
    .description('give messages back: they are tried again, or are dead letters after their last attempt')
    .argument('<receipts...>', 'receipts that receive gave', upTo100)
    .option('--delay <seconds>', 'not before so long (default: the message’s own backoff)', wholeNumber(0, 43_200))
    .option('--reason <text>', 'why; kept with the message')
    .addHelpText('after', '\nExample:\n  $ hive nack builder RECEIPT --delay 60 --reason "disk is full"')
    .action((agent: string, receipts: string[], options: { delay?: number; reason?: string }, command: Command) => {
      const nacks = receipts.map((receipt) => ({
        receipt,
        ...given({ delay_seconds: options.delay, reason: options.reason }),
      }))
      return settle(command, agent, { nacks })
    })

  program
    .command('extend <agent>')
    .description('keep leased messages for longer, from now on')
    .argument('<receipts...>', 'receipts that receive gave', upTo100)
    .requiredOption('--lease <seconds>', 'for so long', wholeNumber(1, 43_200))
    .addHelpText('after', '\nExample:\n  $ hive extend builder RECEIPT --lease 300')
    .action((agent: string, receipts: string[], options: { lease: number }, command: Command) => {
      const extensions = receipts.map((receipt) => ({ receipt, lease_seconds: options.lease }))
      return settle(command, agent, { extensions })
    })
}

function upTo100(receipt: string, earlier: string[] | undefined): string[] {
  const receipts = [...(earlier ?? []), receipt]
  if (receipts.length > 100) throw new InvalidArgumentError('At most 100 receipts are taken at once.')
  if (earlier?.includes(receipt)) throw new InvalidArgumentError('It is there twice.')
  return receipts
}

async function settle(command: Command, agent: string, request: SettleRequest): Promise<void> {
  const { client, out } = openSession(command)
  const settled = await client.settle(agent, request)
  const stale = settled.results.filter((result) => 'error' in result).length
  out.answer(settled, () => {
    const rows = settled.results.map((result) =>
      'error' in result
        ? [result.receipt, result.error.code, result.error.message]
        : [
            result.receipt,
            result.outcome,
            result.next_attempt_at ?? result.leased_until ?? (result.duplicate ? 'had been settled so before' : ''),
          ],
    )
    return table(['RECEIPT', 'OUTCOME', ''], rows)
  })
  if (stale > 0) throw new Incomplete(`${stale} of ${settled.results.length} receipts are no longer valid`)
}
