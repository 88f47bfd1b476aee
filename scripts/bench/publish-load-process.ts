import { loadConfig } from '../../core/config.ts'
import { createHive } from '../../core/hive.ts'
import { handler } from '../../functions/publish.ts'
import { setWarmHive } from '../../functions/warm.ts'
import { loopbackEndpoints } from '../local/loopback.ts'
import { invoke } from './invoke.ts'
import { logErrors } from './log-errors.ts'
import { benchMessage, inParallel } from './messages.ts'

// The load of the publish bench, from a process of its own. Takes the name of a load and begins, takes `stop` and says how
// many messages were accepted in how many ms.
const loads = { batches: { callers: 4, size: 100 }, singles: { callers: 16, size: 1 } } as const
/** An inbox takes so many, as in a round of that bench; then comes the next one. */
const messagesOfInbox = 10_000

setWarmHive(createHive(loadConfig(process.env), { log: logErrors, endpoints: loopbackEndpoints }))
let isStopping = false
let sent = 0

function messages(count: number) {
  return Array.from({ length: count }, () => benchMessage(`bench-${Math.floor(sent / messagesOfInbox)}`, sent++))
}

async function load({ callers, size }: (typeof loads)[keyof typeof loads]): Promise<void> {
  isStopping = false
  sent = 0
  let accepted = 0
  const start = performance.now()
  await inParallel(callers, callers, async () => {
    while (!isStopping) {
      const body = messages(size)
      if (size === 1) await invoke(handler, 'POST /v1/messages', { body: body[0] })
      else await invoke(handler, 'POST /v1/messages/batch', { body: { messages: body } })
      accepted += size
    }
  })
  process.send?.({ accepted, ms: performance.now() - start })
}

process.on('message', (message: string) => {
  if (message === 'stop') isStopping = true
  else if (message in loads) void load(loads[message as keyof typeof loads])
})
process.once('disconnect', () => process.exit(0))
console.log('{}')
