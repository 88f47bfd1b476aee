const text = 'The quick brown fox jumps over the lazy dog. '.repeat(5)
const names = ['LOW', 'MEDIUM', 'HIGH', 'CRITICAL'] as const

/** A message of about 400 bytes, its priority taken in turn. */
export function benchMessage(to: string, index: number) {
  return {
    version: 1,
    from_agent: 'bench-sender',
    to_agent: to,
    message_type: 'bench',
    priority: names[index % 4] as (typeof names)[number],
    body: { index, text },
  }
}

/** The same for BullMQ, which runs the smallest number first. */
export function benchJob(index: number) {
  return { name: 'bench', data: { index, text }, opts: { priority: 4 - (index % 4), removeOnComplete: true } }
}

/** Runs `count` calls with `callers` of them under way at any time. */
export async function inParallel(callers: number, count: number, call: (index: number) => Promise<unknown>) {
  let next = 0
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < count) await call(next++)
    }),
  )
}
