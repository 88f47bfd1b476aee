import { CommanderError } from 'commander'
import { expect, it } from 'vitest'
import { HiveProblem, HiveUnreachable, Incomplete, UsageError } from './problem.ts'
import { reportError } from './report-error.ts'

function report(error: unknown, json = false) {
  const lines: string[] = []
  return { code: reportError(error, json, (line) => lines.push(line)), lines }
}

const problem = new HiveProblem({
  status: 400,
  code: 'request.invalid',
  detail: 'the message cannot be taken',
  errors: [
    { field: 'to_agent', message: 'is required' },
    { field: 'ttl', message: 'must be\npositive' },
  ],
  request_id: 'r-1',
})

it('writes a problem with its fields in one line', () => {
  expect(report(problem)).toEqual({
    code: 1,
    lines: [
      'hive: the message cannot be taken; to_agent: is required; ttl: must be positive; code request.invalid (400); request r-1',
    ],
  })
})

it('says nothing twice that the detail has told', () => {
  const errors = [
    { field: 'from_agent', message: 'is required' },
    { field: 'body', message: 'is required' },
  ]
  const detail = 'the message cannot be taken: from_agent is required'
  expect(report(new HiveProblem({ status: 400, code: 'request.invalid', detail, errors })).lines).toEqual([
    'hive: the message cannot be taken: from_agent is required; body: is required; code request.invalid (400)',
  ])
})

it('writes the whole problem as JSON when JSON is wanted', () => {
  const { lines } = report(problem, true)
  expect(JSON.parse(lines[0] ?? '')).toEqual(problem.document)
})

it('tells wrong use, failure and nobody answering apart', () => {
  expect(report(new UsageError('x')).code).toBe(2)
  expect(report(new CommanderError(1, 'commander.unknownOption', "error: unknown option '-x'")).code).toBe(2)
  expect(report(new Incomplete('x')).code).toBe(1)
  expect(report(new TypeError('x')).code).toBe(1)
  expect(report(new HiveUnreachable('x')).code).toBe(3)
})

it('has nothing to add to help', () => {
  expect(report(new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'))).toEqual({ code: 0, lines: [] })
  expect(report(new CommanderError(1, 'commander.help', '(outputHelp)'))).toEqual({ code: 2, lines: [] })
})
