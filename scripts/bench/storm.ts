import { mintApiKey } from '../../core/access/api-key.ts'
import { handler } from '../../functions/publish.ts'
import type { BenchOptions } from './bench-options.ts'
import { call, invoke } from './invoke.ts'
import { benchMessage } from './messages.ts'
import { quantile, type Result } from './paired.ts'
import type { Stack } from './stack.ts'

/** Bad keys that are tried while one good request is served by the same process. */
const besides = 4

/**
 * Publishing with a good key, alone and while bad keys are tried beside it in the same process, in turn. A Lambda function
 * serves one request at a time, so this is harder on the good ones than production is.
 */
export async function benchStorm(stack: Stack, _rounds: number, { quick }: BenchOptions): Promise<Result[]> {
  const [badKeys, warmUp] = quick ? [40, 2] : [10_000, 200]
  await stack.reset([{ name: 'bob' }])
  const root = { stage: stack.hive.config.stage, signingRoot: 'the root of somebody else' }
  const bad = ['guess', mintApiKey(root).text, mintApiKey({ ...root, stage: 'other' }).text]
  const good = (index: number) => invoke(handler, 'POST /v1/messages', { body: benchMessage('bob', index) })
  const times: [number[], number[]] = [[], []]
  for (let i = -warmUp; i < badKeys / besides; i++) {
    for (const side of [0, 1]) {
      const storm =
        side === 0
          ? []
          : Array.from({ length: besides }, (_, n) =>
              call(handler, 'POST /v1/messages', { body: benchMessage('bob', n), key: bad[n % bad.length] as string }),
            )
      const start = performance.now()
      await good(2 * (i + warmUp) + side)
      if (i >= 0) times[side as 0 | 1].push(performance.now() - start)
      for (const { statusCode } of await Promise.all(storm)) {
        if (statusCode !== 401) throw new Error(`a bad key was answered ${statusCode}`)
      }
    }
  }
  const [alone, stormed] = times
  return [0.5, 0.99].map((percentile) => ({
    name: `publish beside ${badKeys.toLocaleString('en')} bad keys`,
    unit: `ms, p${percentile * 100}`,
    sides: [
      { name: 'Agent Hive in the storm', list: stormed },
      { name: 'alone', list: alone },
    ].map(({ name, list }) => ({
      name,
      median: quantile(list, percentile),
      least: quantile(list, 0),
      most: quantile(list, 1),
    })),
    ratios: [quantile(stormed, percentile) / quantile(alone, percentile)],
  }))
}
