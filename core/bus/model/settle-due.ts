import type { HiveModel, ModelInbox, ModelMessage } from './hive-model.ts'
import { die, end, release } from './move-message.ts'

function isDue(message: ModelMessage): boolean {
  if (message.state === 'settled') return false
  if (message.state === 'dead') return message.retention === 'over'
  if (message.state === 'leased') return message.leased === 'over'
  return message.life === 'over' || (message.state === 'delayed' && message.delay === 'over')
}

/** Applies everything that is due. */
export function settleDue(model: HiveModel, inbox: ModelInbox): void {
  for (const message of inbox.messages.filter(isDue)) {
    if (message.state === 'dead') end(inbox, message, 'discarded')
    else if (message.state === 'leased' && message.attempts >= message.message.delivery_options.max_attempts) {
      die(model, inbox, message, 'lease expired')
    } else if (message.life === 'over') end(inbox, message, 'expired')
    else {
      if (message.state === 'leased') message.reason = 'lease expired'
      message.state = 'ready'
    }
  }
  release(inbox)
}
