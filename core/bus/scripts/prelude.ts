import { accept } from './prelude/accept.ts'
import { dueEvents } from './prelude/due-events.ts'
import { flush } from './prelude/flush.ts'
import { inbox } from './prelude/inbox.ts'
import { messageState } from './prelude/message-state.ts'
import { orderingKeys } from './prelude/ordering-keys.ts'
import { outbox } from './prelude/outbox.ts'
import { outcomes } from './prelude/outcomes.ts'
import { segments } from './prelude/segments.ts'
import { settings } from './prelude/settings.ts'
import { transitions } from './prelude/transitions.ts'
import { wakes } from './prelude/wakes.ts'

/**
 * What every script of the bus starts with. Scripts collect their changes in an inbox table and write them with one
 * variadic command a kind (`flush`), because Upstash bills each command inside a script.
 *
 * ARGV[1]  numbers: the current buckets as the caller knows them (short, long, settled), then the settings of `createBus`
 * ARGV[2]  request id of the caller
 * Answers  {'period', now} when Redis's clock is in other buckets than those whose keys were declared; nothing is written
 *          {'segments', now, bucket, index of its last segment, …} when those are not declared; nothing is written
 *
 * A message is two fields of its recipient's inbox hash: `<sequence>` its state, `m:<sequence>` its envelope. The
 * sequence is the acceptance time in µs by Redis's clock, raised by one where two would be equal. An ordering key is a
 * field `k:<key>` (head, tail, and how many of each priority wait), its messages a doubly linked list.
 */
export const prelude = [
  '#!lua flags=allow-key-locking\n',
  settings,
  segments,
  messageState,
  inbox,
  transitions,
  orderingKeys,
  dueEvents,
  wakes,
  outbox,
  outcomes,
  flush,
  accept,
].join('')
