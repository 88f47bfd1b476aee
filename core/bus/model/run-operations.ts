import { expect } from 'vitest'
import type { UpstashServer } from '../../../scripts/local/upstash/start-upstash.ts'
import { register } from '../../../test/register.ts'
import type { Hive } from '../../hive.ts'
import { checkSelection } from './check-dead-letters.ts'
import { checkEverything, checkStatuses } from './check-everything.ts'
import { checkProjection } from './check-projection.ts'
import { checkPublish } from './check-publish.ts'
import { checkReceive } from './check-receive.ts'
import { checkSettle } from './check-settle.ts'
import { checkTend } from './check-tend.ts'
import { countsOf, createModel, inboxOf, type Period } from './hive-model.ts'
import { agents, type Operation, receiveOne, type SettlementSpec } from './operations.ts'
import { replayOutbox } from './replay-outbox.ts'
import { pass, type Session } from './session.ts'

/** How many operations lie between two looks at everything. */
const auditEvery = 75

/**
 * Runs operations against a hive of their own and against the model, and compares every answer; every now and then, and
 * at the end, also the counts, the keys, the statuses and the outbox. Returns how many operations there were.
 */
export async function runOperations(
  hive: Hive,
  faults: UpstashServer['faults'],
  operations: Operation[],
  retention: Period,
): Promise<number> {
  const { config } = hive
  const limits = {
    maxMessages: config.inboxMaxMessages,
    maxBytes: config.inboxMaxBytes,
    maxRecord: config.recordMaxBytes,
    maxDead: config.inboxMaxDead,
    hopLimit: config.hopLimit,
    retention,
    shortMs: 4,
  }
  const session: Session = {
    hive,
    faults,
    model: createModel(limits, agents),
    sent: [],
    receipts: new Map(agents.map((agent) => [agent, []])),
    requests: new Map(agents.map((agent) => [agent, []])),
    outbox: replayOutbox(hive, agents),
    serial: 0,
    random: 0,
  }
  hive.ids.random = () => session.random
  await register(hive, agents)
  let count = 0
  for (const operation of operations) {
    await run(session, operation)
    count++
    if (count % auditEvery === 0) await checkEverything(session)
  }
  count += await finish(session)
  await checkEverything(session)
  await checkStatuses(session)
  return count
}

async function run(session: Session, operation: Operation): Promise<void> {
  switch (operation.kind) {
    case 'publish':
      await checkPublish(session, operation)
      break
    case 'receive':
      await checkReceive(session, operation)
      break
    case 'settle':
      await checkSettle(session, operation)
      break
    case 'redrive':
    case 'discard':
      await checkSelection(session, operation)
      break
    case 'tend':
      await checkTend(session, operation)
      break
    case 'project':
      await checkProjection(session, operation)
      break
    case 'drain outbox':
      await session.outbox.drain()
      expect(session.outbox.violations).toEqual([])
  }
  await pass(session)
}

/** Delivers whatever can be delivered still. */
async function finish(session: Session): Promise<number> {
  let count = 0
  const step = async (operation: Operation) => {
    await run(session, operation)
    count++
  }
  for (const agent of agents.keys()) {
    await step({ kind: 'project', agent, disabled: false, push: false, stale: false })
    const inbox = inboxOf(session.model, agents[agent] as string)
    do {
      const before = session.receipts.get(inbox.agent)?.length ?? 0
      await step({ ...receiveOne, agent, max: 90, lease: 'long' })
      const given = (session.receipts.get(inbox.agent)?.length ?? 0) - before
      const acks = Array.from({ length: given }, (_, receipt): SettlementSpec => {
        return { receipt, text: 'as given', action: 'ack' }
      })
      if (given > 0) await step({ kind: 'settle', agent, settlements: acks, random: 0, lost: false })
    } while (countsOf(inbox).ready > 0)
  }
  return count
}
