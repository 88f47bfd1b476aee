import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

/**
 * What each bench prints. Nothing here says how fast anything is. The migration bench runs without pgloader where that is not
 * installed, the soak loads for 3 s, which says nothing of memory and yet has to add up.
 */
const rows: Record<string, string[]> = {
  publish: [
    'publish, batches of 100, one caller [messages/s]',
    'publish, batches of 100, 4 callers [messages/s]',
    'publish, one at a time, one caller [messages/s]',
    'publish, one at a time, 16 callers [messages/s]',
  ],
  consume: ['receive and acknowledge, batches of 100, one caller [messages/s]'],
  push: ['push end to end, one message [ms, p50]', 'push end to end, one message [ms, p99]'],
  isolation: ['push to 5 good endpoints while 20 others hang [ms, p99]'],
  metrics: [
    'metric write, one point [ms, p50]',
    'metric write, one point [ms, p99]',
    'metric write, 5,000 points a request [points/s]',
  ],
  'metric-under-load': [
    'metric write beside publishing in batches [ms, p99]',
    'metric write beside publishing one by one [ms, p99]',
    'metric write beside batches and their history [ms, p99]',
    'metric write beside singles and their history [ms, p99]',
  ],
  cold: ['cold start of publish [ms, whole process]', 'cold start of metric write [ms, whole process]'],
  cost: [
    '| pull, one by one | 1 |',
    '| pull, batches of 100 | 1,000 |',
    '| push | 1,000 |',
    'a BullMQ worker without work',
  ],
  scale: ['| pull, batches of 100 |', '| 100,000 | push |', 'bytes in the outbox'],
  storm: ['publish beside 40 bad keys [ms, p50]', 'publish beside 40 bad keys [ms, p99]'],
  migration: [
    'migrate 1,000 rows as they are [rows/s]',
    'migrate 1,000 rows as they are, verified [rows/s]',
    'migrate 1,000 rows to agent_metrics [rows/s]',
    'migrate 1,000 rows to agent_metrics, verified [rows/s]',
  ],
  linear: [
    'linear: messages gone through an inbox | 400 | 800 |',
    'linear: agents | 400 | 800 |',
    'linear: messages waiting in an inbox | 400 | 800 |',
  ],
  step: ['step 1: 100/s', 'The knee is at'],
  soak: ['every message is accounted for', '| workers |', '| Redis |'],
}

/**
 * Side by side, as some of them mostly wait. Isolation does not come after push: a poll of its queue that is still open there takes the
 * first wake, which SQS gives again after a minute only.
 */
const halves = [
  ['soak', 'step', 'metric-under-load', 'linear', 'storm', 'isolation'],
  ['cold', 'migration', 'cost', 'scale', 'publish', 'consume', 'metrics', 'push'],
]

const mostMs = 150_000

/** What ended it: its exit code, or a signal. */
type Ended = { code: number | string; output: string }

/** The real entry, as `npm run bench -- …` starts it. */
function bench(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    // SIGINT, on which what it has started ends too
    const options = { timeout: mostMs, killSignal: 'SIGINT' } as const
    execFile(process.execPath, [join(import.meta.dirname, 'run.ts'), ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? error.signal ?? 'unknown') : 0, output: stdout + stderr })
    })
  })
}

describe('benches', () => {
  it('are all in this test', async () => {
    const { code, output } = await bench('--help')
    expect(code).toBe(0)
    const names = /some: (.*)/.exec(output)?.[1]?.split(', ')
    expect(halves.flat().sort()).toEqual(names?.sort())
    expect(Object.keys(rows).sort()).toEqual(names)
  })

  it('put nothing into docs that was measured quickly', async () => {
    const { code, output } = await bench('storm', '--quick', '--write')
    expect(code).toBe(2)
    expect(output).toContain('what --quick measures is not for docs')
  })

  it.concurrent.each(halves.map((names) => ({ names })))(
    'end well and print their rows: $names',
    async ({ names }) => {
      const { code, output } = await bench(...names, '--quick')
      expect(code, output).toBe(0)
      for (const name of names) for (const row of rows[name] ?? []) expect(output).toContain(row)
      expect(output).not.toMatch(/NaN|Infinity|undefined/)
    },
    mostMs + 30_000,
  )
})
