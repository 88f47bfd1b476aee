import { loadConfig } from '../../core/config.ts'
import { createHive, type Log } from '../../core/hive.ts'
import { setWarmHive } from '../../functions/warm.ts'
import { startGateway } from '../../scripts/local/gateway/start-gateway.ts'
import { loopbackEndpoints } from '../../scripts/local/loopback.ts'
import { startWorkers } from '../../scripts/local/start-workers.ts'
import { type Breakage, breakBus } from './break-bus.ts'

/**
 * All functions of the stack in a process of its own that can be killed, stand still, and have a clock of its own: the
 * gateway, the workers of both queues and the schedules. Says its URL once it takes requests.
 */
const { SKEW_MS = '0', SWEEP_MS = '0', QUEUES = '{}', BREAKAGE } = process.env
const skew = Number(SKEW_MS)
const log: Log = {
  info: () => {},
  warn: () => {},
  error: (message, extra) => {
    // what core raises is expected while things fail; anything else is a fault of our own
    if (JSON.stringify(extra ?? {}).includes('"internal"'))
      process.send?.({ unexpected: JSON.stringify({ message, extra }) })
  },
}
const hive = createHive(loadConfig(process.env), {
  log,
  endpoints: loopbackEndpoints,
  clock: {
    now: () => Date.now() + skew,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(resolve, ms)
        signal?.addEventListener('abort', () => {
          clearTimeout(timer)
          reject(signal.reason)
        })
      }),
  },
})
if (BREAKAGE) hive.bus = breakBus(hive.bus, BREAKAGE as Breakage)
setWarmHive(hive)
startWorkers({ ...JSON.parse(QUEUES), sweepMs: Number(SWEEP_MS), log })
const gateway = await startGateway({ port: 0 })
process.on('disconnect', () => process.exit())
process.send?.({ url: gateway.url })
