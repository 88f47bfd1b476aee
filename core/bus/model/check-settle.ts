import { expect } from 'vitest'
import { HiveError } from '../../errors.ts'
import { settle } from '../settle.ts'
import { countsOf, inboxOf } from './hive-model.ts'
import { type ModelAction, type ModelResult, modelSettle } from './model-settle.ts'
import { agents, type Length, type Operation, type SettlementSpec } from './operations.ts'
import { call, lengthMs, predict, type Session, seconds } from './session.ts'

/** Settles receipts, valid and others, and compares what each comes to. */
export async function checkSettle(session: Session, operation: Extract<Operation, { kind: 'settle' }>): Promise<void> {
  const agent = agents[operation.agent] as string
  const chosen = operation.settlements.map((spec) => choose(session, agent, spec))
  // the hive takes them in this order
  const ordered = [
    ...chosen.filter(({ spec }) => spec.action === 'ack'),
    ...chosen.filter(({ spec }) => spec.action.startsWith('nack')),
    ...chosen.filter(({ spec }) => spec.action.startsWith('extend')),
  ]
  const input: Parameters<typeof settle>[2] = { acks: [], nacks: [], extensions: [] }
  const fields: string[] = []
  const actions = ordered.map(({ spec, text, receipt }): ModelAction => {
    const [action = '', how = ''] = spec.action.split(' ') as ['ack' | 'nack' | 'extend', string]
    const reason = action === 'nack' ? `${how || 'some'} reason` : ''
    if (action === 'ack') {
      fields.push(`acks[${input.acks.length}]`)
      input.acks.push(text)
      return { action, receipt, ms: 0, reason }
    }
    if (action === 'extend') {
      fields.push(`extensions[${input.extensions.length}].receipt`)
      input.extensions.push({ receipt: text, lease_seconds: seconds(how as Length) })
      return { action, receipt, ms: lengthMs[how as Length], reason }
    }
    fields.push(`nacks[${input.nacks.length}].receipt`)
    const delay = how === '' ? undefined : how === 'now' ? 0 : seconds(how as Length)
    input.nacks.push({ receipt: text, reason, delay_seconds: delay })
    return { action: 'nack', receipt, ms: delay === undefined ? -1 : delay * 1000, reason }
  })

  session.random = operation.random
  const answer = await call(session, operation.lost, () => settle(session.hive, agent, input))
  const chance = { requestId: `settle-${++session.serial}`, random: operation.random }
  const wanted = predict(session, operation.lost, () => modelSettle(session.model, agent, actions, chance))
  if (wanted.every((result) => result === 'stale')) {
    expect(answer).toMatchObject({ code: 'receipt.stale' })
    expect((answer as HiveError).errors.map(({ field }) => field)).toEqual(fields)
    return
  }
  if (answer instanceof HiveError) throw answer
  expect(answer.results.map(plainResult)).toEqual(wanted.map(plainWanted))
  expect(answer.counts).toEqual(countsOf(inboxOf(session.model, agent)))
  for (const [index, result] of answer.results.entries()) {
    const { receipt, action } = actions[index] as ModelAction
    const expected = wanted[index] as ModelResult
    if ('error' in result || expected === 'stale' || !receipt) continue
    const at = result.next_attempt_at
    // a repeated settlement answers the time that the first did, if that was not lost
    if (expected.duplicate && expected.at !== undefined) expect(at).toBe(expected.at)
    if (action === 'nack' && receipt.message.done?.lease === receipt.lease) receipt.message.done.at = at
  }
}

function plainResult(result: Awaited<ReturnType<typeof settle>>['results'][number]): string {
  return 'error' in result ? 'stale' : `${result.outcome}${result.duplicate ? ' again' : ''}`
}

function plainWanted(result: ModelResult): string {
  return result === 'stale' ? 'stale' : `${result.outcome}${result.duplicate ? ' again' : ''}`
}

function choose(session: Session, agent: string, spec: SettlementSpec) {
  const all = session.receipts.get(agent) ?? []
  const found = all.at(-1 - (spec.receipt % (all.length || 1)))
  if (!found || spec.text === 'garbage') return { spec, text: `none-${spec.receipt}`, receipt: undefined }
  const text = spec.text === 'with a zero' ? found.text.replace('.', '.0') : found.text
  return { spec, text, receipt: found.receipt }
}
