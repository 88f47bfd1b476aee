import { type Command, Option } from 'commander'
import { HiveError } from '../../../core/errors.ts'
import { parseJson } from '../../../core/protocol/json.ts'
import { anyNumber, given, jsonObject, moment, wholeNumber } from '../arguments.ts'
import { sheet, shown, table } from '../output.ts'
import { UsageError } from '../problem.ts'
import { readLines } from '../read-input.ts'
import { openSession } from '../session.ts'

type WriteOptions = { agent?: string; type?: string; value?: number; at?: string; metadata?: object; file?: string }
type RangeOptions = { agent?: string; type?: string; from?: string; to?: string }

const mostPoints = 5000
const ofOnePoint = ['agent', 'type', 'value', 'at', 'metadata']

export function addMetrics(program: Command): void {
  const metrics = program.command('metrics').description('write measurements and read them back')

  metrics
    .command('write')
    .description('write one measurement, or a file of them')
    .option('--agent <agent>', 'whose it is')
    .option('--type <type>', 'metric_type')
    .option('--value <number>', 'the value', anyNumber)
    .option('--at <time>', 'when (default: now)', (text) => moment(text))
    .option('--metadata <json>', 'a JSON object kept with it', jsonObject)
    .addOption(
      new Option('--file <file>', 'points, one JSON object a line (- is stdin), 5,000 a request').conflicts(ofOnePoint),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ hive metrics write --agent planner --type tokens --value 1234
  $ hive metrics write --file points.ndjson`,
    )
    .action(async (options: WriteOptions, command: Command) => {
      const { client, out } = openSession(command)
      let written = 0
      for await (const points of options.file === undefined ? [[pointOf(options)]] : readPoints(options.file)) {
        written += (await client.writeMetrics(points)).written
      }
      out.answer({ written }, () => sheet({ written }))
    })

  ranged(metrics.command('query').description('measurements, newest first'))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 1000), 100)
    .option('--cursor <cursor>', 'go on after an earlier page')
    .addHelpText(
      'after',
      '\nExamples:\n  $ hive metrics query --agent planner --type tokens --from 24h\n  $ hive metrics query --limit 1000 --json',
    )
    .action(async (options: RangeOptions & { limit: number; cursor?: string }, command: Command) => {
      const { client, out } = openSession(command)
      const { limit, cursor } = options
      const page = await client.queryMetrics({ ...rangeOf(options), ...given({ limit, cursor }) })
      out.answer(page, () => {
        const rows = page.items.map((item) =>
          ['timestamp', 'agent_name', 'metric_type', 'value', 'metadata'].map((name) => shown(item[name])),
        )
        return page.items.length === 0 ? 'no measurements' : table(['TIME', 'AGENT', 'TYPE', 'VALUE', 'METADATA'], rows)
      })
      if (page.next_cursor) out.note(`more: --cursor ${page.next_cursor}`)
    })

  ranged(metrics.command('rollup').description('averages, extremes and percentiles an interval'))
    .option('--interval <seconds>', 'how long an interval is', wholeNumber(1, 31_536_000), 60)
    .addHelpText('after', '\nExample:\n  $ hive metrics rollup --agent planner --type tokens --from 6h --interval 600')
    .action(async (options: RangeOptions & { interval: number }, command: Command) => {
      const { client, out } = openSession(command)
      const range = {
        ...rangeOf(options),
        from: options.from ?? moment('1h'),
        to: options.to ?? new Date().toISOString(),
      }
      const answer = await client.rollupMetrics({ ...range, interval_seconds: options.interval })
      const columns = ['bucket', 'agent_name', 'metric_type', 'count', 'avg', 'min', 'max', 'p50', 'p95', 'p99']
      out.answer(answer, () => {
        if (answer.buckets.length === 0) return 'no measurements'
        return table(
          columns.map((name) => name.toUpperCase()),
          answer.buckets.map((bucket) => columns.map((name) => rounded(bucket[name]))),
        )
      })
    })
}

function ranged(command: Command): Command {
  return command
    .option('--agent <agent>', 'only of this agent')
    .option('--type <type>', 'only of this metric_type')
    .option('--from <time>', 'not before: ISO 8601, or like 15m, 2h, 7d (ago)', (text) => moment(text))
    .option('--to <time>', 'before', (text) => moment(text))
}

const rangeOf = ({ agent, type, from, to }: RangeOptions) => given({ agent_name: agent, metric_type: type, from, to })

function pointOf({ agent, type, value, at, metadata }: WriteOptions): object {
  const missing = Object.entries({ '--agent': agent, '--type': type, '--value': value })
    .filter(([, given]) => given === undefined)
    .map(([flag]) => flag)
  if (missing.length > 0) throw new UsageError(`a measurement needs ${missing.join(' and ')}`)
  return given({ agent_name: agent, metric_type: type, value, timestamp: at ?? new Date().toISOString(), metadata })
}

async function* readPoints(file: string): AsyncGenerator<object[]> {
  let points: object[] = []
  for await (const { number, text } of readLines(file)) {
    points.push(readPoint(text, `line ${number} of ${file}`))
    if (points.length === mostPoints) {
      yield points
      points = []
    }
  }
  if (points.length > 0) yield points
}

function readPoint(text: string, where: string): object {
  try {
    const point = parseJson(text)
    if (typeof point === 'object' && point !== null) return point
  } catch (error) {
    if (!(error instanceof HiveError)) throw error
    throw new UsageError(`${where}: ${error.message}`)
  }
  throw new UsageError(`${where} is no JSON object`)
}

const rounded = (value: unknown) =>
  typeof value === 'number' && !Number.isInteger(value) ? value.toPrecision(6) : shown(value)
