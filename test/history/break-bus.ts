import type { Bus } from '../../core/bus/bus.ts'

/** Faults that a bus could have, each made by changing the text of a script on its way to Redis. */
export type Breakage = 'settles without fencing' | 'publishes without dedup' | 'clears the wake too late'

const edits: Record<Breakage, { script: string; from: string; to: string }[]> = {
  'settles without fencing': [
    { script: 'settle', from: "s.st == 'L' and s.lease == item.lease and s.due > now", to: "s.st ~= 'X'" },
  ],
  'publishes without dedup': [
    {
      script: 'publish',
      from: 'local function seen(x, entry)',
      to: 'local function seen(x, entry) if true then return end',
    },
  ],
  'clears the wake too late': [
    { script: 'receive', from: "m.wake_at = 0\n  m.wake_id = ''\n  if m.breaker_until", to: 'if m.breaker_until' },
    {
      script: 'settle',
      from: 'local delay = askWake(ib)',
      to: 'local delay = askWake(ib)\nif last then m.wake_at = 0 end',
    },
  ],
}

/** A bus that is broken on purpose, to see that it would be noticed. Throws when a script has no such text any more. */
export function breakBus(bus: Bus, breakage: Breakage): Bus {
  return {
    ...bus,
    run: (script, requestId, build) => {
      let { source } = script
      for (const { from, to } of edits[breakage].filter((edit) => edit.script === script.name)) {
        if (!source.includes(from)) throw new Error(`${script.name} has no such text: ${from}`)
        source = source.replace(from, to)
      }
      return bus.run({ name: script.name, source }, requestId, build)
    },
  }
}
