import type { ColumnReport, TableReport } from '../../analyze/report.ts'
import { isNumber } from './choose-columns.ts'
import { singular, wordSet, wordsOf } from './name-words.ts'
import { isCalled, whyOtherSubject } from './table-subject.ts'

const forecasts = wordSet('prediction predicted forecast forecasted projection projected simulation simulated yhat')
const money = wordSet(
  `price amount balance subtotal tax vat salary wage bonus discount shipping fee bid ask currency revenue profit invoice
   payment interest principal loan debt`,
)
/** As the whole of a name: cost_usd is what a model has cost, usd an exchange rate. */
const currencies = wordSet('usd eur gbp jpy chf cny cad aud nzd sek nok dkk inr krw brl mxn rub btc')
const markets = wordSet(
  'exchange fx forex currency price stock quote ohlc ohlcv candle trade market order sale invoice payment payroll salary wage',
)
const places = wordSet('lat lon lng latitude longitude alt altitude elevation easting northing')
const learning = wordSet('reward qvalue advantage episode probability prob')
const toCome = wordSet('scheduled due deadline')
/** Whether a rule holds, and when: what happened is neither enabled nor has it a cron. */
const switches = /^(?:is_?)?(?:enabled|disabled)$|^cron/i

const hasWord = ({ name }: ColumnReport, words: ReadonlySet<string>) =>
  wordsOf(name).some((word) => words.has(singular(word)))

/** Why rows tell nothing that happened: they are rules, settings or forecasts. Undefined where nothing says so. */
export function whyNothingHappened(table: TableReport): string | undefined {
  const other = whyOtherSubject(table, 'definitions')
  if (other !== undefined) return other
  const toggle = table.columns.find((column) => switches.test(column.name))
  if (toggle) return `${toggle.name} is of rules or schedules`
  return whyForecast(table)
}

/** Forecasts are no measurements: among metrics they would change averages. */
function whyForecast(table: TableReport): string | undefined {
  if (isCalled(table, forecasts)) return `${table.name} is called like a table of forecasts`
  const forecast = table.columns.find(
    (column) => hasWord(column, forecasts) && !(isFlag(column) && (column.maximum ?? '0') === '0'),
  )
  return forecast && `${forecast.name} is of forecasts`
}

const isFlag = ({ name }: ColumnReport) => wordsOf(name)[0] === 'is'

/** Why figures are no measurements; undefined where they may be. */
export function whyNoMeasure(table: TableReport, figures: readonly ColumnReport[]): string | undefined {
  const names = new Set(figures.map(({ name }) => name.toLowerCase()))
  const other = figures.find(
    (column) => hasWord(column, places) || hasWord(column, money) || currencies.has(column.name.toLowerCase()),
  )
  if (other) return `${other.name} is a place or money`
  if (['open', 'high', 'low', 'close'].every((name) => names.has(name))) return 'open, high, low and close are prices'
  if (['x', 'y'].every((name) => names.has(name))) return 'x and y are a place'
  return isCalled(table, markets) ? `${table.name} is called like a table of money` : undefined
}

/** Why rows are of money; undefined where they are not. What a message has cost is no money that it sends. */
export function whyMoney({ columns }: TableReport): string | undefined {
  const found = columns.find((column) => isNumber(column) && hasWord(column, money))
  return found && `${found.name} is money`
}

/** Why actions are yet to be done; undefined where they may be done. */
export function whyToCome({ columns }: TableReport): string | undefined {
  const found = columns.find(
    (column) =>
      hasWord(column, toCome) ||
      /^(?:run|execute|next_?run|remind|reset)_?(?:at|after)$|^not_?before$/i.test(column.name),
  )
  return found && `${found.name} is of what is to be done`
}

/** Why actions are steps of something that learns; undefined where they are not. */
export function whyLearning(table: TableReport): string | undefined {
  const isOfLearning = (column: ColumnReport) =>
    hasWord(column, learning) || /^(?:q|q_?value|next_?state)$/i.test(column.name)
  const found = table.columns.find(isOfLearning)
  return found && `${found.name} is of something that learns`
}
