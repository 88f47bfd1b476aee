import { setWarmHive } from '../../functions/warm.ts'
import type { BenchOptions } from './bench-options.ts'
import { doublings } from './doubling.ts'
import { agents, type Growing, messagesGoneThrough, messagesWaiting } from './growing.ts'
import { quantile, type Result } from './paired.ts'
import { type SizedHive, startSizedHives } from './sized-hives.ts'
import type { Stack } from './stack.ts'
import { table, writeSection } from './write-section.ts'

/** Twice as much may cost a message so many times as much. */
const bound = 1.2
/** `batches`: those of a size that are timed in one round. */
const whole = { batches: 5, warmUp: 2 }
const little = { batches: 1, warmUp: 0, rounds: 1 }
/** A batch goes to a hundred. */
const quickSizes = [100, 200, 400, 800]

type Measured = { micros: number[][]; billed: number[][]; redisMicros: number[][] }

/**
 * Time and billed commands of a message while what is there doubles three times. All sizes are there at the same time and have
 * their turns in each round; what counts is the median of the rounds' ratios. `write` puts the table into docs/benchmarks.md.
 */
export async function benchLinear(stack: Stack, rounds: number, { write, quick }: BenchOptions): Promise<Result[]> {
  const rows: string[][] = []
  const { hives, stop } = await startSizedHives(stack, 4)
  try {
    for (const one of [messagesGoneThrough, agents, messagesWaiting]) {
      const growing = quick ? { ...one, sizes: quickSizes } : one
      await fill(growing, hives)
      const made = rowsOf(growing, await measure(growing, hives, quick ? little : { ...whole, rounds: 3 * rounds }))
      for (const row of made) console.log(`linear: ${row.join(' | ')}`)
      rows.push(...made)
    }
  } finally {
    setWarmHive(stack.hive)
    await stop()
  }
  if (write) await writeSection('benchmarks.md', 'linear', table(heads, rows))
  return []
}

async function fill(growing: Growing, hives: SizedHive[]): Promise<void> {
  for (const [i, size] of growing.sizes.entries()) {
    const sized = hives[i] as SizedHive
    await sized.empty()
    setWarmHive(sized.hive)
    await growing.fill(sized, size)
  }
}

async function measure(
  growing: Growing,
  hives: SizedHive[],
  { batches, warmUp, rounds }: { batches: number; warmUp: number; rounds: number },
): Promise<Measured> {
  const measured: Measured = { micros: [], billed: [], redisMicros: [] }
  const messages = batches * 100
  const turns = new Map<number, number>()
  const pass = (i: number) => {
    const turn = turns.get(i) ?? 0
    turns.set(i, turn + 1)
    return growing.pass(growing.sizes[i] as number, turn)
  }
  for (let round = -warmUp; round < rounds; round++) {
    const figures = growing.sizes.map(() => ({ micros: 0, billed: 0, redisMicros: 0 }))
    const order = [...growing.sizes.keys()]
    // forth and back: what is slow at the end of a round is not always the same size
    if (round % 2 === 0) order.reverse()
    for (const i of order) {
      const sized = hives[i] as SizedHive
      setWarmHive(sized.hive)
      const before = await sized.used()
      const times: number[] = []
      for (let batch = 0; batch < batches; batch++) {
        const start = performance.now()
        await pass(i)
        times.push((performance.now() - start) * 10)
      }
      const after = await sized.used()
      figures[i] = {
        micros: quantile(times, 0.5),
        billed: (after.billed - before.billed) / messages,
        redisMicros: ((after.redisMs - before.redisMs) / messages) * 1_000,
      }
    }
    // what is timed adds to what is there: the larger ones get as much more, or they would not stay twice as large
    for (const [i, size] of growing.sizes.entries()) {
      setWarmHive((hives[i] as SizedHive).hive)
      const more = batches * (size / (growing.sizes[0] as number) - 1)
      for (let batch = 0; batch < more; batch++) await pass(i)
    }
    if (round < 0) continue
    measured.micros.push(figures.map(({ micros }) => micros))
    measured.billed.push(figures.map(({ billed }) => billed))
    measured.redisMicros.push(figures.map(({ redisMicros }) => redisMicros))
  }
  return measured
}

const heads = [
  'what',
  'from',
  'to',
  'µs a message',
  'time',
  'spread',
  'of it in Redis',
  'billed commands',
  'commands',
  '< 1.2×',
]

function rowsOf({ what, sizes }: Growing, { micros, billed, redisMicros }: Measured): string[][] {
  const [times, commands] = [doublings(sizes, micros, bound), doublings(sizes, billed, bound)]
  const middle = (rounds: number[][], i: number) =>
    quantile(
      rounds.map((round) => round[i] ?? Number.NaN),
      0.5,
    )
  return times.map((time, i) => {
    const command = commands[i] as (typeof commands)[number]
    const pair = (rounds: number[][], digits: number) =>
      `${middle(rounds, i).toFixed(digits)} → ${middle(rounds, i + 1).toFixed(digits)}`
    return [
      what,
      time.from.toLocaleString('en'),
      time.to.toLocaleString('en'),
      pair(micros, 1),
      `${time.ratio.toFixed(2)}×`,
      `${time.least.toFixed(2)} to ${time.most.toFixed(2)}`,
      pair(redisMicros, 1),
      pair(billed, 2),
      `${command.ratio.toFixed(2)}×`,
      time.isLinear && command.isLinear ? 'holds' : 'does NOT hold',
    ]
  })
}
