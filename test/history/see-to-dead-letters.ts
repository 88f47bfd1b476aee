import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { OperatorOp } from './history.ts'
import type { HiveClient } from './hive-client.ts'
import type { Phase } from './take-messages.ts'

type Letter = { dead_letter_id: string; message: { message_id: string } }

/** An operator who now and then sends dead letters again, or throws some away, for as long as work goes on. */
export async function seeToDeadLetters(
  call: HiveClient,
  {
    key,
    agents,
    random,
    phase,
    note,
  }: { key: string; agents: string[]; random: Random; phase: Phase; note(op: OperatorOp): void },
): Promise<void> {
  while (phase.name === 'working') {
    await delay(random.int(100, 500))
    const agent = random.pick(agents)
    const path = `/v1/agents/${encodeURIComponent(agent)}/dead-letters`
    const listed = await call('GET', `${path}?limit=${random.int(1, 40)}`, { key })
    if (listed.outcome !== 'ok') continue
    const letters = (listed.body as { items: Letter[] }).items
    if (letters.length === 0) continue
    const kind = random.chance(0.8) ? 'redrive' : 'discard'
    const body = { ids: letters.map(({ dead_letter_id }) => dead_letter_id) }
    const { outcome, start, end } = await call('POST', `${path}/${kind}`, { key, body })
    note({ kind, outcome, start, end, agent, ids: letters.map(({ message }) => message.message_id) })
  }
}
