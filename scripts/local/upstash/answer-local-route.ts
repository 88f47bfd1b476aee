import * as z from 'zod'
import { type Faults, faultKinds } from './faults.ts'
import type { Stats } from './stats.ts'

const FaultPlan = z.strictObject({
  kind: z.enum(faultKinds),
  times: z.int().min(1).default(1),
  command: z.string().optional(),
  script: z.string().optional(),
})

/** Body of `POST /_local/faults`: `clear` comes first, then the latency and the plans are set. */
const FaultOrder = z.strictObject({
  clear: z.boolean().optional(),
  latencyMs: z.number().min(0).optional(),
  next: z.array(FaultPlan).optional(),
})

/**
 * What is no part of Upstash: `GET /_local/stats`, `POST /_local/stats/reset`, and `POST /_local/faults` with
 * `{clear?, latencyMs?, next?: [{kind, times?, command?, script?}]}`. None of them is counted as a request.
 */
export function answerLocalRoute(
  { stats, faults }: { stats: Stats; faults: Faults },
  method: string,
  path: string,
  body: Buffer | number,
): { status: number; value: unknown } {
  switch (`${method} ${path}`) {
    case 'GET /_local/stats':
      return { status: 200, value: stats }
    case 'POST /_local/stats/reset':
      stats.reset()
      return { status: 200, value: stats }
    case 'POST /_local/faults': {
      const order = FaultOrder.safeParse(parse(body))
      if (!order.success) return { status: 400, value: { error: z.prettifyError(order.error) } }
      plan(faults, order.data)
      return { status: 200, value: { latencyMs: faults.latencyMs, pending: faults.pending } }
    }
  }
  return { status: 404, value: { error: 'ERR no such local route' } }
}

function plan(faults: Faults, { clear, latencyMs, next }: z.output<typeof FaultOrder>): void {
  if (clear === true) faults.clear()
  if (latencyMs !== undefined) faults.latencyMs = latencyMs
  for (const { kind, times, command, script } of next ?? []) {
    faults.next(kind, times, {
      ...(command === undefined ? {} : { command }),
      ...(script === undefined ? {} : { script }),
    })
  }
}

function parse(body: Buffer | number): unknown {
  try {
    return typeof body === 'number' ? undefined : JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}
