import { setTimeout as delay } from 'node:timers/promises'
import type { Random } from '../random.ts'
import type { FaultCloud } from './fault-cloud.ts'
import { noQueueFaults } from './faulty-queues.ts'
import type { Fault } from './plan-faults.ts'

/** Makes the faults of a schedule happen, each at its time, and then puts everything right again. */
export async function injectFaults(cloud: FaultCloud, schedule: Fault[], random: Random): Promise<void> {
  const { redis, postgres, upstash, neon, queues, functions } = cloud
  const begin = performance.now()
  queues.random = random
  // what is being killed or frozen is left alone by the next one
  const busy = new Map<string, Promise<void>>()
  const alone = (name: string, work: () => Promise<void>) => {
    const done = (busy.get(name) ?? Promise.resolve()).then(work)
    busy.set(name, done)
    return done
  }

  async function happen(fault: Fault): Promise<void> {
    await delay(Math.max(0, begin + fault.atMs - performance.now()))
    switch (fault.kind) {
      case 'redis killed':
        return alone('redis', async () => {
          await redis.kill()
          await delay(fault.ms)
          await redis.restart()
        })
      case 'postgres killed':
        return alone('postgres', async () => {
          await postgres.kill()
          await delay(fault.ms)
          await postgres.restart()
        })
      case 'functions killed':
        return alone(`functions ${fault.which}`, async () => functions[fault.which]?.replace(fault.skewMs))
      case 'functions frozen':
        return alone(`functions ${fault.which}`, async () => functions[fault.which]?.freeze(fault.ms))
      case 'redis slow':
        upstash.faults.latencyMs = fault.latencyMs
        await delay(fault.ms)
        upstash.faults.latencyMs = 0
        return
      case 'postgres slow':
        neon.faults.latencyMs = fault.latencyMs
        await delay(fault.ms)
        neon.faults.latencyMs = 0
        return
      case 'redis refuses or drops':
        return upstash.faults.next(fault.how, fault.times)
      case 'postgres refuses':
        return neon.faults.failNext(fault.times, fault.status)
      case 'postgres answers lost':
        return neon.faults.dropNextAnswers(fault.times)
      case 'queue unreliable':
        queues.faults = fault.faults
        await delay(fault.ms)
        queues.faults = noQueueFaults
    }
  }

  await Promise.all(schedule.map(happen))
  upstash.faults.clear()
  neon.faults.failNext(0, 500)
  neon.faults.dropNextAnswers(0)
}
