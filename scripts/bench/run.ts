import { readFile, writeFile } from 'node:fs/promises'
import os from 'node:os'
import { parseArgs } from 'node:util'
import { type Bar, drawChart } from './chart.ts'
import { benchCold } from './cold/cold.ts'
import { benchConsume } from './consume.ts'
import { benchCost } from './cost.ts'
import { benchIsolation } from './isolation.ts'
import { benchLinear } from './linear.ts'
import { benchMetricUnderLoad } from './metric-under-load.ts'
import { benchMetricWrite } from './metric-write.ts'
import { benchMigration } from './migration.ts'
import type { Result } from './paired.ts'
import { benchPublish } from './publish.ts'
import { benchPush } from './push.ts'
import { benchScale } from './scale.ts'
import { benchSoak } from './soak/soak.ts'
import { startStack } from './stack.ts'
import { benchStep } from './step.ts'
import { benchStorm } from './storm.ts'
import { table, writeSection } from './write-section.ts'

const benches = {
  publish: benchPublish,
  consume: benchConsume,
  // not after push: a poll of its queue that is still open takes the first wake, which SQS gives again after a minute only
  isolation: benchIsolation,
  push: benchPush,
  metrics: benchMetricWrite,
  'metric-under-load': benchMetricUnderLoad,
  cold: benchCold,
  cost: benchCost,
  scale: benchScale,
  storm: benchStorm,
  migration: benchMigration,
  linear: benchLinear,
  step: benchStep,
  soak: benchSoak,
} as const
type BenchName = keyof typeof benches

const usage = `Measures Agent Hive beside what a user would pick instead, in one run on this machine.

  npm run bench                        all of them
  npm run bench -- publish metrics     some: ${Object.keys(benches).join(', ')}
  npm run bench -- --rounds 9          more rounds (default 5); medians are printed
  npm run bench -- migration --rows N  migrate so many rows (default 1,000,000)
  npm run bench -- soak --minutes N    load it for so long (default 2)
  npm run bench -- --quick             as little as shows that they work, whatever else is asked: its figures mean nothing
  npm run bench -- --write             also put them into docs: benchmarks.md, deploy.md (cost), scale.md (scale)`

const { values, positionals } = asked()
const unknown = positionals.filter((name) => !(name in benches))
const [rounds, rows, minutes] = [Number(values.rounds), Number(values.rows), Number(values.minutes)]
const areNumbers = [rounds, rows, minutes].every((value) => Number.isInteger(value) && value >= 1)
const { write: isWritten, quick } = values
if (values.help || unknown.length > 0 || !areNumbers || (isWritten && quick)) {
  if (unknown.length > 0) console.error(`there is no bench called ${unknown.join(', ')}\n`)
  if (isWritten && quick) console.error('what --quick measures is not for docs\n')
  console.log(usage)
  process.exit(values.help ? 0 : 2)
}

const names = (positionals.length > 0 ? positionals : Object.keys(benches)) as BenchName[]
const stack = await startStack()
// what was started would go on without whoever started it
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => stack.stop().finally(() => process.exit(130)))
const results: Result[] = []
try {
  for (const name of names) {
    const asked = quick ? 1 : rounds
    const made = await benches[name](stack, name === 'push' ? asked * (quick ? 5 : 40) : asked, {
      write: isWritten,
      quick,
      rows,
      minutes,
    })
    for (const result of made) console.log(plain(result))
    results.push(...made)
  }
} finally {
  await stack.stop()
}
if (isWritten && results.length > 0) await write(results)

/** Ratios are ours to theirs: for rates more is better, for times less is. */
function plain(result: Result): string {
  const sides = result.sides.map(
    (side) =>
      `    ${side.name.padEnd(32)} ${figure(side.median).padStart(10)}   (${figure(side.least)} to ${figure(side.most)})`,
  )
  return [`${result.name} [${result.unit}]`, ...sides, `    ratio ${result.ratios.map(ratio).join(', ')}`].join('\n')
}

/** Replaces the rows of what was measured, and leaves those of other benches as they are, each with its day. */
async function write(made: Result[]): Promise<void> {
  const file = new URL('../../docs/benchmarks.md', import.meta.url)
  const page = await readFile(file, 'utf8')
  const [cpu] = os.cpus()
  const machine = `${os.availableParallelism()} × ${cpu?.model.trim()}, Node ${process.version}`
  const today = new Date().toISOString().slice(0, 10)
  const between = /(<!-- results -->)([\s\S]*)(<!-- end of results -->)/
  const rows = new Map<string, string>()
  for (const line of between.exec(page)?.[2]?.split('\n') ?? []) {
    if (line.startsWith('| ') && !/^\| (?:what|---) /.test(line)) rows.set(rowKey(line), line)
  }
  for (const result of made) {
    const [ours, ...others] = result.sides
    const theirs = others.map((side) => `${side.name}: ${figure(side.median)}`).join('; ')
    const row = `| ${result.name} | ${result.unit} | ${figure(ours?.median ?? 0)} | ${theirs} | ${result.ratios.map(ratio).join(', ')} | ${figure(ours?.least ?? 0)} to ${figure(ours?.most ?? 0)} | ${today}, ${machine} |`
    rows.set(rowKey(row), row)
  }
  const text = [
    table(['what', 'unit', 'Agent Hive', 'instead', 'ratio', 'spread', 'measured'], []),
    ...rows.values(),
  ].join('\n')
  await writeSection('benchmarks.md', 'results', text)
  await writeFile(new URL('../../docs/benchmarks.svg', import.meta.url), drawChart([...rows.values()].flatMap(barsOf)))
}

/** The comparisons of a row of the table. A time is as good as it is short. */
function barsOf(row: string): Bar[] {
  const [what = '', unit = '', , theirs = '', ratios = ''] = row
    .split('|')
    .slice(1)
    .map((cell) => cell.trim())
  return theirs.split('; ').flatMap((side, at) => {
    const ratio = Number.parseFloat(ratios.split(', ')[at] ?? '')
    if (!(ratio > 0)) return []
    const isTime = unit.startsWith('ms')
    const kind = isTime ? `${what}, ${unit.replace('ms, ', '')}` : what
    return [{ what: kind, beside: side.split(':')[0] ?? '', times: isTime ? 1 / ratio : ratio }]
  })
}

/** What a row of the table is about: its first two cells. */
function rowKey(row: string): string {
  return row.split(' | ').slice(0, 2).join(' | ')
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(2)
}

function ratio(value: number): string {
  return `${value.toFixed(2)}×`
}

function asked() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: 'string', default: '5' },
        rows: { type: 'string', default: '1000000' },
        minutes: { type: 'string', default: '2' },
        write: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n`)
    console.log(usage)
    process.exit(2)
  }
}
