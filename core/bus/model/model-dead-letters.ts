import { type HiveModel, inboxOf, type ModelMessage, period } from './hive-model.ts'
import { end, enter } from './move-message.ts'

/** Reopens those that are dead, in the given order; returns how many. */
export function modelRedrive(model: HiveModel, agent: string, selected: ModelMessage[]): number {
  const inbox = inboxOf(model, agent)
  const dead = [...new Set(selected)].filter(({ state }) => state === 'dead')
  for (const message of dead) {
    message.rank = ++model.clock
    message.priority = message.message.priority
    message.status = 'pending'
    message.attempts = 0
    message.reason = ''
    message.life = period(model, message.message.ttl * 1000)
    message.delay = 'none'
    message.done = undefined
    inbox.counters.redriven++
    enter(inbox, message)
  }
  return dead.length
}

/** Throws away those that are dead; returns how many. */
export function modelDiscard(model: HiveModel, agent: string, selected: ModelMessage[]): number {
  const inbox = inboxOf(model, agent)
  const dead = [...new Set(selected)].filter(({ state }) => state === 'dead')
  for (const message of dead) {
    message.reason = 'discarded by an operator'
    end(inbox, message, 'discarded')
  }
  return dead.length
}
