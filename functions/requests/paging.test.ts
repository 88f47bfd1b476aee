import { describe, expect, it } from 'vitest'
import { fieldErrors } from '../../core/protocol/field-errors.ts'
import { parse } from '../../core/protocol/parse.ts'
import { RollupQuery } from './metrics.ts'
import { PageQuery } from './paging.ts'

const faultsOf = (query: object) => {
  const { error } = parse(PageQuery(), query)
  return error === undefined ? [] : fieldErrors(error)
}

describe('a whole number of a query', () => {
  it.each([
    ['1', 1],
    ['007', 7],
    ['1000', 1_000],
    [undefined, 100],
  ])('is read from %j', (limit, read) => {
    expect(parse(PageQuery(), limit === undefined ? {} : { limit }).data).toEqual({ limit: read })
  })

  it.each(['1e2', '0x10', ' 5', '5 ', '+5', '-5', '5.0', '', 'ten', '１０', 'Infinity'])('is not %j', (limit) => {
    expect(faultsOf({ limit })).toEqual([{ field: 'limit', message: 'must be a whole number from 1 to 1000' }])
  })

  it('lies within its bounds', () => {
    for (const limit of ['0', '1001', '9'.repeat(400)]) {
      expect(faultsOf({ limit })).toEqual([{ field: 'limit', message: 'must be a whole number from 1 to 1000' }])
    }
  })

  it('is missed where there is none', () => {
    const { error } = parse(RollupQuery(), { from: '2026-01-01T00:00:00Z', to: '2026-01-02T00:00:00Z' })
    expect(error && fieldErrors(error)).toEqual([{ field: 'interval_seconds', message: 'is required' }])
  })
})
