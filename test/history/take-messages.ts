import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { Lease, ReceiveOp, Settlement, SettleOp } from './history.ts'
import type { HiveClient } from './hive-client.ts'

export type Phase = { name: 'working' | 'finishing' | 'over' }

type Taker = {
  key: string
  agent: string
  random: Random
  phase: Phase
  note(op: ReceiveOp | SettleOp): void
}

type Wire = {
  receipt: string
  attempt: number
  leased_until: string
  accepted_at: string
  message: { message_id: string; body: { content: string } }
}

/** Receives and settles for one agent until the run is over, in every way that a receiver may; once it is finishing, it only acknowledges. */
export async function takeMessages(call: HiveClient, taker: Taker): Promise<void> {
  const { random, phase } = taker
  // nothing that was asked for may be missing in the history
  const late: Promise<void>[] = []
  while (phase.name !== 'over') {
    const working = phase.name === 'working'
    const leases = await receiveSome(call, taker, working)
    if (leases.length === 0) {
      await delay(random.int(5, 40))
      continue
    }
    const now: Settlement[] = []
    for (const lease of leases) {
      const settlement = (action: Settlement['action'], leaseMs = 0): Settlement => {
        return { id: lease.id, receipt: lease.receipt, action, leaseMs, duplicate: false }
      }
      const chance = working ? random.next() : 0
      if (chance < 0.8) now.push(settlement('ack'))
      else if (chance < 0.9) now.push(settlement('nack'))
      else if (chance < 0.94) {
        now.push(settlement('extend', random.int(50, 900)))
        later(random.int(0, 800), settlement('ack'))
      } else if (chance < 0.97) later(random.int(100, 900), settlement(random.chance(0.7) ? 'ack' : 'nack'))
      // and some are never settled
    }
    if (working && random.chance(0.3)) await delay(random.int(1, 80))
    if (now.length > 0) await settleSome(call, taker, now)
  }

  await Promise.all(late)

  /** Settled on time, or too late. */
  function later(ms: number, settlement: Settlement): void {
    late.push(delay(ms).then(() => settleSome(call, taker, [settlement])))
  }
}

async function receiveSome(call: HiveClient, { key, agent, random, note }: Taker, working: boolean): Promise<Lease[]> {
  const request = randomUUID()
  const correlation = working && random.chance(0.08) ? `conversation ${random.int(0, 2)}` : undefined
  const body = {
    max: working ? random.int(1, 60) : 100,
    ...(random.chance(0.4) ? { lease_seconds: random.int(working ? 50 : 400, 900) / 1000 } : {}),
    ...(correlation === undefined ? {} : { correlation_id: correlation }),
    ...(random.chance(0.2) ? { wait_seconds: 0.3 } : {}),
  }
  const attempts = random.chance(0.15) ? 1 : 4
  for (let attempt = 1; ; attempt++) {
    const answer = await call('POST', `/v1/agents/${encodeURIComponent(agent)}/inbox/receive`, {
      key,
      body,
      idempotencyKey: request,
      ...(working && attempt === 1 && random.chance(0.02) ? { hangUpAfterMs: random.int(1, 6) } : {}),
    })
    const { outcome, start, end } = answer
    const leases = outcome === 'ok' ? leasesIn(answer.body) : []
    note({ kind: 'receive', outcome, start, end, agent, request, filtered: correlation !== undefined, leases })
    if (outcome === 'ok' || attempt === attempts) return leases
    await delay(random.int(5, 60))
  }
}

async function settleSome(call: HiveClient, { key, agent, random, note }: Taker, asked: Settlement[]): Promise<void> {
  const of = (action: Settlement['action']) => asked.filter((settlement) => settlement.action === action)
  const body = {
    acks: of('ack').map(({ receipt }) => receipt),
    nacks: of('nack').map(({ receipt }) => ({
      receipt,
      reason: 'not now',
      ...(random.chance(0.5) ? { delay_seconds: random.int(0, 150) / 1000 } : {}),
    })),
    extensions: of('extend').map(({ receipt, leaseMs }) => ({ receipt, lease_seconds: leaseMs / 1000 })),
  }
  const attempts = random.chance(0.15) ? 1 : 4
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const answer = await call('POST', `/v1/agents/${encodeURIComponent(agent)}/inbox/settle`, { key, body })
    const { start, end, code } = answer
    const stale = code === 'receipt.stale'
    const outcome = stale ? 'ok' : answer.outcome
    const told = new Map(
      outcome === 'ok' && !stale ? resultsIn(answer.body).map((result) => [result.receipt, result]) : [],
    )
    const settlements = asked.map((settlement): Settlement => {
      const result = told.get(settlement.receipt)
      if (stale || (result && 'error' in result)) return { ...settlement, result: 'stale' }
      if (!result) return settlement
      const until = result.leased_until === undefined ? {} : { until: Date.parse(result.leased_until) }
      return { ...settlement, result: result.outcome as 'delivered', duplicate: result.duplicate, ...until }
    })
    note({ kind: 'settle', outcome, start, end, agent, settlements })
    if (outcome === 'ok') return
    await delay(random.int(5, 60))
  }
}

function leasesIn(body: unknown): Lease[] {
  return (body as { messages: Wire[] }).messages.map(({ receipt, attempt, leased_until, accepted_at, message }) => ({
    id: message.message_id,
    receipt,
    attempt,
    until: Date.parse(leased_until),
    acceptedAt: Date.parse(accepted_at),
    content: message.body.content,
  }))
}

type Result = { receipt: string; outcome: string; duplicate: boolean; leased_until?: string; error?: object }

function resultsIn(body: unknown): Result[] {
  return (body as { results: Result[] }).results
}
